package io.caregrid.templates.observation;

import io.caregrid.templates.text.Timestamps;

/**
 * From one time to another, both included, in 100 ns units since 1970.
 */
record Span(long start, long end) {
  /** The span of what a group key says, or of the event alone when grouped by correlation. */
  static Span of(GroupKey key, long time) {
    if (key.correlation() != null) return new Span(time, time);
    return new Span(Timestamps.ticks(key.periodStart()), Timestamps.ticks(key.periodEnd()));
  }

  /** The same, and further to {@code time} when that is later. */
  Span to(long time) {
    return time <= end ? this : new Span(start, time);
  }

  /** The smallest span that has both in it. */
  Span with(Span other) {
    return contains(other.start) && contains(other.end)
        ? this
        : new Span(Math.min(start, other.start), Math.max(end, other.end));
  }

  boolean contains(long time) {
    return start <= time && time <= end;
  }
}
