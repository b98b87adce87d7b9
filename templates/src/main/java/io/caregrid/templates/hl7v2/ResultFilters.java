package io.caregrid.templates.hl7v2;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Filters;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a FHIR Bundle must be to become a message of results: one Patient, Observations that are his, and of each Observation nothing that changes its meaning and
 * could not be written. What is not so is refused with its place among the entries, never with a value.
 */
final class ResultFilters {
  private static final String VALUE = "value";
  private static final Set<String> VALUES = Set.of("valueQuantity", "valueCodeableConcept", "valueDateTime",
      "valueInteger", "valueString");
  /** Members of an Observation without which it says something else, and for which no field of OBR and OBX is written. */
  private static final List<String> UNWRITTEN = List.of("component", "dataAbsentReason", "modifierExtension",
      "effectiveTiming", "hasMember", "contained");
  private static final Set<String> STATUS = Set.of("registered", "preliminary", "final", "amended", "corrected",
      "cancelled", "entered-in-error");
  /** Of which HL7 v2 (table 0085: I, X, W) lets OBX-5 be empty. */
  private static final Set<String> WITHOUT_VALUE = Set.of("registered", "cancelled", "entered-in-error");
  private static final Set<String> COMPARATORS = Set.of("<", "<=", ">=", ">");
  private static final int MOST_DIGITS = 40;

  private ResultFilters() {}

  static void addTo(Filters filters) {
    filters.with("results_of_one", 0, 0, (run, value, with) -> results(value));
    filters.with("as_hl7v2_number", 0, 0, (run, value, with) -> number(value));
  }

  /** {@code {"patient": …, "observations": […]}} of a Bundle. */
  private static Map<String, Object> results(Object input) {
    if (!(input instanceof Map<?, ?> bundle) || !"Bundle".equals(bundle.get("resourceType")))
      throw wrong("the input is no Bundle");
    List<Map<?, ?>> entries = maps(bundle.get("entry"));
    Map<?, ?> patient = null;
    Object url = null;
    for (Map<?, ?> entry : entries) {
      if (!(entry.get("resource") instanceof Map<?, ?> found) || !"Patient".equals(found.get("resourceType"))) continue;
      if (patient != null)
        throw wrong("the Bundle has more than one Patient, and a message is of one: send a Bundle for each");
      patient = found;
      url = entry.get("fullUrl");
    }
    if (patient == null) throw wrong("the Bundle has no Patient");
    if (patient.get("modifierExtension") != null) throw wrong("the Patient has a modifierExtension");
    List<Map<?, ?>> observations = new ArrayList<>();
    for (int n = 0; n < entries.size(); n++) {
      if (!(entries.get(n).get("resource") instanceof Map<?, ?> seen)
          || !"Observation".equals(seen.get("resourceType")))
        continue;
      String place = "the Observation of entry " + (n + 1);
      if (!isOf(seen.get("subject"), patient, url))
        throw wrong(place + " is not said to be of the Patient of the Bundle");
      check(seen, place);
      observations.add(seen);
    }
    if (observations.isEmpty()) throw wrong("the Bundle has no Observation");
    Map<String, Object> results = new LinkedHashMap<>();
    results.put("patient", patient);
    results.put("observations", observations);
    return results;
  }

  /** One without a subject is of the only Patient there is. FHIR R4 bundle.html#references; an identifier is one that the Patient has. */
  private static boolean isOf(Object subject, Map<?, ?> patient, Object url) {
    if (subject == null) return true;
    if (!(subject instanceof Map<?, ?> named)) return false;
    if (named.get("reference") instanceof String reference) {
      String plain = reference.replaceFirst("/_history/.*$", "");
      return plain.equals(url) || patient.get("id") instanceof String id && plain.equals("Patient/" + id);
    }
    if (named.get("reference") != null || !(named.get("identifier") instanceof Map<?, ?> meant)) return false;
    return meant.get(VALUE) instanceof String value && maps(patient.get("identifier")).stream()
        .anyMatch(own -> value.equals(own.get(VALUE)) && meant.get("system") instanceof String system
            && system.equals(own.get("system")));
  }

  private static void check(Map<?, ?> seen, String place) {
    if (!(seen.get("status") instanceof String status) || !STATUS.contains(status))
      throw wrong(place + " has no status that HL7 v2 has");
    for (String each : UNWRITTEN) if (seen.get(each) != null) throw wrong(place + " has " + each + notWritten());
    List<String> values = new ArrayList<>();
    for (Object each : seen.keySet())
      if (each instanceof String name && name.startsWith(VALUE) && seen.get(name) != null) values.add(name);
    if (values.size() > 1) throw wrong(place + " has more than one value");
    if (values.isEmpty()) {
      if (!WITHOUT_VALUE.contains(status)) throw wrong(place + " has no value");
    } else if (VALUES.contains(values.get(0))) {
      value(values.get(0), seen.get(values.get(0)), place);
    } else {
      boolean known = values.get(0).matches("value[A-Z][A-Za-z]{1,30}");
      throw wrong(place + " has " + (known ? values.get(0) : "another value") + notWritten());
    }
  }

  private static void value(String name, Object value, String place) {
    boolean right = switch (name) {
      case "valueQuantity" -> value instanceof Map<?, ?> quantity && quantity.get(VALUE) instanceof Number
          && quantity.get("modifierExtension") == null
          && (quantity.get("comparator") == null || quantity.get("comparator") instanceof String sign
              && COMPARATORS.contains(sign));
      case "valueCodeableConcept" -> value instanceof Map<?, ?> concept
          && (concept.get("text") instanceof String || !maps(concept.get("coding")).isEmpty());
      case "valueInteger" -> value instanceof Integer || value instanceof Long || value instanceof BigInteger;
      default -> value instanceof String text && !text.isBlank();
    };
    if (!right) throw wrong(place + " has " + name + " that is none, or without a value");
  }

  private static String notWritten() {
    return ", which is not written";
  }

  /** HL7 v2.5.1 2.A.47 NM: digits and a point, no exponent; its digits as they were sent. Null for nothing. */
  private static String number(Object value) {
    if (value == null) return null;
    if (value instanceof Number) {
      BigDecimal number = new BigDecimal(value.toString());
      if (number.precision() <= MOST_DIGITS && Math.abs((long) number.scale()) <= MOST_DIGITS)
        return number.toPlainString();
    }
    throw wrong("a number is none, or has more than " + MOST_DIGITS + " digits");
  }

  private static List<Map<?, ?>> maps(Object list) {
    List<Map<?, ?>> maps = new ArrayList<>();
    if (list instanceof List<?> all) for (Object each : all) maps.add(each instanceof Map<?, ?> map ? map : Map.of());
    return maps;
  }

  private static ConversionException wrong(String why) {
    return new ConversionException(ErrorCode.TEMPLATE_DATA_MISMATCH, why);
  }
}
