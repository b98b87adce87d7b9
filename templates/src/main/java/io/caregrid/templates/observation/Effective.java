package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.text.Timestamps;
import java.time.Instant;

/**
 * {@code Observation.effective[x]}: a Period with seven digits of fraction, as the connector writes it. A template of single values may want a dateTime or an
 * instant instead, which have as many digits as the time has, three at least in an instant.
 */
final class Effective {
  private static final int DIGITS = 7;
  private static final String PERIOD = "effectivePeriod";
  private static final String DATE_TIME = "effectiveDateTime";

  private static final String INSTANT = "effectiveInstant";
  private static final int INSTANT_DIGITS = 3;

  /** What a template wants. */
  enum Form {
    PERIOD, DATE_TIME, INSTANT
  }

  private Effective() {}

  /**
   * What a stored Observation says; null when it says nothing. A period with one side open ends where it begins.
   *
   * @throws UnusableEvent when it says it in a way that no period can be made of
   */
  static Span read(ObjectNode observation) throws UnusableEvent {
    if (observation.has("effectiveTiming")) throw unusable();
    JsonNode point = observation.has(INSTANT) ? observation.get(INSTANT) : observation.get(DATE_TIME);
    JsonNode period = observation.get(PERIOD);
    if (point == null && period == null) return null;
    JsonNode start = point != null ? point : period.path("start");
    JsonNode end = point != null ? point : period.path("end");
    long first = time(start.isTextual() ? start : end);
    return new Span(first, Math.max(first, time(end.isTextual() ? end : start)));
  }

  /** Writes what differs from {@code before}; true when anything did. A point in time that an event widens becomes a Period. */
  static boolean write(ObjectNode observation, Form form, Span before, Span span) {
    if (form != Form.PERIOD && span.start() == span.end() && !observation.has(PERIOD))
      return point(observation, form, span);
    boolean point = observation.remove(DATE_TIME) != null | observation.remove(INSTANT) != null;
    if (!point && span.equals(before)) return false;
    ObjectNode period = observation.get(PERIOD) instanceof ObjectNode object ? object : observation.putObject(PERIOD);
    if (point || before == null || span.start() != before.start()) period.put("start", text(span.start()));
    if (point || before == null || span.end() != before.end()) period.put("end", text(span.end()));
    return true;
  }

  /** A stored point that says the same time in another form or with other digits stays. */
  private static boolean point(ObjectNode observation, Form form, Span span) {
    if (observation.has(DATE_TIME) || observation.has(INSTANT)) return false;
    Instant time = Timestamps.ofTicks(span.start());
    boolean instant = form == Form.INSTANT && time.getNano() % 1_000_000 == 0;
    observation.put(form == Form.INSTANT ? INSTANT : DATE_TIME,
        instant ? Timestamps.format(time, INSTANT_DIGITS) : Timestamps.shortest(time));
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
