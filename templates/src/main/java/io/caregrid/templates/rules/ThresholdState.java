package io.caregrid.templates.rules;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a {@link Threshold} knows of the readings of one device before. Times in 100 ns units since 1970, {@link #NONE} when there is none.
 *
 * @param patient id of whose the newest was
 * @param at      when the newest was measured
 * @param since   since when the limit has been passed, while that is not found
 * @param began   the same, once it is
 * @param late    when the log had the first of the late readings, as long as nothing but those has come
 * @param lag     how long before it came the least late of those was measured that came soon after
 * @param past    the same of those before, in 100 ns, when they came in packets
 */
public record ThresholdState(String patient, long at, long since, long began, long late, long lag, long past) {

  public static final long NONE = Long.MIN_VALUE;
  private static final JsonMapper JSON = new JsonMapper();

  static ThresholdState begin(String patient) {
    return new ThresholdState(patient, NONE, NONE, NONE, NONE, NONE, NONE);
  }

  /** The limit is passed, and it is not found yet. */
  boolean isPending() {
    return since != NONE && began == NONE;
  }

  /** It was found, and lasts. */
  public boolean isFound() {
    return began != NONE;
  }

  ThresholdState at(long newest) {
    return new ThresholdState(patient, newest, since, began, NONE, NONE, NONE);
  }

  ThresholdState since(long passed) {
    return new ThresholdState(patient, at, passed, began, late, lag, past);
  }

  /** From this one on nothing but late ones has come. */
  ThresholdState late(long came, long measured) {
    return new ThresholdState(patient, at, since, began, came, came - measured, lag);
  }

  ThresholdState lag(long least) {
    return new ThresholdState(patient, at, since, began, late, least, past);
  }

  ThresholdState found() {
    return new ThresholdState(patient, at, NONE, since, late, lag, past);
  }

  ThresholdState over() {
    return new ThresholdState(patient, at, NONE, NONE, late, lag, past);
  }

  /** What was found lasts; what only waited begins again, because nobody looked meanwhile. */
  public ThresholdState anew() {
    return new ThresholdState(patient, at, NONE, began, NONE, NONE, NONE);
  }

  /** Of one device, by the names of the rules, as it is stored: JSON, the same states always the same text. */
  public static String text(Map<String, ThresholdState> states) {
    ObjectNode json = JSON.createObjectNode();
    new TreeMap<>(states).forEach((rule, state) -> {
      ObjectNode one = json.putObject(rule).put("patient", state.patient).put("at", state.at);
      if (state.since != NONE) one.put("since", state.since);
      if (state.began != NONE) one.put("began", state.began);
      if (state.late != NONE) one.put("late", state.late);
      if (state.lag != NONE) one.put("lag", state.lag);
      if (state.past != NONE) one.put("past", state.past);
    });
    return json.toString();
  }

  /** @throws IllegalArgumentException when this is no text of {@link #text} */
  public static Map<String, ThresholdState> of(String text) {
    try {
      JsonNode json = JSON.readTree(text);
      if (!json.isObject()) throw new IllegalArgumentException("no states of rules");
      Map<String, ThresholdState> states = new HashMap<>();
      json.properties().forEach(one -> states.put(one.getKey(), one(one.getValue())));
      return states;
    } catch (JsonProcessingException wrong) {
      throw new IllegalArgumentException("no states of rules", wrong);
    }
  }

  private static ThresholdState one(JsonNode json) {
    if (!json.path("at").isIntegralNumber()) throw new IllegalArgumentException("no state of a rule");
    return new ThresholdState(json.path("patient").asText(), json.path("at").asLong(), time(json, "since"),
        time(json, "began"), time(json, "late"), time(json, "lag"), time(json, "past"));
  }

  private static long time(JsonNode json, String name) {
    return json.path(name).asLong(NONE);
  }
}
