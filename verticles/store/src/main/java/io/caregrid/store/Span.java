package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The stretch of time a FHIR date means by its precision: 2026-11 is the whole month (FHIR R4 search.html#date). A value without an offset is UTC.
 *
 * @param from inclusive, microseconds
 * @param to   exclusive, microseconds
 */
record Span(Instant from, Instant to) {
  /** Before everything: how a resource without a date lies in the database. */
  static final Span NONE = new Span(Instant.parse("0001-01-01T00:00:00Z"), Instant.parse("0001-01-01T00:00:00Z"));
  /** Where a period without a start begins. */
  static final Instant FIRST = Instant.parse("0001-01-02T00:00:00Z");
  /** And one without an end ends: behind the last day that FHIR can write, which many systems write for "never". */
  static final Instant LAST = Instant.parse("+10000-01-01T00:00:00Z");
  private static final String NO_YEAR = "0000";

  private static final Pattern DATE = Pattern.compile("(\\d{4})(-\\d{2})?(-\\d{2})?");
  private static final int LONGEST_DATE = "2026-11-20".length();
  private static final Pattern TIME = Pattern.compile(
      "(\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2})(:\\d{2})?(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})?");

  /** Empty when it is not a FHIR date, dateTime or instant, which are of the years 1 to 9999 (FHIR R4 datatypes.html#date). */
  static Optional<Span> parse(String text) {
    if (text.startsWith(NO_YEAR)) return Optional.empty();
    try {
      if (text.length() > LONGEST_DATE) {
        Matcher time = TIME.matcher(text);
        return time.matches() ? bounded(ofTime(text, time)) : Optional.empty();
      }
      Matcher date = DATE.matcher(text);
      return date.matches() ? bounded(ofDate(text, date)) : Optional.empty();
    } catch (DateTimeException unreadable) {
      return Optional.empty();
    }
  }

  /** The day before {@link #FIRST}, and what an offset moves out of these years, is taken for the first or last moment there is. */
  private static Optional<Span> bounded(Span span) {
    Instant from = span.from.isBefore(FIRST) ? FIRST : span.from;
    Instant to = span.to.isAfter(LAST) ? LAST : span.to;
    if (!from.isBefore(LAST)) return Optional.of(new Span(LAST.minus(1, ChronoUnit.MICROS), LAST));
    return Optional.of(to.isAfter(FIRST) ? new Span(from, to) : new Span(FIRST, FIRST.plus(1, ChronoUnit.MICROS)));
  }

  private static Span ofDate(String text, Matcher date) {
    if (date.group(3) != null) return days(LocalDate.parse(text), LocalDate.parse(text).plusDays(1));
    if (date.group(2) != null)
      return days(YearMonth.parse(text).atDay(1), YearMonth.parse(text).plusMonths(1).atDay(1));
    return days(Year.parse(text).atDay(1), Year.parse(text).plusYears(1).atDay(1));
  }

  private static Span days(LocalDate from, LocalDate to) {
    return new Span(from.atStartOfDay().toInstant(ZoneOffset.UTC), to.atStartOfDay().toInstant(ZoneOffset.UTC));
  }

  /** A fraction is as exact as it is written, but no finer than a microsecond; its end is rounded up. By place, not by a formatter: every resource that is written has dates. */
  private static Span ofTime(String text, Matcher time) {
    int second = time.group(2) == null ? 0 : two(text, time.start(2) + 1);
    String fraction = time.group(3) == null ? "" : time.group(3);
    int nano = fraction.isEmpty() ? 0 : Integer.parseInt((fraction + "00000000").substring(1, 10));
    Instant from = LocalDateTime.of(two(text, 0) * 100 + two(text, 2), two(text, 5), two(text, 8), two(text, 11),
        two(text, 14), second, nano).toInstant(time.group(4) == null ? ZoneOffset.UTC : offset(time.group(4)));
    if (time.group(2) == null) return new Span(from, from.plus(1, ChronoUnit.MINUTES));
    long nanos = fraction.isEmpty() ? 1_000_000_000L : (long) Math.pow(10, 10 - fraction.length());
    return new Span(from.truncatedTo(ChronoUnit.MICROS), ceiling(from.plusNanos(nanos)));
  }

  private static ZoneOffset offset(String text) {
    if (text.length() == 1) return ZoneOffset.UTC;
    int sign = text.charAt(0) == '-' ? -1 : 1;
    return ZoneOffset.ofHoursMinutes(sign * two(text, 1), sign * two(text, 4));
  }

  /** Two digits. */
  private static int two(String text, int at) {
    return (text.charAt(at) - '0') * 10 + text.charAt(at + 1) - '0';
  }

  private static Instant ceiling(Instant instant) {
    Instant floor = instant.truncatedTo(ChronoUnit.MICROS);
    return floor.equals(instant) ? floor : floor.plus(1, ChronoUnit.MICROS);
  }

  /** A date, dateTime, instant, Period or Timing (the stretch over its events, or else its bounds). Empty when there is none, or it cannot be read. */
  static Optional<Span> of(JsonNode value) {
    if (value.isTextual()) return parse(value.textValue());
    if (value.has("event")) return ofEvents(value.get("event"));
    if (value.has("repeat")) return of(value.get("repeat").path("boundsPeriod"));
    Optional<Span> start = value.has("start") ? parse(value.get("start").asText()) : Optional.empty();
    Optional<Span> end = value.has("end") ? parse(value.get("end").asText()) : Optional.empty();
    if (start.isEmpty() && end.isEmpty()) return Optional.empty();
    return Optional.of(new Span(start.map(Span::from).orElse(FIRST), end.map(Span::to).orElse(LAST)));
  }

  private static Optional<Span> ofEvents(JsonNode events) {
    Optional<Span> all = Optional.empty();
    for (JsonNode event : events) {
      Optional<Span> one = parse(event.asText());
      all = all.isEmpty() ? one : one.isEmpty() ? all : Optional.of(all.get().and(one.get()));
    }
    return all;
  }

  private Span and(Span other) {
    return new Span(from.isBefore(other.from) ? from : other.from, to.isAfter(other.to) ? to : other.to);
  }
}
