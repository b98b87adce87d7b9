package io.caregrid.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A rule over devices that say nothing: one from which nothing has come for some time becomes a resource of its own, until it speaks again.
 *
 * @param after      nothing for so long, 5 s..30 d, by when messages came
 * @param types      of measurements, by the {@code typeName} of the mapping, without regard to case: one of these has to come; empty: any reading will do
 * @param devices    ids of the Devices it looks at; empty: all
 * @param neverHeard also Devices of the store that are in use and linked to a Patient, and of which nothing has ever come
 * @param makes      {@code Flag}, {@code RiskAssessment} or {@code DetectedIssue}
 * @param text       what is the matter, for people; stands in what is made
 * @param severity   of a DetectedIssue, {@code high}, {@code moderate} or {@code low}; of a RiskAssessment how likely. Empty: not said
 */
public record SilenceConfig(Duration after, List<String> types, List<String> devices, boolean neverHeard, String makes,
    String text, String severity) {

  static final Map<String, String> DEFAULTS = defaults();

  public SilenceConfig {
    types = List.copyOf(types);
    devices = List.copyOf(devices);
  }

  private static Map<String, String> defaults() {
    Map<String, String> defaults = new HashMap<>(RuleConfig.DEFAULTS);
    defaults.remove("subject");
    defaults.putAll(Map.of("types", "", "devices", "", "neverHeard", "false"));
    return Map.copyOf(defaults);
  }

  /** @param key under which it stands */
  List<String> problems(String key) {
    List<String> wrong = new ArrayList<>();
    if (after.toSeconds() < 5 || after.compareTo(Duration.ofDays(30)) > 0)
      wrong.add(key + ".after must be PT5S..PT720H, not " + after);
    wrong.addAll(RuleConfig.result(key, makes, text, severity));
    return wrong;
  }
}
