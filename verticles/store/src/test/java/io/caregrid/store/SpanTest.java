package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
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

  /** Java's own formatter, strict, is what it has to agree with. */
  @Test
  void aTimeIsTheOneThatItsDigitsSay() {
    Random chance = new Random(11);
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      String offset = List.of("Z", "+00:00", "-00:00", "+05:30", "-03:30", "+18:00", "-18:00", "+18:01", "+14:60")
          .get(chance.nextInt(9));
      String digits = "." + chance.nextInt(10) + (10_000_000 + chance.nextInt(90_000_000));
      String fraction = chance.nextBoolean() ? "" : digits.substring(0, 2 + chance.nextInt(9));
      String text = "%04d-%02d-%02dT%02d:%02d:%02d%s%s".formatted(1 + chance.nextInt(9_999), chance.nextInt(14),
          chance.nextInt(33), chance.nextInt(26), chance.nextInt(62), chance.nextInt(62), fraction, offset);
      Optional<Instant> expected = formatted(text);

      assertEquals(expected, Span.parse(text).map(Span::from), text);
      read += expected.isPresent() ? 1 : 0;
    }
    assertTrue(read > 5_000, read + " were read");
  }

  private static Optional<Instant> formatted(String text) {
    try {
      Instant from = OffsetDateTime.parse(text).toInstant().truncatedTo(ChronoUnit.MICROS);
      return Optional.of(from.isBefore(Span.FIRST) ? Span.FIRST : from);
    } catch (DateTimeException none) {
      return Optional.empty();
    }
  }
}
