package io.caregrid.store;

import java.time.Instant;

/**
 * Which versions are asked for.
 *
 * @param count       most entries on the page, 1..1000
 * @param since       only versions not older than this, or null
 * @param before      only versions older than this, or null
 * @param oldestFirst otherwise newest first
 * @param page        token of {@link Page#next}, or null for the first page
 */
public record HistoryQuery(int count, Instant since, Instant before, boolean oldestFirst, String page) {
  public HistoryQuery(int count, Instant since, String page) {
    this(count, since, null, false, page);
  }

  Instant from() {
    return since == null ? Span.NONE.from() : bounded(since);
  }

  Instant until() {
    return before == null ? Span.LAST : bounded(before);
  }

  private static Instant bounded(Instant instant) {
    if (instant.isBefore(Span.NONE.from())) return Span.NONE.from();
    return instant.isAfter(Span.LAST) ? Span.LAST : instant;
  }
}
