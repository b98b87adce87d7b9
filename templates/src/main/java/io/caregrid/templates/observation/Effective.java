package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.text.Timestamps;
import java.time.Instant;

/** {@code Observation.effective[x]}: always a Period with seven digits of fraction when we write it. */
final class Effective {
  private static final int DIGITS = 7;
  private static final String PERIOD = "effectivePeriod";
  private static final String DATE_TIME = "effectiveDateTime";

  private Effective() {}

  /**
   * What a stored Observation says; null when it says nothing. A period with one side open ends where it begins.
   *
   * @throws UnusableEvent when it says it in a way that no period can be made of
   */
  static Span read(ObjectNode observation) throws UnusableEvent {
    if (observation.has("effectiveTiming") || observation.has("effectiveInstant")) throw unusable();
    JsonNode point = observation.get(DATE_TIME);
    JsonNode period = observation.get(PERIOD);
    if (point == null && period == null) return null;
    JsonNode start = point != null ? point : period.path("start");
    JsonNode end = point != null ? point : period.path("end");
    long first = time(start.isTextual() ? start : end);
    return new Span(first, Math.max(first, time(end.isTextual() ? end : start)));
  }

  /** Writes what differs from {@code before}; true when anything did. */
  static boolean write(ObjectNode observation, Span before, Span span) {
    boolean point = observation.remove(DATE_TIME) != null;
    if (!point && span.equals(before)) return false;
    ObjectNode period = observation.get(PERIOD) instanceof ObjectNode object ? object : observation.putObject(PERIOD);
    if (point || before == null || span.start() != before.start()) period.put("start", text(span.start()));
    if (point || before == null || span.end() != before.end()) period.put("end", text(span.end()));
    return true;
  }

  private static String text(long ticks) {
    return Timestamps.format(Timestamps.ofTicks(ticks), DIGITS);
  }

  /** A year or a month alone means its first instant. */
  private static long time(JsonNode written) throws UnusableEvent {
    String text = written.isTextual() ? written.textValue() : "";
    String whole = text.length() == 4 ? text + "-01-01" : text.length() == 7 ? text + "-01" : text;
    Instant time = Timestamps.parse(whole);
    if (time == null) throw unusable();
    return Timestamps.ticks(time);
  }

  private static UnusableEvent unusable() {
    return new UnusableEvent("wrong-existing-effective",
        "the stored Observation's effective[x] is neither a readable dateTime nor a readable Period; correct it");
  }
}
