package io.caregrid.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A rule over resources: what fits it becomes a resource of its own.
 *
 * @param types    resource types it looks at
 * @param when     FHIRPath that gives true, or anything but false, for what fits
 * @param makes    {@code Flag}, {@code RiskAssessment} or {@code DetectedIssue}
 * @param text     what is the matter, for people; stands in what is made
 * @param subject  FHIRPath to the reference of the patient; empty: subject, patient, or the Patient itself
 * @param severity of a DetectedIssue, {@code high}, {@code moderate} or {@code low}; of a RiskAssessment how likely. Empty: not said
 */
public record RuleConfig(List<String> types, String when, String makes, String text, String subject, String severity) {

  public static final Set<String> MADE = Set.of("Flag", "RiskAssessment", "DetectedIssue");
  private static final Set<String> SEVERITIES = Set.of("", "high", "moderate", "low");
  static final Map<String, String> DEFAULTS = Map.of("makes", "Flag", "subject", "", "severity", "");

  public RuleConfig {
    types = List.copyOf(types);
  }

  /** @param key under which it stands */
  List<String> problems(String key) {
    List<String> wrong = new ArrayList<>();
    if (types.isEmpty()) wrong.add(key + ".types must name resource types");
    if (when.isEmpty()) wrong.add(key + ".when must be a FHIRPath expression");
    wrong.addAll(result(key, makes, text, severity));
    return wrong;
  }

  /** What is wrong with what a rule makes, whatever it looks at. */
  static List<String> result(String key, String makes, String text, String severity) {
    List<String> wrong = new ArrayList<>();
    if (!MADE.contains(makes))
      wrong.add(key + ".makes must be one of " + MADE.stream().sorted().toList() + ", not " + makes);
    if (text.isBlank() || text.length() > 200) wrong.add(key + ".text must have 1 to 200 characters");
    if (!SEVERITIES.contains(severity)) wrong.add(key + ".severity must be high, moderate, low or empty");
    if (makes.equals("Flag") && !severity.isEmpty()) wrong.add(key + ".severity must be empty: a Flag has none");
    return wrong;
  }
}
