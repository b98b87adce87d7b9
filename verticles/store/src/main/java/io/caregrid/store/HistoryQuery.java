package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.time.Instant;
import java.util.List;

/**
 * Which versions are asked for.
 *
 * @param count       most entries on the page, 1..1000; 0 for their number alone
 * @param since       only versions not older than this, or null
 * @param before      only versions older than this, or null
 * @param at          of one resource: also the version that was the current one then, or null
 * @param oldestFirst otherwise newest first
 * @param page        token of {@link Page#next}, or null for the first page
 */
public record HistoryQuery(int count, Instant since, Instant before, Instant at, boolean oldestFirst, String page) {
  public HistoryQuery(int count, Instant since, String page) {
    this(count, since, null, false, page);
  }

  public HistoryQuery(int count, Instant since, Instant before, boolean oldestFirst, String page) {
    this(count, since, before, null, oldestFirst, page);
  }

  /**
   * Those versions of one resource that were current at some time in all of these (FHIR R4 http.html#history): {@code 2026-11}, {@code ge2026-11-20T10:00:00Z}.
   * Invalid 400.
   *
   * @param times as a search takes a date, with eq, ge, gt, le or lt in front if wanted
   */
  public HistoryQuery at(List<String> times) {
    Instant from = at;
    Instant until = before;
    for (String time : times) {
      SearchValue.Date date = SearchValue.date("_at", time, Instant.EPOCH);
      Instant first = switch (date.prefix()) {
        case EQ, GE -> date.span().from();
        case GT -> date.span().to();
        case LE, LT -> null;
        default -> throw new Failure.Invalid("_at takes eq, ge, gt, le or lt, and no other prefix");
      };
      Instant last = switch (date.prefix()) {
        case EQ, LE -> date.span().to();
        case LT -> date.span().from();
        default -> null;
      };
      if (first != null && (from == null || first.isAfter(from))) from = first;
      if (last != null && (until == null || last.isBefore(until))) until = last;
    }
    return new HistoryQuery(count, since, until, from, oldestFirst, page);
  }

  /** The same from the version on that was made then: the one that was current {@link #at} that time; null for none. */
  HistoryQuery beginning(Instant made) {
    Instant from = made == null ? at : made;
    return new HistoryQuery(count, since == null || from.isAfter(since) ? from : since, before, null, oldestFirst,
        page);
  }

  Instant from() {
    return since == null ? Span.NONE.from() : bounded(since);
  }

  Instant until() {
    return before == null ? Span.LAST : bounded(before);
  }

  static Instant bounded(Instant instant) {
    if (instant.isBefore(Span.NONE.from())) return Span.NONE.from();
    return instant.isAfter(Span.LAST) ? Span.LAST : instant;
  }
}
