package io.caregrid.cluster;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A rule over measurements: a value that is past a limit for some time becomes a resource of its own.
 *
 * @param types    of measurements, by the {@code typeName} of the mapping, without regard to case
 * @param value    name of the value in them
 * @param above    the limit is passed above this number; empty: it is about {@code below}. One of the two
 * @param below    the limit is passed below this number
 * @param clear    it is over when the value has come back to this number, on the other side of the limit; empty: to the limit itself
 * @param lasts    how long the limit has to be passed, by the times of measuring, 0..24 h; 0: at once
 * @param unit     that the mapping gives the value: readings with another one are not looked at; empty: any
 * @param devices  identifiers of those it looks at; empty: all
 * @param patients ids of the Patients whose readings it looks at; empty: all
 * @param makes    {@code Flag}, {@code RiskAssessment} or {@code DetectedIssue}
 * @param text     what is the matter, for people; stands in what is made
 * @param severity of a DetectedIssue, {@code high}, {@code moderate} or {@code low}; of a RiskAssessment how likely. Empty: not said
 */
public record ThresholdConfig(List<String> types, String value, String above, String below, String clear,
    Duration lasts, String unit, List<String> devices, List<String> patients, String makes, String text,
    String severity) {

  static final Map<String, String> DEFAULTS = defaults();

  public ThresholdConfig {
    types = List.copyOf(types);
    devices = List.copyOf(devices);
    patients = List.copyOf(patients);
  }

  private static Map<String, String> defaults() {
    Map<String, String> defaults = new HashMap<>(RuleConfig.DEFAULTS);
    defaults.remove("subject");
    for (String optional : List.of("above", "below", "clear", "unit", "devices", "patients"))
      defaults.put(optional, "");
    defaults.put("lasts", "PT0S");
    return Map.copyOf(defaults);
  }

  /** @param key under which it stands */
  List<String> problems(String key) {
    List<String> wrong = new ArrayList<>();
    if (types.isEmpty()) wrong.add(key + ".types must name types of measurements");
    if (value.isEmpty()) wrong.add(key + ".value must name a value of these measurements");
    if (above.isEmpty() == below.isEmpty())
      wrong.add(key + ".above or " + key + ".below must be a number, and not both: write two rules for two limits");
    for (Map.Entry<String, String> each : Map.of("above", above, "below", below, "clear", clear).entrySet())
      if (!each.getValue().isEmpty() && number(each.getValue()) == null)
        wrong.add(key + "." + each.getKey() + " must be a number such as 120 or 36.5, not " + each.getValue());
    if (isBeyond()) wrong.add(key + ".clear must not be beyond the limit: it is over when the value is back there");
    if (lasts.isNegative() || lasts.compareTo(Duration.ofHours(24)) > 0)
      wrong.add(key + ".lasts must be PT0S..PT24H, not " + lasts);
    wrong.addAll(RuleConfig.result(key, makes, text, severity));
    return wrong;
  }

  private boolean isBeyond() {
    BigDecimal back = number(clear);
    BigDecimal limit = number(above.isEmpty() ? below : above);
    if (back == null || limit == null) return false;
    return above.isEmpty() ? back.compareTo(limit) < 0 : back.compareTo(limit) > 0;
  }

  /** Null when it is none. */
  public static BigDecimal number(String text) {
    return text.matches("-?\\d{1,20}(\\.\\d{1,20})?") ? new BigDecimal(text) : null;
  }
}
