package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Who is told of changes, and what is concluded from them. The same on all nodes: one of them tells.
 *
 * @param targets     by name
 * @param rules       by name
 * @param thresholds  rules over measurements, by name
 * @param silences    rules over devices that say nothing, by name
 * @param giveUpAfter what could not be delivered for so long becomes a dead letter, 1 min..30 d
 * @param address     base address of FHIR as receivers reach it; empty: that of the node that tells
 * @param writer      as who the rules write, {@code system:} before it
 * @param writerRoles by which they write
 */
public record TellConfig(Map<String, TargetConfig> targets, Map<String, RuleConfig> rules,
    Map<String, ThresholdConfig> thresholds, Map<String, SilenceConfig> silences, Duration giveUpAfter, String address,
    String writer, List<String> writerRoles) {

  public static final TellConfig DEFAULT = new TellConfig(Map.of(), Map.of(), Map.of(), Map.of(), Duration.ofDays(3),
      "", "rules",
      List.of("FHIR Data Writer"));
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  public TellConfig {
    List<String> wrong = new ArrayList<>();
    new TreeMap<>(targets).forEach((name, target) -> {
      wrong.addAll(name("tell.targets.", name));
      wrong.addAll(target.problems("tell.targets." + name));
    });
    new TreeMap<>(rules).forEach((name, rule) -> {
      wrong.addAll(name("tell.rules.", name));
      wrong.addAll(rule.problems("tell.rules." + name));
    });
    new TreeMap<>(thresholds).forEach((name, rule) -> {
      wrong.addAll(name("tell.thresholds.", name));
      wrong.addAll(rule.problems("tell.thresholds." + name));
    });
    new TreeMap<>(silences).forEach((name, rule) -> {
      wrong.addAll(name("tell.silences.", name));
      wrong.addAll(rule.problems("tell.silences." + name));
    });
    wrong.addAll(twice(rules.keySet(), thresholds.keySet(), silences.keySet()));
    if (giveUpAfter.toMinutes() < 1 || giveUpAfter.toDays() > 30)
      wrong.add("tell.giveUpAfter must be PT1M..PT720H, not " + giveUpAfter);
    if (!address.isEmpty() && !address.matches("https?://[^\\s/]+(/[^\\s]*)?"))
      wrong.add("tell.address must be the base address of FHIR, such as https://caregrid.example.org/fhir");
    if (!writer.matches("[A-Za-z0-9._-]{1,64}")) wrong.add("tell.writer may hold letters, digits, '.', '_' and '-'");
    require(wrong.isEmpty(), String.join("\n", wrong));
    targets = Map.copyOf(targets);
    rules = Map.copyOf(rules);
    thresholds = Map.copyOf(thresholds);
    silences = Map.copyOf(silences);
    writerRoles = List.copyOf(writerRoles);
  }

  private static List<String> name(String prefix, String name) {
    return NAME.matcher(name).matches()
        ? List.of()
        : List.of(prefix + name + " must be named by small letters, digits and '-', at most 63 of them");
  }

  /** What a rule makes has its name: two of one name could not be told apart. */
  @SafeVarargs
  private static List<String> twice(Set<String>... kinds) {
    Set<String> seen = new HashSet<>();
    Set<String> twice = new TreeSet<>();
    for (Set<String> names : kinds) for (String name : names) if (!seen.add(name)) twice.add(name);
    return twice.stream()
        .map(name -> "tell: " + name + " names two rules (rules, thresholds and silences share their names)")
        .toList();
  }

  /** Names of all rules, in order. */
  public List<String> ruleNames() {
    Set<String> names = new TreeSet<>(rules.keySet());
    names.addAll(thresholds.keySet());
    names.addAll(silences.keySet());
    return List.copyOf(names);
  }

  /** Whether anything is concluded from what devices send, or do not send. */
  public boolean watchesDevices() {
    return !thresholds.isEmpty() || !silences.isEmpty();
  }

  /** Whether somebody has to follow the change feed. */
  public boolean isOn() {
    return !targets.isEmpty() || !rules.isEmpty();
  }

  /** Whether the topic {@code fhir-changes} is needed. */
  public boolean needsTopic() {
    return targets.values().stream().anyMatch(target -> target.kind().equals("kafka"));
  }
}
