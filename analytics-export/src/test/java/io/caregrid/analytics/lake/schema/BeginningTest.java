package io.caregrid.analytics.lake.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BeginningTest {

  @ParameterizedTest
  @CsvSource({"2026, 2026-01-01T00:00:00Z", "2026-11, 2026-11-01T00:00:00Z", "2024-02-29, 2024-02-29T00:00:00Z",
    "0001-01-01, 0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z, 9999-12-31T23:59:59.999999Z",
    "2026-11-20T10:00:00.1234567+01:00, 2026-11-20T09:00:00.123456Z", "2026-11-20T10:00-05:30, 2026-11-20T15:30:00Z",
    "1969-12-31T23:59:59.5Z, 1969-12-31T23:59:59.5Z", "2026-11-20T10:00:00.000000000001Z, 2026-11-20T10:00:00Z"})
  void aDateBeginsThen(String text, Instant instant) {
    assertEquals(micros(instant), Beginning.micros(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "soon", "26", "20261", "2026-1", "2026-13", "2026-02-30", "2026-11-20T", "2026-11-20T10",
    "2026-11-20T10:00", "2026-11-20T10:00:00", "2026-11-20T24:00:00Z", "2026-11-20T10:60:00Z", "2026-11-20T10:00:60Z",
    "2026-11-20T10:00:00.Z", "2026-11-20T10:00:00Zx", "2026-11-20 10:00:00Z", "2026-11-20T10:00:00+1:00",
    "2026/11/20", "+2026-11-20", "2026-11-2٣", "2026-11-20T10:00:00.5", "2026-11-20T10:00:00+01:00x"})
  void whatIsNoDateHasNoBeginning(String text) {
    assertNull(Beginning.micros(text));
  }

  @Test
  void itIsWhatTheJdkSays() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      OffsetDateTime time = OffsetDateTime.of(1 + random.nextInt(9_999), 1 + random.nextInt(12), 1 + random.nextInt(28),
          random.nextInt(24), random.nextInt(60), random.nextInt(60), random.nextInt(1_000_000_000),
          ZoneOffset.ofTotalSeconds(60 * (random.nextInt(36 * 60) - 18 * 60)));
      String text = time.toString();

      assertEquals(micros(time.toInstant()), Beginning.micros(text), text);
    }
  }

  private static long micros(Instant instant) {
    return instant.getEpochSecond() * 1_000_000 + instant.getNano() / 1_000;
  }
}
