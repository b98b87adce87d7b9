package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.regex.Pattern;

/**
 * The form of one primitive value (FHIR R4 datatypes.html#primitive), and how JSON writes it. Blanks inside a uri are let through: systems in use have them.
 */
enum Primitive {
  BOOLEAN("boolean", Json.BOOLEAN),
  INTEGER("integer", Json.NUMBER),
  UNSIGNED_INT("unsignedInt", Json.NUMBER),
  POSITIVE_INT(
      "positiveInt",
      Json.NUMBER),
  DECIMAL("decimal", Json.NUMBER),
  STRING("string", Json.STRING),
  MARKDOWN("markdown", Json.STRING),
  CODE(
      "code", Json.STRING),
  ID("id", Json.STRING),
  URI("uri", Json.STRING),
  URL("url", Json.STRING),
  CANONICAL(
      "canonical", Json.STRING),
  OID("oid", Json.STRING),
  UUID("uuid", Json.STRING),
  DATE("date",
      Json.STRING),
  DATE_TIME("dateTime", Json.STRING),
  INSTANT("instant", Json.STRING),
  TIME("time",
      Json.STRING),
  BASE64("base64Binary", Json.STRING),
  XHTML("xhtml", Json.STRING);

  enum Json {
    BOOLEAN, NUMBER, STRING
  }

  /** Written out, exponent and all: a hundred decillion has 36. Nine characters of JSON can be a number of a billion digits. */
  static final int MOST_DIGITS = 1_000;
  /** datatypes.html#string: a megabyte, counted in characters. */
  static final int MOST_CHARACTERS = 1 << 20;
  private static final Pattern OID_FORM = Pattern.compile("urn:oid:[0-2](\\.(0|[1-9][0-9]*))+");
  private static final Pattern UUID_FORM = Pattern
      .compile("urn:uuid:[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  /** In FHIR's own words. */
  final String fhir;
  final Json json;

  Primitive(String fhir, Json json) {
    this.fhir = fhir;
    this.json = json;
  }

  boolean isWritten(JsonNode value) {
    return switch (json) {
      case BOOLEAN -> value.isBoolean();
      case NUMBER -> value.isNumber();
      case STRING -> value.isTextual();
    };
  }

  /** What is wrong with a value that is written as it should be; null when nothing is. Completes "Patient.birthDate …". */
  String fault(JsonNode value) {
    return switch (this) {
      case BOOLEAN -> null;
      case INTEGER -> whole(value, Integer.MIN_VALUE);
      case UNSIGNED_INT -> whole(value, 0);
      case POSITIVE_INT -> whole(value, 1);
      case DECIMAL -> decimal(value);
      case XHTML -> null;
      case BASE64 -> base64(value.textValue());
      default -> text(value.textValue());
    };
  }

  private static String whole(JsonNode value, int least) {
    if (value.isInt() && value.intValue() >= least) return null;
    return "must be a whole number, " + least + ".." + Integer.MAX_VALUE;
  }

  private static String decimal(JsonNode value) {
    if (value.isInt() || value.isLong()) return null;
    if (!(value instanceof Digits digits)) return null;
    return digits.isTooLong() ? "has more than " + MOST_DIGITS + " digits when it is written out" : null;
  }

  private String text(String text) {
    if (text.isEmpty()) return "must not be empty: leave it out";
    if (text.length() > MOST_CHARACTERS) return "is longer than 1,048,576 characters, the most FHIR allows";
    String unwritable = unwritable(text);
    if (unwritable != null) return unwritable;
    boolean met = switch (this) {
      case CODE -> isCode(text);
      case ID -> isId(text);
      case OID -> OID_FORM.matcher(text).matches();
      case UUID -> UUID_FORM.matcher(text).matches();
      case DATE -> Dates.isDate(text);
      case DATE_TIME -> Dates.isDateTime(text);
      case INSTANT -> Dates.isInstant(text);
      case TIME -> Dates.isTime(text, 0, text.length());
      default -> true;
    };
    return met ? null : "is not a valid " + fhir + form();
  }

  private String form() {
    return switch (this) {
      case CODE -> ": no blank stands at its begin or end, or beside another";
      case ID -> ": 1 to 64 characters out of A-Z a-z 0-9 - and .";
      case OID -> ", such as urn:oid:1.2.3.4.5";
      case UUID -> ", such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
      case DATE -> ", such as 2026, 2026-11 or 2026-11-20";
      case DATE_TIME -> ", such as 2026, 2026-11-20 or 2026-11-20T10:00:00+01:00";
      case INSTANT -> ", such as 2026-11-20T10:00:00.123+01:00";
      case TIME -> ", such as 10:00:00";
      default -> "";
    };
  }

  /** datatypes.html#string: no control characters but tab, CR and LF; half a surrogate pair is none, and XML can write neither U+FFFE nor U+FFFF. */
  static String unwritable(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= ' ' && c < Character.MIN_SURROGATE || c == '\t' || c == '\n' || c == '\r') continue;
      if (c < ' ')
        return "holds the control character U+" + String.format("%04X", (int) c) + ", which FHIR does not allow";
      if (c == 0xFFFE || c == 0xFFFF)
        return "holds U+" + Integer.toHexString(c).toUpperCase() + ", which is no character";
      if (!Character.isSurrogate(c)) continue;
      boolean pair = Character.isHighSurrogate(c) && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1));
      if (!pair) return "holds half of a surrogate pair, which is no character";
      i++;
    }
    return null;
  }

  private static boolean isCode(String text) {
    boolean blank = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
      if (space && blank) return false;
      blank = space;
    }
    return !blank;
  }

  static boolean isId(String text) {
    if (text.isEmpty() || text.length() > 64) return false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean fits = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.';
      if (!fits) return false;
    }
    return true;
  }

  private static String base64(String text) {
    if (text.isEmpty()) return "must not be empty: leave it out";
    int signs = 0;
    int padding = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
      boolean sign = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/';
      if (c == '=') padding++;
      else if (!sign || padding > 0) return "is not base64: only A-Z a-z 0-9 + / and, at the end, = may stand there";
      signs++;
    }
    boolean whole = signs % 4 == 0 && padding <= 2 && signs > 0;
    return whole ? null : "is not base64: its length is no multiple of four";
  }

  /** Dates without objects: most of what is written to this house has several. */
  static final class Dates {
    private static final int DAY = 10;

    private Dates() {}

    static boolean isDate(String text) {
      int length = text.length();
      if (length != 4 && length != 7 && length != DAY) return false;
      int year = digits(text, 0, 4);
      if (year < 1) return false;
      if (length == 4) return true;
      int month = text.charAt(4) == '-' ? digits(text, 5, 7) : -1;
      if (month < 1 || month > 12) return false;
      return length == 7 || text.charAt(7) == '-' && isDay(year, month, digits(text, 8, DAY));
    }

    private static boolean isDay(int year, int month, int day) {
      if (day < 1 || day > 31) return false;
      if (day <= 28) return true;
      try {
        LocalDate.of(year, month, day);
        return true;
      } catch (DateTimeException none) {
        return false;
      }
    }

    static boolean isDateTime(String text) {
      return text.length() <= DAY ? isDate(text) : isInstant(text);
    }

    static boolean isInstant(String text) {
      if (text.length() < 20 || text.charAt(DAY) != 'T' || !isDate(text.substring(0, DAY))) return false;
      int zone = text.endsWith("Z") ? text.length() - 1 : text.length() - 6;
      return isTime(text, DAY + 1, zone) && (text.endsWith("Z") || isZone(text, zone));
    }

    private static boolean isZone(String text, int at) {
      if (text.charAt(at) != '+' && text.charAt(at) != '-' || text.charAt(at + 3) != ':') return false;
      int hours = digits(text, at + 1, at + 3);
      int minutes = digits(text, at + 4, at + 6);
      return hours >= 0 && minutes >= 0 && minutes < 60 && (hours < 14 || hours == 14 && minutes == 0);
    }

    /** hh:mm:ss, with any part of a second. A 60th second is a leap second. */
    static boolean isTime(String text, int from, int to) {
      if (to - from < 8 || text.charAt(from + 2) != ':' || text.charAt(from + 5) != ':') return false;
      int hour = digits(text, from, from + 2);
      int minute = digits(text, from + 3, from + 5);
      int second = digits(text, from + 6, from + 8);
      if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
      if (to - from == 8) return true;
      if (text.charAt(from + 8) != '.' || to - from == 9) return false;
      for (int i = from + 9; i < to; i++) {
        if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
      }
      return true;
    }

    /** -1 when another sign stands there. */
    private static int digits(String text, int from, int to) {
      int value = 0;
      for (int i = from; i < to; i++) {
        char c = text.charAt(i);
        if (c < '0' || c > '9') return -1;
        value = value * 10 + c - '0';
      }
      return value;
    }
  }
}
