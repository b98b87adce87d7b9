package io.caregrid.templates.hl7v2;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an answer needs of a message's header, also of a message that cannot be converted (HL7 v2 2.15.9). Texts have their escapes resolved; what is missing is
 * empty.
 *
 * @param type      MSH-9.1, for instance {@code ADT}
 * @param event     MSH-9.2, for instance {@code A01}
 * @param structure MSH-9.3, for instance {@code ADT_A01}
 * @param charset   MSH-18, its first repetition
 * @param separator the field separator, MSH-1
 * @param encoding  the other separators, MSH-2
 */
public record Header(String sendingApplication, String sendingFacility, String receivingApplication,
    String receivingFacility, String type, String event, String structure, String controlId, String processingId,
    String version, String charset, char separator, String encoding) {

  private static final Pattern SENT = Pattern.compile("(\\d{4,14})(?:\\.\\d*)?([+-])(\\d\\d)([0-5]\\d)");
  private static final DateTimeFormatter LOCAL = DateTimeFormatter.ofPattern("uuuuMMddHHmmss", Locale.ROOT)
      .withResolverStyle(ResolverStyle.STRICT);
  /** ISO 8601 knows none beyond; Java neither. */
  private static final int MOST_MINUTES = 18 * 60;
  /** What is not said of a time. */
  private static final String FIRST = "00000101000000";

  /**
   * Reads the first segment and nothing behind it.
   *
   * @throws io.caregrid.templates.liquid.ConversionException 1202 to 1206 when there is no MSH that names its separators
   */
  public static Header of(String message) {
    Segment segment = Message.parse(firstLine(message)).segments().get(0);
    return new Header(field(segment, 3), field(segment, 4), field(segment, 5), field(segment, 6), part(segment, 9, 1),
        part(segment, 9, 2), part(segment, 9, 3), field(segment, 10), part(segment, 11, 1), part(segment, 12, 1),
        first(segment, 18), segment.separators.field(), field(segment, 2));
  }

  /**
   * The zone of all times of the message that name none: the offset that MSH-7 has, {@code 20261103091544+0100} (HL7 v2.5.1 2.15.9.7). Where it has none, or the very one that the zone of
   * the configuration has at that time, it is that zone, which also knows what the offset is on the other side of a change of clocks.
   *
   * @param configured the zone where the sender is, as far as anybody knows
   * @throws io.caregrid.templates.liquid.ConversionException as {@link #of}
   */
  public static ZoneId zone(String message, ZoneId configured) {
    Segment segment = Message.parse(firstLine(message)).segments().get(0);
    Matcher sent = SENT.matcher(part(segment, 7, 1));
    if (!sent.matches()) return configured;
    int minutes = Integer.parseInt(sent.group(3)) * 60 + Integer.parseInt(sent.group(4));
    if (minutes > MOST_MINUTES) return configured;
    ZoneOffset offset = ZoneOffset.ofTotalSeconds((sent.group(2).equals("-") ? -60 : 60) * minutes);
    return isThat(offset, configured, sent.group(1)) ? configured : offset;
  }

  /** @param digits of a time, year first, of which the end may be missing */
  private static boolean isThat(ZoneOffset offset, ZoneId zone, String digits) {
    try {
      LocalDateTime at = LocalDateTime.parse(digits + FIRST.substring(digits.length()), LOCAL);
      return zone.getRules().getValidOffsets(at).contains(offset);
    } catch (DateTimeException none) {
      return false;
    }
  }

  private static String firstLine(String message) {
    if (message == null) return null;
    int from = 0;
    while (from < message.length() && (message.charAt(from) <= ' ' || message.charAt(from) == '\uFEFF')) from++;
    int to = from;
    while (to < message.length() && message.charAt(to) != '\r' && message.charAt(to) != '\n') to++;
    return message.substring(from, to);
  }

  private static String field(Segment segment, int index) {
    return segment.at(index) instanceof Field field ? plain(field.value()) : "";
  }

  private static String first(Segment segment, int index) {
    if (!(segment.at(index) instanceof Field field)) return "";
    return field.at("Repeats") instanceof java.util.List<?> all && !all.isEmpty() && all.get(0) instanceof Field one
        ? plain(one.value())
        : "";
  }

  private static String part(Segment segment, int index, int component) {
    return segment.at(index) instanceof Field field && field.at(component) instanceof Component one
        ? plain(one.value())
        : "";
  }

  /** Without the escapes for JSON that templates need. */
  private static String plain(String escaped) {
    return escaped.indexOf('\\') < 0 ? escaped : escaped.replaceAll("\\\\([\\\\\"])", "$1");
  }
}
