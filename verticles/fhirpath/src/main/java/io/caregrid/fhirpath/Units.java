package io.caregrid.fhirpath;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A UCUM unit as a factor of base units. Knows the units of vital signs, laboratory values and doses, with prefixes, powers, products and quotients;
 * {@link #of} gives null for any other, and for those that are not a mere factor, as {@code Cel} is not.
 *
 * @param factor     how many base units this one is
 * @param dimensions base unit → power, none of them 0
 */
record Units(BigDecimal factor, Map<String, Integer> dimensions) {
  private static final int LONGEST = 60;
  private static final Map<String, BigDecimal> PREFIXES = Map.ofEntries(power("G", 9), power("M", 6), power("k", 3),
      power("h", 2), power("d", -1), power("c", -2), power("m", -3), power("u", -6), power("n", -9), power("p", -12),
      power("f", -15));
  private static final Map<String, Units> METRIC = new HashMap<>();
  private static final Map<String, Units> OTHERS = new HashMap<>();
  private static final Units ONE = new Units(BigDecimal.ONE, Map.of());

  static {
    for (String base : new String[] {"m", "g", "s", "mol", "K", "cd", "A", "bit", "eq", "osm", "[iU]", "B"}) {
      METRIC.put(base, new Units(BigDecimal.ONE, Map.of(base, 1)));
    }
    define(METRIC, "L", "0.001", "m3");
    define(METRIC, "l", "0.001", "m3");
    define(METRIC, "N", "1000", "g.m/s2");
    define(METRIC, "Pa", "1000", "g/m/s2");
    define(METRIC, "J", "1000", "g.m2/s2");
    define(METRIC, "W", "1000", "g.m2/s3");
    define(METRIC, "Hz", "1", "/s");
    define(METRIC, "bar", "100000000", "g/m/s2");
    define(METRIC, "cal", "4184", "g.m2/s2");
    define(METRIC, "V", "1000", "g.m2/s3/A");
    define(METRIC, "kat", "1", "mol/s");
    define(METRIC, "U", "0.000000016666666666666666666666666666667", "mol/s");
    define(METRIC, "[IU]", "1", "[iU]");
    define(METRIC, "t", "1000000", "g");
    define(METRIC, "m[Hg]", "133322000", "g/m/s2");
    define(METRIC, "m[H2O]", "9806650", "g/m/s2");
    define(OTHERS, "%", "0.01", "1");
    define(OTHERS, "min", "60", "s");
    define(OTHERS, "h", "3600", "s");
    define(OTHERS, "d", "86400", "s");
    define(OTHERS, "wk", "604800", "s");
    define(OTHERS, "mo", "2629800", "s");
    define(OTHERS, "a", "31557600", "s");
    define(OTHERS, "[in_i]", "0.0254", "m");
    define(OTHERS, "[ft_i]", "0.3048", "m");
    define(OTHERS, "[mi_i]", "1609.344", "m");
    define(OTHERS, "[lb_av]", "453.59237", "g");
    define(OTHERS, "[oz_av]", "28.349523125", "g");
  }

  private static Map.Entry<String, BigDecimal> power(String prefix, int exponent) {
    return Map.entry(prefix, BigDecimal.ONE.scaleByPowerOfTen(exponent));
  }

  private static void define(Map<String, Units> where, String name, String factor, String of) {
    Units base = of(of);
    where.put(name, new Units(base.factor.multiply(new BigDecimal(factor)), base.dimensions));
  }

  /** Null when the unit is not known here. */
  static Units of(String ucum) {
    if (ucum.length() > LONGEST) return null;
    Reader reader = new Reader(ucum.replaceAll("\\{[^}]*}", ""));
    return reader.text.isEmpty() ? ONE : reader.whole();
  }

  private Units times(Units other, int sign) {
    Map<String, Integer> all = new TreeMap<>(dimensions);
    other.dimensions.forEach((name, power) -> all.merge(name, sign * power, Integer::sum));
    all.values().removeIf(power -> power == 0);
    BigDecimal product = sign > 0
        ? factor.multiply(other.factor)
        : factor.divide(other.factor, MathContext.DECIMAL128);
    return new Units(product, all);
  }

  /** UCUM's terms: components joined by {@code .} and {@code /}, from left to right; brackets; an exponent behind a unit. */
  private static final class Reader {
    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    Units whole() {
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

  private static Units simple(String text) {
    if (text.matches("\\d{1,9}")) return new Units(new BigDecimal(text), Map.of());
    if (text.matches("10[*^]-?\\d{1,2}"))
      return new Units(BigDecimal.ONE.scaleByPowerOfTen(Integer.parseInt(text.substring(3))), Map.of());
    int end = text.length();
    while (end > 0 && "0123456789+-".indexOf(text.charAt(end - 1)) >= 0) end--;
    Units unit = atom(text.substring(0, end));
    if (unit == null || end == text.length()) return unit;
    return text.substring(end).matches("[+-]?\\d") ? raised(unit, Integer.parseInt(text.substring(end))) : null;
  }

  private static Units raised(Units unit, int power) {
    Units all = ONE;
    for (int i = 0; i < Math.abs(power); i++) all = all.times(unit, Integer.signum(power));
    return all;
  }

  private static Units atom(String name) {
    if (OTHERS.containsKey(name)) return OTHERS.get(name);
    if (METRIC.containsKey(name)) return METRIC.get(name);
    for (Map.Entry<String, BigDecimal> prefix : PREFIXES.entrySet()) {
      Units metric = name.startsWith(prefix.getKey()) ? METRIC.get(name.substring(prefix.getKey().length())) : null;
      if (metric != null) return new Units(metric.factor.multiply(prefix.getValue()), metric.dimensions);
    }
    return null;
  }
}
