package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;

/** A SampledData among the values of a quantity parameter. Its samples are read only when somebody asks for their range: a device writes many. */
final class Samples implements Found {
  private static final int MOST_DIGITS = 1_000;
  private final JsonNode json;
  private Found.Amount range;
  private boolean read;

  Samples(JsonNode json) {
    this.json = json;
  }

  /** From the least to the greatest, in the origin's unit (FHIR R4 datatypes.html#SampledData); null when there is none. */
  Found.Amount range() {
    if (!read) {
      range = ranged();
      read = true;
    }
    return range;
  }

  private Found.Amount ranged() {
    BigDecimal least = null;
    BigDecimal most = null;
    String data = json.path("data").asText();
    for (int from = 0; from < data.length();) {
      int space = data.indexOf(' ', from);
      int to = space < 0 ? data.length() : space;
      BigDecimal value = value(data.substring(from, to));
      if (value != null && (least == null || value.compareTo(least) < 0)) least = value;
      if (value != null && (most == null || value.compareTo(most) > 0)) most = value;
      from = to + 1;
    }
    JsonNode origin = json.path("origin");
    return least == null
        ? null
        : new Found.Amount(least, most, origin.path("unit").asText(), origin.path("system").asText(),
            origin.path("code").asText());
  }

  /** Null where there is none: E is an error, L and U are beyond the limits. */
  private BigDecimal value(String sample) {
    if (sample.equals("L")) return limit("lowerLimit");
    if (sample.equals("U")) return limit("upperLimit");
    BigDecimal number = SearchValue.number(sample);
    if (number == null) return null;
    BigDecimal factor = decimal(json.path("factor"));
    BigDecimal origin = decimal(json.path("origin").path("value"));
    BigDecimal scaled = factor == null ? number : number.multiply(factor);
    return origin == null ? scaled : scaled.add(origin);
  }

  private BigDecimal limit(String name) {
    return decimal(json.path(name));
  }

  /** Null for none, and for one that nobody can calculate with: nine characters of JSON can be a number of a billion digits. */
  private static BigDecimal decimal(JsonNode number) {
    if (!number.isNumber()) return null;
    BigDecimal value = number.decimalValue();
    return Math.abs((long) value.scale()) > MOST_DIGITS ? null : value;
  }
}
