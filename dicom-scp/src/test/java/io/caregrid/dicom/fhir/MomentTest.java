package io.caregrid.dicom.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.ZoneId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MomentTest {
  @ParameterizedTest
  @CsvSource(nullValues = "-", value = {
    "20261121, 093015, +0100, -, 2026-11-21T09:30:15+01:00",
    "20261121, 093015.25, -0330, Europe/Berlin, 2026-11-21T09:30:15.250000-03:30",
    "20261121, 0930, -, Europe/Berlin, 2026-11-21T09:30:00+01:00",
    "20260721, 09, -, Europe/Berlin, 2026-07-21T09:00:00+02:00",
    "20260721, 09, -, UTC, 2026-07-21T09:00:00+00:00",
    "2026.07.21, 09:30:15, +0000, -, 2026-07-21T09:30:15+00:00",
    "20261121, 235960, +0000, -, 2026-11-21T23:59:59+00:00",
    "20261121, 093015, -, -, 2026-11-21",
    "20261121, 253015, +0100, -, 2026-11-21",
    "20261121, -, +0100, -, 2026-11-21",
    "20261121, 093015, +9900, -, 2026-11-21",
    "20260231, 093015, +0100, -, -",
    "00000101, 093015, +0100, -, -",
    "yesterday, 093015, +0100, -, -",
    "-, 093015, +0100, -, -"})
  void dicomsDatesAndTimesBecomeFhirs(String da, String tm, String offset, String zone, String expected) {
    assertEquals(expected, Moment.dateTime(da, tm, offset, zone == null ? null : ZoneId.of(zone)));
  }
}
