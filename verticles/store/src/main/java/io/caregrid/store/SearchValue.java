package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Values as a client writes them: a comma means or, a backslash takes a meaning away (FHIR R4 search.html#escaping). */
final class SearchValue {
  private static final String UNREADABLE = " cannot be read: a date is written 2026, 2026-11, 2026-11-20 or 2026-11-20T10:00:00Z, "
      + "with one of eq ne gt lt ge le sa eb ap in front if wanted";

  enum Prefix {
    EQ, NE, GT, LT, GE, LE, SA, EB, AP
  }

  record Date(Prefix prefix, Span span) {}

  private static final Map<String, Double> METRES = new TreeMap<>(
      Map.of("km", 1_000.0, "m", 1.0, "[mi_i]", 1_609.344, "[mi_us]", 1_609.347_219, "mi", 1_609.344));
  private static final int MOST_SEGMENTS = 50;
  private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,40}(\\.\\d{1,40})?([eE][+-]?\\d{1,3})?");

  private SearchValue() {}

  /** Null when it is none, or longer than anybody measures. */
  static BigDecimal number(String text) {
    return NUMBER.matcher(text).matches() ? new BigDecimal(text) : null;
  }

  /** Split at commas, empty ones left out, still escaped. */
  static List<String> alternatives(String value) {
    List<String> found = split(value, ',');
    found.removeIf(String::isEmpty);
    return found;
  }

  /** Index of the first such character that no backslash stands before, or -1. */
  private static int plain(String value, char wanted, int from) {
    for (int i = from; i < value.length(); i++) {
      if (value.charAt(i) == '\\') i++;
      else if (value.charAt(i) == wanted) return i;
    }
    return -1;
  }

  static String unescaped(String value) {
    StringBuilder plain = new StringBuilder(value.length());
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      boolean escape = c == '\\' && i + 1 < value.length();
      plain.append(escape ? value.charAt(++i) : c);
    }
    return plain.toString();
  }

  /** Split at every such character that no backslash stands before; without their backslashes. */
  static List<String> parts(String value, char at) {
    return split(value, at).stream().map(SearchValue::unescaped).toList();
  }

  /** As {@link #parts}, still escaped. */
  static List<String> split(String value, char at) {
    List<String> found = new ArrayList<>();
    int from = 0;
    for (int next = plain(value, at, 0); next >= 0; next = plain(value, at, from)) {
      found.add(value.substring(from, next));
      from = next + 1;
    }
    found.add(value.substring(from));
    return found;
  }

  /**
   * @param system null: any; empty: none
   * @param code   empty: any
   */
  record Code(String system, String code) {
    boolean is(Found.Code there) {
      return (code.isEmpty() ? !there.system().isEmpty() || !there.code().isEmpty() : code.equals(there.code()))
          && (system == null || system.equals(there.system()));
    }
  }

  /** {@code code}, {@code system|code}, {@code |code} or {@code system|}. */
  static Code code(String name, String value) {
    int bar = plain(value, '|', 0);
    if (bar < 0) return new Code(null, unescaped(value));
    Code code = new Code(unescaped(value.substring(0, bar)), unescaped(value.substring(bar + 1)));
    if (code.system().isEmpty() && code.code().isEmpty())
      throw new Failure.Invalid(name + " needs a code, a system or both around the |");
    return code;
  }

  /** A bare id means a resource of the only type the parameter may point to, where there is only one. */
  static String reference(String type, String value) {
    String target = Postings.local(unescaped(value));
    return type != null && Ids.legal(target) ? type + "/" + target : target;
  }

  /** A blank stands for the plus of an offset, which forms and many who write addresses by hand do not encode. */
  static Date date(String name, String escaped, Instant now) {
    String value = unescaped(escaped).replace(' ', '+');
    Prefix prefix = prefix(value);
    Span span = Span.parse(prefix == null ? value : value.substring(2))
        .orElseThrow(() -> new Failure.Invalid("The value of " + name + UNREADABLE));
    return prefix == Prefix.AP
        ? new Date(prefix, about(span, now))
        : new Date(prefix == null ? Prefix.EQ : prefix, span);
  }

  private static Prefix prefix(String value) {
    for (Prefix prefix : Prefix.values()) {
      if (value.startsWith(prefix.name().toLowerCase(Locale.ROOT))) return prefix;
    }
    return null;
  }

  /** Wider by a tenth of its distance from now, as FHIR R4 recommends. */
  private static Span about(Span span, Instant now) {
    Duration slack = Duration.between(span.from(), now).abs().dividedBy(10);
    Instant from = span.from().minus(slack);
    Instant to = span.to().plus(slack);
    return new Span(from.isBefore(Span.FIRST) ? Span.FIRST : from, to.isAfter(Span.LAST) ? Span.LAST : to);
  }

  /**
   * @param low    from where it reaches by its digits (FHIR R4 search.html#number), or as about; for the prefixes that take it exactly the value itself
   * @param system null: any
   * @param code   null: any; without a system the unit for people is meant too
   */
  record Amount(Prefix prefix, BigDecimal value, BigDecimal low, BigDecimal high, String system, String code) {}

  /** {@code number}, of a quantity {@code number|system|code} and {@code number||code} too, a prefix before it. */
  static Amount amount(Param param, String name, String escaped) {
    List<String> parts = parts(escaped, '|');
    String text = parts.get(0);
    Prefix prefix = prefix(text);
    String digits = prefix == null ? text : text.substring(2);
    BigDecimal value = number(digits);
    boolean many = param.kind() == Param.Kind.NUMBER ? parts.size() > 1 : parts.size() == 2 || parts.size() > 3;
    if (value == null || many)
      throw new Failure.Invalid("The value of " + name + " cannot be read: a number is written 5.4 or 1e-3, a quantity "
          + "5.4|http://unitsofmeasure.org|mg or 5.4||mg, with one of eq ne gt lt ge le sa eb ap in front if wanted");
    Prefix how = prefix == null ? Prefix.EQ : prefix;
    BigDecimal slack = slack(how, value);
    return new Amount(how, value, value.subtract(slack), value.add(slack), part(parts, 1), part(parts, 2));
  }

  private static String part(List<String> parts, int at) {
    return parts.size() <= at || parts.get(at).isEmpty() ? null : parts.get(at);
  }

  /** Half of the last digit; behind a power of ten a tenth of that: 1e2 is 95 to 105 (FHIR R4 search.html#number). About is a tenth. */
  private static BigDecimal slack(Prefix prefix, BigDecimal value) {
    int last = value.scale() >= 0 ? -value.scale() : -value.scale() - 1;
    BigDecimal half = new BigDecimal("0.5").scaleByPowerOfTen(last);
    return switch (prefix) {
      case EQ, NE -> half;
      case AP -> value.abs().movePointLeft(1).max(half);
      default -> BigDecimal.ZERO;
    };
  }

  /** A place and how far around it, in metres. */
  record Circle(double latitude, double longitude, double metres) {

    private static final double EARTH = 6_371_000;

    /** The haversine formula. */
    boolean has(Found.Place place) {
      double up = Math.toRadians(place.latitude() - latitude) / 2;
      double across = Math.toRadians(place.longitude() - longitude) / 2;
      double chord = Math.pow(Math.sin(up), 2) + Math.cos(Math.toRadians(latitude))
          * Math.cos(Math.toRadians(place.latitude())) * Math.pow(Math.sin(across), 2);
      return 2 * EARTH * Math.asin(Math.sqrt(Math.min(1, chord))) <= metres;
    }
  }

  /** {@code latitude|longitude|distance|unit}; without them within a kilometre (FHIR R4 location.html#positional). */
  static Circle circle(String name, String value) {
    List<String> parts = parts(value, '|');
    BigDecimal[] numbers = new BigDecimal[3];
    for (int i = 0; i < Math.min(3, parts.size()); i++) numbers[i] = number(parts.get(i));
    Double unit = METRES.get(parts.size() < 4 || parts.get(3).isEmpty() ? "km" : parts.get(3));
    boolean distance = parts.size() < 3 || numbers[2] != null && numbers[2].signum() >= 0;
    if (parts.size() > 4 || numbers[0] == null || numbers[1] == null || unit == null || !distance)
      throw new Failure.Invalid(name + " is written latitude|longitude|distance|unit, the unit one of "
          + String.join(", ", METRES.keySet()));
    double far = numbers[2] == null ? 1 : numbers[2].doubleValue();
    return new Circle(numbers[0].doubleValue(), numbers[1].doubleValue(), far * unit);
  }

  /** Itself and what is above it: the same without its last segments (FHIR R4 search.html#uri). */
  static Set<String> above(String uri) {
    if (uri.chars().filter(c -> c == '/').count() > MOST_SEGMENTS)
      throw new Failure.Invalid("A URI with :above has at most " + MOST_SEGMENTS + " slashes");
    Set<String> found = new LinkedHashSet<>(List.of(uri));
    int least = uri.indexOf("://") < 0 ? 0 : uri.indexOf("://") + 3;
    for (int slash = uri.lastIndexOf('/'); slash > least; slash = uri.lastIndexOf('/', slash - 1)) {
      found.add(uri.substring(0, slash));
      found.add(uri.substring(0, slash + 1));
    }
    return found;
  }
}
