package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpanTest {
  @ParameterizedTest
  @CsvSource({"2026, 2026-01-01T00:00:00Z, 2027-01-01T00:00:00Z",
    "2026-11, 2026-11-01T00:00:00Z, 2026-12-01T00:00:00Z",
    "2026-11-20T10:00Z, 2026-11-20T10:00:00Z, 2026-11-20T10:01:00Z",
    "2026-11-20T10:00:00+02:00, 2026-11-20T08:00:00Z, 2026-11-20T08:00:01Z",
    "2026-11-20T10:00:00.12Z, 2026-11-20T10:00:00.120Z, 2026-11-20T10:00:00.130Z",
    "9999, 9999-01-01T00:00:00Z, +10000-01-01T00:00:00Z",
    "9999-12-31, 9999-12-31T00:00:00Z, +10000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z, 9999-12-31T23:59:59Z, +10000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-10:00, 9999-12-31T23:59:59.999999Z, +10000-01-01T00:00:00Z",
    "0001-01-03, 0001-01-03T00:00:00Z, 0001-01-04T00:00:00Z",
    "0001-01-01, 0001-01-02T00:00:00Z, 0001-01-02T00:00:00.000001Z",
    "0001-01-01T00:00:00+14:00, 0001-01-02T00:00:00Z, 0001-01-02T00:00:00.000001Z"})
  void aDateMeansTheStretchOfItsPrecision(String text, String from, String to) {
    Span span = Span.parse(text).orElseThrow();

    assertEquals(from + " " + to, span.from() + " " + span.to());
    assertTrue(span.from().isAfter(Span.NONE.from()), "what has no date is before it");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0000", "0000-01-01", "0000-12-31T23:59:59-14:00", "10000", "10000-01-01", "999",
    "2026-13",
    "2026-02-30", "2026-11-20T10", "2026-11-20T25:00:00Z", "-0001", "2026-11-20 10:00:00", "\u0662\u0660\u0662\u0666"})
  void whatIsNoneMeansNothing(String text) {
    assertEquals(Optional.empty(), Span.parse(text));
  }
}
