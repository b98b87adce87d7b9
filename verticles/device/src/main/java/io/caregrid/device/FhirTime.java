package io.caregrid.device;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/** FHIR R4 {@code dateTime} (datatypes.html#dateTime) as a stretch of time: what is said to the day lasts that day, in UTC. */
final class FhirTime {
  private FhirTime() {}

  /** Its first instant; null when this is no date. */
  static Instant begin(String dateTime) {
    try {
      return dateTime.contains("T")
          ? OffsetDateTime.parse(dateTime).toInstant()
          : day(dateTime).atStartOfDay(ZoneOffset.UTC).toInstant();
    } catch (DateTimeException wrong) {
      return null;
    }
  }

  /** The first instant after it: {@code Period.end} is inclusive, and as exact as it is written. Null when this is no date. */
  static Instant end(String dateTime) {
    Instant begin = begin(dateTime);
    if (begin == null) return null;
    try {
      return switch (dateTime.length()) {
        case 4 -> Year.parse(dateTime).plusYears(1).atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
        case 7 -> YearMonth.parse(dateTime).plusMonths(1).atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
        case 10 -> begin.plus(1, ChronoUnit.DAYS);
        default -> dateTime.contains(".") ? begin.plusNanos(1) : begin.plusSeconds(1);
      };
    } catch (DateTimeException wrong) {
      return null;
    }
  }

  private static LocalDate day(String date) {
    return switch (date.length()) {
      case 4 -> Year.parse(date).atDay(1);
      case 7 -> YearMonth.parse(date).atDay(1);
      default -> LocalDate.parse(date);
    };
  }
}
