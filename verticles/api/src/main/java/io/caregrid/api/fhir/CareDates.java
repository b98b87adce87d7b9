package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Failure;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Whether what a resource tells happened between two days ({@code start} and {@code end} of {@code $everything}, FHIR R4 patient-operation-everything.html:
 * care dates). A resource that tells no such time counts, as the operation's definition asks.
 *
 * @param start first day, or null for any
 * @param end   last day, or null for any
 */
record CareDates(LocalDate start, LocalDate end) {
  /** The clinically relevant time of R4's resource types, by the name of its element; the first that is there counts. */
  private static final List<String> ELEMENTS = List.of("effectiveDateTime", "effectivePeriod", "effectiveInstant",
      "performedDateTime", "performedPeriod", "occurrenceDateTime", "occurrencePeriod", "onsetDateTime", "onsetPeriod",
      "servicedDate", "servicedPeriod", "billablePeriod", "period", "started", "date", "dateTime", "authoredOn",
      "dateAsserted", "recordedDate", "whenHandedOver", "whenPrepared", "dateWritten", "authored", "sent", "created",
      "issued", "recorded", "collectedDateTime", "start");

  private static final int YEAR = 4;
  private static final int MONTH = 7;
  private static final int DAY = 10;
  private static final Pattern DATE = Pattern.compile("\\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\\d|3[01])(T.*)?)?)?$");

  /** @param start a FHIR date, also of a year or month, or a dateTime; null for none; likewise {@code end}. Invalid 400 */
  static CareDates of(String start, String end) {
    require("start", start);
    require("end", end);
    return new CareDates(start == null ? null : first(start), end == null ? null : last(end));
  }

  private static void require(String name, String text) {
    if (text == null) return;
    try {
      if (!DATE.matcher(text).matches()) throw new DateTimeException("no date");
      first(text);
    } catch (DateTimeException noSuchDay) {
      throw new Failure.Invalid(name + " must be a date such as 2026-11-20, 2026-11 or 2026");
    }
  }

  boolean isOpen() {
    return start == null && end == null;
  }

  boolean has(JsonNode resource) {
    try {
      return happened(resource);
    } catch (DateTimeException noSuchDay) {
      return true;
    }
  }

  private boolean happened(JsonNode resource) {
    for (String name : ELEMENTS) {
      JsonNode value = resource.path(name);
      if (value.isTextual()) return overlaps(first(value.textValue()), last(value.textValue()));
      if (value.isObject())
        return overlaps(first(value.path("start").asText("")), last(value.path("end").asText("")));
    }
    return true;
  }

  private boolean overlaps(LocalDate from, LocalDate to) {
    return (end == null || !from.isAfter(end)) && (start == null || !to.isBefore(start));
  }

  /** The first day of a FHIR date or dateTime; the first of all where there is none. */
  private static LocalDate first(String text) {
    YearMonth month = month(text, "-01");
    if (month == null) return LocalDate.MIN;
    return text.length() < DAY ? month.atDay(1) : LocalDate.parse(text.substring(0, DAY));
  }

  private static LocalDate last(String text) {
    YearMonth month = month(text, "-12");
    if (month == null) return LocalDate.MAX;
    return text.length() < DAY ? month.atEndOfMonth() : LocalDate.parse(text.substring(0, DAY));
  }

  /** Null for what is no date. @param otherwise the month where there is a year only */
  private static YearMonth month(String text, String otherwise) {
    if (!DATE.matcher(text).lookingAt()) return null;
    return YearMonth.parse(text.length() == YEAR ? text + otherwise : text.substring(0, MONTH));
  }
}
