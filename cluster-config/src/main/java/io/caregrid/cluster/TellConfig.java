package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Who is told of changes, and what is concluded from them. The same on all nodes: one of them tells.
 *
 * @param targets     by name
 * @param rules       by name
 * @param giveUpAfter what could not be delivered for so long becomes a dead letter, 1 min..30 d
 * @param address     base address of FHIR as receivers reach it; empty: that of the node that tells
 * @param writer      as who the rules write, {@code system:} before it
 * @param writerRoles by which they write
 */
public record TellConfig(Map<String, TargetConfig> targets, Map<String, RuleConfig> rules, Duration giveUpAfter,
    String address, String writer, List<String> writerRoles) {

  public static final TellConfig DEFAULT = new TellConfig(Map.of(), Map.of(), Duration.ofDays(3), "", "rules",
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
    if (giveUpAfter.toMinutes() < 1 || giveUpAfter.toDays() > 30)
      wrong.add("tell.giveUpAfter must be PT1M..PT720H, not " + giveUpAfter);
    if (!address.isEmpty() && !address.matches("https?://[^\\s/]+(/[^\\s]*)?"))
      wrong.add("tell.address must be the base address of FHIR, such as https://caregrid.example.org/fhir");
    if (!writer.matches("[A-Za-z0-9._-]{1,64}")) wrong.add("tell.writer may hold letters, digits, '.', '_' and '-'");
    require(wrong.isEmpty(), String.join("\n", wrong));
    targets = Map.copyOf(targets);
    rules = Map.copyOf(rules);
    writerRoles = List.copyOf(writerRoles);
  }

  private static List<String> name(String prefix, String name) {
    return NAME.matcher(name).matches()
        ? List.of()
        : List.of(prefix + name + " must be named by small letters, digits and '-', at most 63 of them");
  }

  public boolean isOn() {
    return !targets.isEmpty() || !rules.isEmpty();
  }

  /** Whether the topic {@code fhir-changes} is needed. */
  public boolean needsTopic() {
    return targets.values().stream().anyMatch(target -> target.kind().equals("kafka"));
  }
}
