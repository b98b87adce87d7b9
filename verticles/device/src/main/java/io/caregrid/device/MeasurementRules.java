package io.caregrid.device;

import io.caregrid.cluster.SilenceConfig;
import io.caregrid.cluster.TellConfig;
import io.caregrid.cluster.ThresholdConfig;
import io.caregrid.store.Findings.Count;
import io.caregrid.templates.mapping.Version;
import io.caregrid.templates.rules.Made;
import io.caregrid.templates.rules.Threshold;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The rules over measurements, by what they look at, and what they have done on this node since it was last counted. Safe from any thread. */
public final class MeasurementRules {
  /** Counter, tag {@code rule}: things that a rule found. */
  public static final String FOUND = "tell.found";
  /** Counter, tag {@code rule}: readings, or devices, on which a rule failed. */
  public static final String ERRORS = "tell.errors";
  /** Gauge, seconds since it was last known what all devices had sent, the same on each node with such rules, to within half a minute: while that grows nobody is called silent. */
  public static final String KNOWN = "tell.silence.known";
  public static final MeasurementRules NONE = new MeasurementRules(List.of(), List.of(), null);
  private static final int MOST_TYPES = 10_000;

  private final List<Threshold> thresholds;
  private final List<Silence> silences;
  private final MeterRegistry registry;
  private final List<String> names;
  private final Set<String> thresholdNames;
  private final Set<String> heardTypes = new TreeSet<>();
  private final Map<String, Watched> byType = new ConcurrentHashMap<>();
  private final Map<String, Tally> tallies = new TreeMap<>();

  /** What is looked at in readings of one type. @param heard under which types it is noted that something came */
  record Watched(List<Threshold> thresholds, List<String> heard) {}

  private static final class Tally {
    private long found;
    private long errors;
    private String error;
  }

  private MeasurementRules(List<Threshold> thresholds, List<Silence> silences, MeterRegistry registry) {
    this.thresholds = thresholds;
    this.silences = silences;
    this.registry = registry;
    this.names = Stream.concat(thresholds.stream().map(Threshold::made), silences.stream().map(Silence::made))
        .map(Made::rule)
        .sorted()
        .toList();
    this.thresholdNames = thresholds.stream().map(rule -> rule.made().rule()).collect(Collectors.toUnmodifiableSet());
    silences.forEach(silence -> heardTypes.addAll(silence.types()));
  }

  public static MeasurementRules of(TellConfig config, MeterRegistry registry) {
    List<Threshold> thresholds = new ArrayList<>();
    new TreeMap<>(config.thresholds()).forEach((name, rule) -> thresholds.add(threshold(name, rule)));
    List<Silence> silences = new ArrayList<>();
    new TreeMap<>(config.silences()).forEach((name, rule) -> silences.add(silence(name, rule)));
    return new MeasurementRules(List.copyOf(thresholds), List.copyOf(silences), registry);
  }

  /**
   * What nodes have to agree on, so that it does not matter on which of them a shard is: the names of the rules, and what is noted that something came under.
   * Short; {@code none} where there are no rules.
   */
  public static String mark(TellConfig config) {
    if (!config.watchesDevices()) return "none";
    Set<String> heard = new TreeSet<>();
    config.silences().values().forEach(rule -> heard.addAll(types(rule)));
    String all = new TreeSet<>(config.thresholds().keySet()) + "\n" + new TreeSet<>(config.silences().keySet()) + "\n"
        + heard;
    return Version.of(all);
  }

  private static Threshold threshold(String name, ThresholdConfig rule) {
    BigDecimal above = ThresholdConfig.number(rule.above());
    BigDecimal below = ThresholdConfig.number(rule.below());
    BigDecimal clear = ThresholdConfig.number(rule.clear());
    return new Threshold(new Made(name, rule.makes(), rule.text(), rule.severity()), Set.copyOf(rule.types()),
        rule.value(), rule.unit(), above, below, clear != null ? clear : above != null ? above : below,
        rule.lasts().toNanos() / 100, Set.copyOf(rule.devices()), Set.copyOf(rule.patients()));
  }

  private static Silence silence(String name, SilenceConfig rule) {
    return new Silence(new Made(name, rule.makes(), rule.text(), rule.severity()), rule.after(), types(rule),
        Set.copyOf(rule.devices()), rule.neverHeard());
  }

  private static Set<String> types(SilenceConfig rule) {
    return rule.types().isEmpty()
        ? Set.of("")
        : rule.types().stream().map(MeasurementRules::small).collect(Collectors.toUnmodifiableSet());
  }

  private static String small(String type) {
    return type.toLowerCase(Locale.ROOT);
  }

  boolean isEmpty() {
    return thresholds.isEmpty() && silences.isEmpty();
  }

  boolean hasThreshold(String name) {
    return thresholdNames.contains(name);
  }

  boolean hasThresholds() {
    return !thresholds.isEmpty();
  }

  List<Silence> silences() {
    return silences;
  }

  /** Of all that listen: what it is noted under that something came. */
  Set<String> heardTypes() {
    return heardTypes;
  }

  /** In order. */
  List<String> names() {
    return names;
  }

  Watched watched(String type) {
    Watched known = byType.get(type);
    if (known != null) return known;
    if (byType.size() > MOST_TYPES) byType.clear();
    List<Threshold> looking = thresholds.stream().filter(rule -> rule.types().contains(type)).toList();
    List<String> heard = heardTypes.stream().filter(one -> one.isEmpty() || one.equals(small(type))).toList();
    Watched watched = new Watched(looking, heard);
    byType.put(type, watched);
    return watched;
  }

  void found(String rule, long count) {
    if (count == 0) return;
    if (registry != null) registry.counter(FOUND, "rule", rule).increment(count);
    synchronized (tallies) {
      tally(rule).found += count;
    }
  }

  /** @param age of what is known of devices */
  void gauge(Supplier<Duration> age) {
    if (registry == null) return;
    Gauge.builder(KNOWN, age, now -> now.get().toMillis() / 1000.0).strongReference(true).register(registry);
  }

  /** @param why without a value of a reading */
  void erred(String rule, long count, String why) {
    if (registry != null) registry.counter(ERRORS, "rule", rule).increment(count);
    synchronized (tallies) {
      tally(rule).errors += count;
      tally(rule).error = why;
    }
  }

  private Tally tally(String rule) {
    return tallies.computeIfAbsent(rule, first -> new Tally());
  }

  /** What has been done since; these are counted now. @param all also those that did nothing */
  List<Count> count(boolean all) {
    synchronized (tallies) {
      Map<String, Tally> counted = new HashMap<>(tallies);
      tallies.clear();
      if (all) names().forEach(name -> counted.putIfAbsent(name, new Tally()));
      return counted.entrySet()
          .stream()
          .sorted(Map.Entry.comparingByKey())
          .map(one -> new Count(one.getKey(), one.getValue().found, one.getValue().errors, one.getValue().error))
          .toList();
    }
  }
}
