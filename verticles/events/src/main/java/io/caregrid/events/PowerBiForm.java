package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.events.Courier.Letter;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;

/**
 * Rows for a push dataset of Power BI, at the address that it shows for the API, key included: {@code [{deviceId, patientId, code, display, value, unit,
 * effective, flag}]}, one for each number of an Observation; other resources give none.
 *
 * <p>Power BI takes 120 requests a minute and 10,000 rows in each. A version of a device's Observation holds all samples of its period; of these the last one
 * is a row: those before it were the last of earlier versions.
 */
final class PowerBiForm implements Form {
  static final int ROWS = 10_000;
  /** Each may give many rows; a hundred components are more than anything measures. */
  private static final int LETTERS = 100;
  private static final Duration SPACING = Duration.ofMillis(550);

  @Override
  public int most() {
    return LETTERS;
  }

  @Override
  public Duration spacing() {
    return SPACING;
  }

  @Override
  public Message of(List<Letter> letters, Instant now) {
    ArrayNode rows = Trees.object().putArray("rows");
    for (Letter letter : letters) {
      if (letter.resource() != null) add(rows, Trees.read(letter.resource()));
    }
    return rows.isEmpty() ? null : new Message(Trees.bytes(rows), Map.of());
  }

  /** What is beyond the rows of one request is left out. */
  static void add(ArrayNode rows, JsonNode resource) {
    if (!resource.path("resourceType").asText().equals("Observation")) return;
    add(rows, resource, resource);
    for (JsonNode component : resource.path("component")) add(rows, resource, component);
  }

  private static void add(ArrayNode rows, JsonNode observation, JsonNode part) {
    if (rows.size() >= ROWS) return;
    JsonNode quantity = part.path("valueQuantity");
    if (quantity.path("value").isNumber()) {
      row(rows, observation, part, quantity.path("value").decimalValue(), quantity, effective(observation));
      return;
    }
    Sample last = last(part.path("valueSampledData"), start(observation));
    if (last != null)
      row(rows, observation, part, last.value, part.path("valueSampledData").path("origin"), last.at);
  }

  private static void row(ArrayNode rows, JsonNode observation, JsonNode part, BigDecimal value, JsonNode unit,
      String effective) {
    JsonNode coding = part.path("code").path("coding").path(0);
    ObjectNode row = rows.addObject()
        .put("deviceId", observation.path("device").path("reference").asText())
        .put("patientId", observation.path("subject").path("reference").asText())
        .put("code", coding.path("code").asText())
        .put("display", Trees.words(part.path("code")))
        .put("value", value)
        .put("unit", unit.path("unit").asText(unit.path("code").asText()))
        .put("effective", effective);
    JsonNode flag = part.has("interpretation") ? part.path("interpretation") : observation.path("interpretation");
    row.put("flag", flag.path(0).path("coding").path(0).path("code").asText());
  }

  private static String effective(JsonNode observation) {
    for (String name : List.of("effectiveDateTime", "effectiveInstant"))
      if (observation.has(name)) return observation.path(name).asText();
    JsonNode period = observation.path("effectivePeriod");
    return period.path("end").asText(period.path("start").asText());
  }

  private static String start(JsonNode observation) {
    return observation.path("effectivePeriod").path("start").asText(observation.path("effectiveDateTime").asText());
  }

  private record Sample(BigDecimal value, String at) {}

  /** FHIR R4 datatypes.html#SampledData: E, L and U are no numbers, and the value is the number times factor plus origin. Null when there is none. */
  private static Sample last(JsonNode sampled, String start) {
    String data = sampled.path("data").asText().strip();
    if (data.isEmpty()) return null;
    String[] values = data.split("\\s+");
    int dimensions = Math.max(1, sampled.path("dimensions").asInt(1));
    for (int i = values.length - 1; i >= 0; i--) {
      if (!values[i].matches("-?\\d{1,18}(\\.\\d{1,18})?")) continue;
      BigDecimal value = new BigDecimal(values[i]).multiply(decimal(sampled.path("factor"), BigDecimal.ONE))
          .add(decimal(sampled.path("origin").path("value"), BigDecimal.ZERO));
      return new Sample(value, at(start, decimal(sampled.path("period"), BigDecimal.ZERO), i / dimensions));
    }
    return null;
  }

  private static BigDecimal decimal(JsonNode number, BigDecimal otherwise) {
    return number.isNumber() ? number.decimalValue() : otherwise;
  }

  private static String at(String start, BigDecimal periodMillis, int n) {
    try {
      long micros = periodMillis.multiply(BigDecimal.valueOf(1_000L * n)).longValue();
      return OffsetDateTime.parse(start).toInstant().plusNanos(micros * 1_000).toString();
    } catch (DateTimeParseException | ArithmeticException partial) {
      return start;
    }
  }
}
