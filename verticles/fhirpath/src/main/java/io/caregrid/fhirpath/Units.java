package io.caregrid.fhirpath;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A UCUM unit as a fraction of base units, without rounding. {@link #of} gives null for what is no unit.
 *
 * @param over       how many base units this one is, divided by {@code under}
 * @param shift      what is added before multiplying; 0 but for temperatures
 * @param dimensions base unit → power, none of them 0
 */
record Units(BigDecimal over, BigDecimal under, BigDecimal shift, Map<String, Integer> dimensions) {

  private static final int LONGEST = 60;
  private static final int KEPT = 2_000;
  private static final Units ONE = new Units(BigDecimal.ONE, BigDecimal.ONE, BigDecimal.ZERO, Map.of());
  private static final Map<String, Units> READ = new ConcurrentHashMap<>();

  /** Null when it is no unit of UCUM. */
  static Units of(String ucum) {
    Units there = READ.get(ucum);
    if (there != null) return there;
    Units made = ucum.length() > LONGEST ? null : read(ucum);
    if (made == null) return null;
    if (READ.size() >= KEPT) READ.clear();
    READ.put(ucum, made);
    return made;
  }

  private static Units read(String ucum) {
    Reader reader = new Reader(ucum.replaceAll("\\{[^}]*}", ""));
    return reader.text.isEmpty() ? ONE : reader.whole();
  }

  /** So many of this one in base units, times {@code under}. */
  BigDecimal scaled(BigDecimal value) {
    return value.add(shift).multiply(over);
  }

  /** So many of this one in the other, to 34 digits. */
  BigDecimal in(Units other, BigDecimal value) {
    BigDecimal shifted = scaled(value).multiply(other.under)
        .divide(under.multiply(other.over), MathContext.DECIMAL128);
    return shifted.subtract(other.shift);
  }

  /** Negative, zero, positive: this many of this one against so many of the other. Dimensions must be the same. */
  int compare(BigDecimal value, Units other, BigDecimal otherValue) {
    return scaled(value).multiply(other.under).compareTo(other.scaled(otherValue).multiply(under));
  }

  /** Whether one of this is more than one of the other. */
  boolean isCoarserThan(Units other) {
    return over.multiply(other.under).compareTo(other.over.multiply(under)) >= 0;
  }

  private Units times(Units other, int sign) {
    Map<String, Integer> all = new TreeMap<>(dimensions);
    other.dimensions.forEach((name, power) -> all.merge(name, sign * power, Integer::sum));
    all.values().removeIf(power -> power == 0);
    BigDecimal up = sign > 0 ? other.over : other.under;
    BigDecimal down = sign > 0 ? other.under : other.over;
    return new Units(over.multiply(up), under.multiply(down), BigDecimal.ZERO, all);
  }

  private Units times(BigDecimal factor) {
    return new Units(over.multiply(factor), under, BigDecimal.ZERO, dimensions);
  }

  /** UCUM's terms: components joined by {@code .} and {@code /}, from left to right; brackets; an exponent behind a unit. */
  private static final class Reader {
    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    Units whole() {
      Units alone = shifted(text);
      if (alone != null) return alone;
      Units found = term();
      return at == text.length() ? found : null;
    }

    private Units term() {
      int sign = take('/') ? -1 : 1;
      Units all = ONE;
      do {
        Units next = component();
        if (next == null) return null;
        all = all.times(next, sign);
        sign = at < text.length() && text.charAt(at) == '/' ? -1 : 1;
      } while (take('/') || take('.'));
      return all;
    }

    private Units component() {
      if (take('(')) {
        Units inner = term();
        return take(')') ? inner : null;
      }
      int start = at;
      for (boolean bracket = false; at < text.length() && (bracket || "./()".indexOf(text.charAt(at)) < 0); at++) {
        if (text.charAt(at) == '[') bracket = true;
        if (text.charAt(at) == ']') bracket = false;
      }
      return simple(text.substring(start, at));
    }

    private boolean take(char one) {
      boolean there = at < text.length() && text.charAt(at) == one;
      if (there) at++;
      return there;
    }
  }

  /** A unit with a shift, which stands alone; null for any other. */
  private static Units shifted(String text) {
    Ucum.Atom atom = Ucum.MODEL.atom(text);
    if (atom == null || atom.shift().signum() == 0) return null;
    Units base = of(atom.unit()).times(atom.value());
    return new Units(base.over, base.under, atom.shift(), base.dimensions);
  }

  private static Units simple(String text) {
    if (text.matches("\\d{1,9}")) return new BigDecimal(text).signum() == 0 ? null : ONE.times(new BigDecimal(text));
    if (text.matches("10[*^][+-]?\\d{1,2}"))
      return power(Integer.parseInt(text.substring(3)));
    int end = text.length();
    while (end > 0 && "0123456789+-".indexOf(text.charAt(end - 1)) >= 0) end--;
    Units unit = atom(text.substring(0, end));
    if (unit == null || end == text.length()) return unit;
    return text.substring(end).matches("[+-]?\\d") ? raised(unit, Integer.parseInt(text.substring(end))) : null;
  }

  private static Units power(int exponent) {
    BigDecimal ten = BigDecimal.TEN.pow(Math.abs(exponent));
    return exponent >= 0 ? ONE.times(ten) : ONE.times(ONE.times(ten), -1);
  }

  private static Units raised(Units unit, int power) {
    Units all = ONE;
    for (int i = 0; i < Math.abs(power); i++) all = all.times(unit, Integer.signum(power));
    return all;
  }

  /** With a prefix or without; one or two letters are one. */
  private static Units atom(String name) {
    Ucum.Atom plain = Ucum.MODEL.atom(name);
    if (plain != null) return defined(plain);
    for (int length = 1; length <= 2 && length < name.length(); length++) {
      BigDecimal prefix = Ucum.MODEL.prefix(name.substring(0, length));
      Ucum.Atom metric = prefix == null ? null : Ucum.MODEL.atom(name.substring(length));
      if (metric != null && metric.metric()) return prefixed(prefix, metric);
    }
    return null;
  }

  private static Units prefixed(BigDecimal prefix, Ucum.Atom metric) {
    Units unit = defined(metric);
    return unit == null ? null : unit.times(prefix);
  }

  /** Null for one with a shift, which is no factor. */
  private static Units defined(Ucum.Atom atom) {
    if (atom.shift().signum() != 0) return null;
    if (atom.unit() == null) return new Units(BigDecimal.ONE, BigDecimal.ONE, BigDecimal.ZERO, Map.of(atom.code(), 1));
    Units base = of(atom.unit());
    return base == null ? null : base.times(atom.value());
  }
}
