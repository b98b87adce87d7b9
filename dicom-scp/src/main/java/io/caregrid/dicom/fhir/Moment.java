package io.caregrid.dicom.fhir;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Dates and times of DICOM (PS3.5 6.2, DA and TM) as FHIR writes them (FHIR R4 datatypes.html#dateTime). */
final class Moment {
  private static final Pattern DATE = Pattern.compile("(\\d{4})\\.?(\\d{2})\\.?(\\d{2})");
  private static final Pattern TIME = Pattern.compile("(\\d{2}):?(\\d{2})?:?(\\d{2})?(?:\\.(\\d{1,6}))?");
  private static final Pattern OFFSET = Pattern.compile("([+-])(\\d{2})(\\d{2})");

  private Moment() {}

  /** {@code 2026-11-21}; null when it is no date. */
  static String date(String da) {
    LocalDate date = day(da);
    return date == null ? null : date.toString();
  }

  /**
   * {@code 2026-11-21T09:30:00+01:00}, or the date alone when there is no time or nobody knows its offset; null when there is no date.
   *
   * @param offset Timezone Offset From UTC (0008,0201), or null
   * @param zone   what to take when there is none, or null
   */
  static String dateTime(String da, String tm, String offset, ZoneId zone) {
    LocalDate date = day(da);
    if (date == null) return null;
    LocalTime time = time(tm);
    ZoneId place = offset(offset) != null ? offset(offset) : zone;
    if (time == null || place == null) return date.toString();
    return date.atTime(time)
        .atZone(place)
        .toOffsetDateTime()
        .format(DateTimeFormatter.ofPattern(
            time.getNano() == 0 ? "uuuu-MM-dd'T'HH:mm:ssxxx" : "uuuu-MM-dd'T'HH:mm:ss.SSSSSSxxx"));
  }

  private static LocalDate day(String da) {
    Matcher date = DATE.matcher(da == null ? "" : da.strip());
    if (!date.matches() || date.group(1).equals("0000")) return null;
    try {
      return LocalDate.of(number(date.group(1)), number(date.group(2)), number(date.group(3)));
    } catch (DateTimeException none) {
      return null;
    }
  }

  /** A leap second is the second before it: java.time has none. */
  private static LocalTime time(String tm) {
    Matcher time = TIME.matcher(tm == null ? "" : tm.strip());
    if (!time.matches()) return null;
    String fraction = time.group(4) == null ? "0" : (time.group(4) + "00000").substring(0, 6);
    try {
      return LocalTime.of(number(time.group(1)), number(time.group(2)), Math.min(59, number(time.group(3))),
          number(fraction) * 1000);
    } catch (DateTimeException none) {
      return null;
    }
  }

  private static ZoneOffset offset(String text) {
    Matcher offset = OFFSET.matcher(text == null ? "" : text.strip());
    if (!offset.matches()) return null;
    int sign = offset.group(1).equals("-") ? -1 : 1;
    int minutes = number(offset.group(2)) * 60 + number(offset.group(3));
    return minutes <= 14 * 60 ? ZoneOffset.ofTotalSeconds(sign * minutes * 60) : null;
  }

  private static int number(String digits) {
    return digits == null ? 0 : Integer.parseInt(digits);
  }
}
