package io.caregrid.templates.observation;

import java.time.Instant;

/** What {@code periodInterval} of a template may be: which events share an Observation. */
enum Period {
  CORRELATION(-1, "CorrelationId", 0),
  SINGLE(0, "Single", 0),
  HOURLY(60, "Hourly", 3_600),
  DAILY(1440, "Daily",
      86_400);

  private static final long TICK_NANOS = 100;
  final int interval;
  final String title;
  /** Length; 0 when it has none of its own. */
  final long seconds;

  Period(int interval, String title, long seconds) {
    this.interval = interval;
    this.title = title;
    this.seconds = seconds;
  }

  /** By number or by name; null when it is neither. */
  static Period of(String written) {
    for (Period period : values()) {
      if (period.title.equalsIgnoreCase(written) || Integer.toString(period.interval).equals(written)) return period;
    }
    return null;
  }

  /** Start of the UTC hour or day, or the time itself. */
  Instant start(Instant time) {
    return seconds == 0 ? time : Instant.ofEpochSecond(Math.floorDiv(time.getEpochSecond(), seconds) * seconds);
  }

  /** Last 100 ns of the period that begins at {@code start}. */
  Instant end(Instant start) {
    return seconds == 0 ? start : start.plusSeconds(seconds).minusNanos(TICK_NANOS);
  }
}
