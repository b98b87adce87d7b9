package io.caregrid.templates.liquid;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A date and time of which only the beginning may be known, as HL7 v2 and C-CDA ({@code YYYY[MM[DD[HH[MM[SS[.S+]]]]]][+-ZZZZ]}) and FHIR write it.
 *
 * @param value    with 1 or 0 for what is not known
 * @param digits   how many of year (4), month (6), day (8), hour (10), minute (12), second (14) are known
 * @param fraction the digits behind the second exactly as they were written, or null
 */
record PartialDateTime(OffsetDateTime value, int digits, String fraction) {

  private static final Pattern HL7 = Pattern
      .compile("(\\d{4})(?:(\\d\\d)(?:(\\d\\d)(?:(\\d\\d)(?:(\\d\\d)(?:(\\d\\d)(?:\\.(\\d+))?)?)?)?)?)?([+-]\\d{4})?");
  private static final Pattern FHIR = Pattern
      .compile(
          "(\\d{4})(?:-(\\d\\d)(?:-(\\d\\d)(?:T(\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d+))?(Z|[+-]\\d\\d:\\d\\d))?)?)?");
  /** Ten thousand years. */
  private static final double MOST_SECONDS = 3.2e11;
  private static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT);
  private static final DateTimeFormatter HL7_SECONDS = DateTimeFormatter.ofPattern("uuuuMMddHHmmss", Locale.ROOT);

  /** @param zone of a time that names none */
  static PartialDateTime ofHl7(String text, ZoneId zone) {
    return of(HL7, text, zone);
  }

  static PartialDateTime ofFhir(String text, ZoneId zone) {
    return of(FHIR, text, zone);
  }

  private static PartialDateTime of(Pattern pattern, String text, ZoneId zone) {
    Matcher match = pattern.matcher(text);
    if (text.length() > 64 || !match.matches()) throw unreadable(text);
    int known = 1;
    int[] parts = {0, 1, 1, 0, 0, 0};
    for (int i = 0; i < 6 && match.group(i + 1) != null; i++) {
      parts[i] = Integer.parseInt(match.group(i + 1));
      known = i + 1;
    }
    try {
      LocalDateTime local = LocalDateTime.of(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5])
          .plusNanos(nanos(match.group(7)));
      if (parts[0] == 0) throw unreadable(text);
      ZoneOffset offset = match.group(8) == null ? zone.getRules().getOffset(local) : ZoneOffset.of(match.group(8));
      return new PartialDateTime(local.atOffset(offset), 2 + 2 * known, match.group(7));
    } catch (DateTimeException impossible) {
      throw unreadable(text);
    }
  }

  private static long nanos(String fraction) {
    if (fraction == null) return 0;
    return Long.parseLong((fraction + "00").substring(0, 3)) * 1_000_000;
  }

  private static ConversionException unreadable(String text) {
    String shown = text.length() > 40 ? text.substring(0, 40) + "..." : text;
    return new ConversionException(ErrorCode.INVALID_DATE_TIME_FORMAT,
        "'" + shown + "' is not written as a date or time is");
  }

  private static ConversionException beyond() {
    return new ConversionException(ErrorCode.INVALID_DATE_TIME_FORMAT, "a time outside of the years 1 to 9999");
  }

  PartialDateTime date() {
    return new PartialDateTime(value, Math.min(digits, 8), null);
  }

  PartialDateTime plusSeconds(double seconds) {
    if (!(Math.abs(seconds) < MOST_SECONDS)) throw beyond();
    long millis = Math.round(seconds * 1000);
    OffsetDateTime later = value.plusSeconds(Math.floorDiv(millis, 1000L))
        .plusNanos(Math.floorMod(millis, 1000L) * 1_000_000);
    if (later.getYear() < 1 || later.getYear() > 9999) throw beyond();
    String rest = fraction == null && later.getNano() == 0
        ? null
        : String.format(Locale.ROOT, "%03d", later.getNano() / 1_000_000);
    return new PartialDateTime(later, 14, rest);
  }

  /** @param handling {@code preserve}, {@code utc} or {@code local} (which is {@code zone}), case aside */
  PartialDateTime in(String handling, ZoneId zone) {
    return switch (handling.toLowerCase(Locale.ROOT)) {
      case "preserve" -> this;
      case "utc" -> new PartialDateTime(value.withOffsetSameInstant(ZoneOffset.UTC), digits, fraction);
      case "local" -> new PartialDateTime(value.atZoneSameInstant(zone).toOffsetDateTime(), digits, fraction);
      default -> throw new ConversionException(ErrorCode.INVALID_TIME_ZONE_HANDLING,
          "a time is put into no zone but 'utc' or 'local', or left in its own by 'preserve'");
    };
  }

  String toFhir() {
    String seconds = SECONDS.format(value);
    if (digits <= 8) return seconds.substring(0, digits == 4 ? 4 : digits == 6 ? 7 : 10);
    return seconds + (fraction == null ? "" : "." + fraction) + value.getOffset().getId();
  }

  String toHl7() {
    String seconds = HL7_SECONDS.format(value);
    if (digits <= 8) return seconds.substring(0, digits);
    String offset = value.getOffset().getId().replace(":", "");
    return seconds + (fraction == null ? "" : "." + fraction) + (offset.equals("Z") ? "+0000" : offset);
  }
}
