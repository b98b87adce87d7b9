package io.caregrid.device;

import io.caregrid.contract.Audit;
import io.caregrid.store.ShardStore.Finding;
import io.caregrid.store.ShardStore.Heard;
import io.caregrid.store.ShardStore.Judged;
import io.caregrid.store.ShardStore.Known;
import io.caregrid.store.ShardStore.Over;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.Identity;
import io.caregrid.templates.rules.Threshold;
import io.caregrid.templates.rules.Threshold.Found;
import io.caregrid.templates.rules.ThresholdState;
import io.caregrid.templates.text.Timestamps;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the rules over measurements make of a batch's readings, as they came, before a capture rule thins them out. What they know is read and written in the
 * batch's transaction, and so is what they found: a crash neither forgets nor repeats. Of one batch, so of one thread at a time.
 */
final class Judging {
  private static final Logger log = LoggerFactory.getLogger(Judging.class);

  /** What is known of one device. */
  private static final class Row {
    private final Map<String, ThresholdState> states;
    private final Map<String, Instant> heard = new HashMap<>(2);
    private boolean changed;

    private Row(Map<String, ThresholdState> states) {
      this.states = states;
    }
  }

  private final MeasurementRules rules;
  private final Map<String, String> stored;
  private final Map<String, Row> devices = new HashMap<>();
  private final List<Finding> begun = new ArrayList<>();
  private final List<Over> over = new ArrayList<>();
  /** What cannot be judged → rule → how often. */
  private final Map<Misfit, Map<String, Long>> misfits = new EnumMap<>(Misfit.class);
  private FhirMapping mapping;
  private final Map<String, List<Fit>> fitting = new HashMap<>();

  /** Why a rule judges no reading. */
  private enum Misfit {
    UNIT("readings are in another unit than the rule's, or the FHIR mapping has no template for their type"),
    VALUE("readings have no such value, and the FHIR mapping knows none of that name"),
    AHEAD("readings were measured more than " + Threshold.AHEAD.toMinutes()
        + " minutes after they came: the device's clock is wrong");

    private final String why;

    Misfit(String why) {
      this.why = why;
    }
  }

  /** A rule by a mapping. @param fits whether the value is in the rule's unit @param named whether the mapping knows such a value */
  private record Fit(Threshold rule, boolean fits, boolean named) {}

  /** @param stored what was known after the batch before, by id of the Device */
  Judging(MeasurementRules rules, Map<String, String> stored) {
    this.rules = rules;
    this.stored = stored;
  }

  /** Ids of the Devices of which a batch needs to know what is known. */
  static Set<String> devices(MeasurementRules rules, Batch batch, Owners owners, Map<Owner.Claim, Owner> known) {
    Set<String> devices = new HashSet<>();
    for (Batch.Event event : batch.events()) {
      Measurement reading = event.measurement();
      if (reading == null || rules.watched(reading.type()).thresholds().isEmpty()) continue;
      Owner owner = known.get(Plan.claim(owners, reading)).at(reading.occurredAt());
      if (owner instanceof Owner.Known person) devices.add(person.identity().device());
    }
    return devices;
  }

  /** The next one in log order. */
  void read(Measurement reading, Identity whose, FhirMapping by) {
    MeasurementRules.Watched watched = rules.watched(reading.type());
    if (watched.thresholds().isEmpty() && watched.heard().isEmpty()) return;
    Row row = devices.computeIfAbsent(whose.device(), this::known);
    for (String type : watched.heard()) row.heard.merge(type, reading.ingestedAt(), Judging::later);
    if (watched.thresholds().isEmpty()) return;
    boolean isAhead = Threshold.isAhead(reading);
    for (Fit fit : fitting(reading.type(), watched, by)) {
      if (!fit.rule.looksAt(reading)) continue;
      if (!fit.fits) misfit(Misfit.UNIT, fit.rule);
      else if (isAhead) misfit(Misfit.AHEAD, fit.rule);
      else judge(fit, reading, whose, row);
    }
  }

  private List<Fit> fitting(String type, MeasurementRules.Watched watched, FhirMapping by) {
    if (by != mapping) fitting.clear();
    mapping = by;
    return fitting.computeIfAbsent(type, first -> watched.thresholds()
        .stream()
        .map(rule -> new Fit(rule, by.measures(first, rule.value(), rule.unit()), by.names(first, rule.value())))
        .toList());
  }

  private void misfit(Misfit why, Threshold rule) {
    misfits.computeIfAbsent(why, first -> new TreeMap<>()).merge(rule.made().rule(), 1L, Long::sum);
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private void judge(Fit fit, Measurement reading, Identity whose, Row row) {
    Threshold rule = fit.rule;
    BigDecimal number = rule.number(reading);
    if (number == null) {
      if (!fit.named && !has(reading, rule.value())) misfit(Misfit.VALUE, rule);
      return;
    }
    ThresholdState before = row.states.get(rule.made().rule());
    Threshold.Step step = rule.next(before, whose.patient(), reading, number);
    if (step.state() == before) return;
    row.states.put(rule.made().rule(), step.state());
    row.changed = true;
    for (Found found : step.found()) take(rule, found, whose.device());
  }

  private static boolean has(Measurement reading, String value) {
    return reading.properties().stream().anyMatch(property -> property.name().equals(value));
  }

  private void take(Threshold rule, Found found, String device) {
    String id = rule.made().id("Device/" + device + " Patient/" + found.patient(), String.valueOf(found.began()));
    if (found.isOver()) over.add(new Over(id, Timestamps.ofTicks(found.ended())));
    else
      begun.add(new Finding(id, rule.made().rule(), rule.made().kind(), rule.made().text(), rule.made().severity(),
          device, found.patient(), Timestamps.ofTicks(found.began())));
  }

  /**
   * While rules are changed node by node, some of these may be of rules that other nodes have and this one does not. Those stay, or nobody would end what they
   * found; but what only waits to be found begins again, since nobody looks at these readings for them.
   */
  private Row known(String device) {
    Map<String, ThresholdState> states = new HashMap<>();
    String text = stored.get(device);
    try {
      if (text != null) states.putAll(ThresholdState.of(text));
    } catch (IllegalArgumentException corrupt) {
      log.warn("what thresholds knew of a device is unreadable, begun anew device={}",
          Audit.hash(device));
    }
    states.replaceAll((rule, state) -> rules.hasThreshold(rule) ? state : state.anew());
    return new Row(states);
  }

  /** In one order, so that whoever writes them locks rows in one order. */
  Judged judged() {
    List<Known> known = new ArrayList<>();
    List<Heard> heard = new ArrayList<>();
    new TreeMap<>(devices).forEach((device, row) -> {
      if (row.changed) known.add(known(device, row));
      new TreeMap<>(row.heard).forEach((type, at) -> heard.add(new Heard(device, type, at)));
    });
    return new Judged(known, heard, List.copyOf(begun), List.copyOf(over));
  }

  private static Known known(String device, Row row) {
    String patient = row.states.values()
        .stream()
        .max(Comparator.comparingLong(ThresholdState::at))
        .map(ThresholdState::patient)
        .orElseThrow();
    return new Known(device, patient, ThresholdState.text(row.states),
        row.states.values().stream().anyMatch(ThresholdState::isFound),
        row.states.values().stream().anyMatch(state -> !state.patient().equals(patient)));
  }

  /** The transaction is through: now it counts. */
  void committed() {
    begun.forEach(one -> rules.found(one.rule(), 1));
    misfits.forEach((misfit, counts) -> counts.forEach((rule, count) -> rules.erred(rule, count, misfit.why)));
  }
}
