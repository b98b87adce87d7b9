package io.caregrid.templates.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Instant;
import java.time.LocalDate;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimestampsTest {
  @ParameterizedTest
  @CsvSource(value = {"2019-02-01T22:46:01.8750000Z;2019-02-01T22:46:01.875Z",
    "2019-02-01T22:46:01;2019-02-01T22:46:01Z",
    "2019-02-01T22:46:01+02:00;2019-02-01T20:46:01Z", "2019-02-01T22:46:01-0530;2019-02-02T04:16:01Z",
    "2019-02-01T22:46:01.123456789Z;2019-02-01T22:46:01.123456700Z", "2019-02-01 22:46;2019-02-01T22:46:00Z",
    "2019-02-01;2019-02-01T00:00:00Z", "2019-02-01T24:00:00Z;2019-02-02T00:00:00Z",
    "02/01/2019 22:46:01;2019-02-01T22:46:01Z",
    "2/1/2019 10:46:01 PM;2019-02-01T22:46:01Z", "2/1/2019 10:46:01.5 pm;2019-02-01T22:46:01.500Z",
    "2/1/2019 12:46 AM;2019-02-01T00:46:00Z", "2/1/2019;2019-02-01T00:00:00Z",
    "02/01/2019 22:46:01 +02:00;2019-02-01T20:46:01Z", "02/01/2019 22:46:01.123456789;2019-02-01T22:46:01.123456700Z",
    "2019/02/01 22:46:01;2019-02-01T22:46:01Z", "2019/2/1 8:46;2019-02-01T08:46:00Z", "2019-2-1;2019-02-01T00:00:00Z",
    "2019-2-1 8:46:01Z;2019-02-01T08:46:01Z",
    "1 Feb 2019 22:46:01;2019-02-01T22:46:01Z", "Feb 1, 2019 10:46 PM;2019-02-01T22:46:00Z",
    "Fri, 1 Feb 2019 22:46:01 GMT;2019-02-01T22:46:01Z",
    "' 2019-02-01T22:46:01z ';2019-02-01T22:46:01Z", "2024-02-29T00:00:00Z;2024-02-29T00:00:00Z"}, delimiter = ';')
  void reads(String text, Instant time) {
    assertEquals(time, Timestamps.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "yesterday", "2019-13-01T00:00:00Z", "2019-02-30T00:00:00Z", "2019-02-01T25:00:00Z",
    "2019-02-01T22:60:00Z",
    "2019-02-01T22:46:60Z", "2019-02-01T22:46:01.Z", "2019-02-01T22:46:01Zx", "2019-02-01T22:46:01+15:00",
    "2019-02-01 22:46:01 +15:00", "2/30/2019", "2019/02/29", "30 Feb 2019 22:46:01 GMT", "2/1/2019 13:00 PM",
    "0000-01-01",
    "1550000000", "2019-02-01T", "20190201T224601Z", "2019-02-01T22:46:01+", "9999-12-31T23:59:59-01:00",
    "0001-01-01T00:00:00+01:00", "1/1/12345"})
  void refuses(String text) {
    assertNull(Timestamps.parse(text));
  }

  @Test
  void everyDayOfTheCalendarIsReadAndNoOther() {
    for (LocalDate day = LocalDate.of(1, 1, 1); day.getYear() < 2500; day = day.plusDays(1)) {
      assertEquals(day.toEpochDay() * 86_400, Timestamps.parse(day.toString()).getEpochSecond());
      if (day.getDayOfMonth() < day.lengthOfMonth()) continue;
      String beyond = day.toString().substring(0, 8) + (day.getDayOfMonth() + 1);
      assertNull(Timestamps.parse(beyond), beyond);
    }
  }

  @Test
  void writes() {
    Instant time = Instant.parse("2026-01-02T03:04:05.0600000Z");

    assertEquals("2026-01-02T03:04:05.0600000Z", Timestamps.format(time, 7));
    assertEquals("2026-01-02T03:04:05.060Z", Timestamps.format(time, 3));
    assertEquals("2026-01-02T03:04:05Z", Timestamps.format(time, 0));
    assertEquals("2026-01-02T03:04:05.06Z", Timestamps.shortest(time));
    assertEquals("2026-01-02T03:04:05Z", Timestamps.shortest(time.minusMillis(60)));
    assertEquals("20260102030405Z", Timestamps.compact(time));
  }

  @Test
  void readsWhatItWrites() {
    long seed = Long.getLong("caregrid.test.seed", 42);
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      Instant time = Timestamps.ofTicks(random.nextLong(-600_000_000_000_000_000L, 2_500_000_000_000_000_000L));
      assertEquals(time, Timestamps.parse(Timestamps.shortest(time)), "seed " + seed);
      assertEquals(time, Timestamps.parse(Timestamps.format(time, 7)), "seed " + seed);
      assertEquals(time, Timestamps.ofTicks(Timestamps.ticks(time)));
      assertEquals(Timestamps.shortest(time), Timestamps.shortest(Instant.parse(Timestamps.shortest(time))));
    }
  }
}
