package io.caregrid.templates.observation;

import java.math.BigDecimal;
import java.time.Instant;

/**
 * What {@code periodInterval} of a template may be: which events share an Observation. Beside the connector's four, any number of minutes that divides a UTC day.
 *
 * @param minutes length; 0 for single values, -1 for correlation
 */
record Period(int minutes) {
  static final Period CORRELATION = new Period(-1);
  static final Period SINGLE = new Period(0);
  private static final int DAY = 1_440;
  private static final int SECONDS = 60;
  private static final long TICK_NANOS = 100;

  /** By number of minutes or by one of the connector's names; null when it is neither. */
  static Period of(String written) {
    if (written.equalsIgnoreCase("CorrelationId")) return CORRELATION;
    if (written.equalsIgnoreCase("Single")) return SINGLE;
    if (written.equalsIgnoreCase("Hourly")) return new Period(60);
    if (written.equalsIgnoreCase("Daily")) return new Period(DAY);
    try {
      int minutes = new BigDecimal(written).intValueExact();
      boolean known = minutes == -1 || minutes == 0 || minutes > 0 && DAY % minutes == 0;
      return known ? new Period(minutes) : null;
    } catch (ArithmeticException | NumberFormatException notWhole) {
      return null;
    }
  }

  boolean isCorrelation() {
    return minutes < 0;
  }

  /** Seconds; 0 when it has no length of its own. */
  long seconds() {
    return Math.max(0, minutes) * (long) SECONDS;
  }

  /** Start of the UTC minutes, hour or day, or the time itself. */
  Instant start(Instant time) {
    return seconds() == 0 ? time : Instant.ofEpochSecond(Math.floorDiv(time.getEpochSecond(), seconds()) * seconds());
  }

  /** Last 100 ns of the period that begins at {@code start}. */
  Instant end(Instant start) {
    return seconds() == 0 ? start : start.plusSeconds(seconds()).minusNanos(TICK_NANOS);
  }
}
