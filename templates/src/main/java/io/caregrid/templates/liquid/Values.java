package io.caregrid.templates.liquid;

import java.math.BigDecimal;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** What Liquid values are worth: text, truth, equality and order, by DotLiquid's rules (which are those of .NET's conversions). */
public final class Values {
  private static final int MOST_ZEROS = 400;

  private Values() {}

  /** Only null and false are false; the empty text is true. */
  static boolean truth(Object value) {
    return value != null && !Boolean.FALSE.equals(value);
  }

  /** What {@code {{ value }}} writes. */
  static String rendered(Object value) {
    if (value == null || value instanceof Indexed) return "";
    if (value instanceof String text) return text;
    if (value instanceof Boolean truth) return truth ? "true" : "false";
    if (value instanceof List<?> list) {
      StringBuilder joined = new StringBuilder();
      for (Object one : list) joined.append(one instanceof Boolean truth ? truth ? "True" : "False" : rendered(one));
      return joined.toString();
    }
    if (value instanceof Map<?, ?> map) return mapText(map);
    return number(value);
  }

  private static String mapText(Map<?, ?> map) {
    StringBuilder joined = new StringBuilder();
    map.forEach((key, value) -> joined.append('[').append(key).append(", ").append(rendered(value)).append(']'));
    return joined.toString();
  }

  private static String number(Object value) {
    if (value instanceof BigDecimal decimal) {
      return sized(decimal).signum() == 0 ? "0" : decimal.stripTrailingZeros().toPlainString();
    }
    if (value instanceof Double real && real == Math.rint(real) && Math.abs(real) < 1e15)
      return Long.toString(real.longValue());
    return String.valueOf(value);
  }

  /** A filter's text parameter: numbers and booleans become text, null stays null, anything else is an error. */
  public static String text(Object value) {
    if (value == null || value instanceof String) return (String) value;
    if (value instanceof Boolean truth) return truth ? "True" : "False";
    if (value instanceof Number) return number(value);
    throw mistyped("text", value);
  }

  /** A filter's whole number; null is 0, as .NET makes it of a missing one. */
  public static int integer(Object value) {
    if (value == null) return 0;
    if (value instanceof Integer whole) return whole;
    if (value instanceof Number number) return (int) Math.rint(number.doubleValue());
    if (value instanceof Boolean truth) return truth ? 1 : 0;
    try {
      return Integer.parseInt(text(value).trim());
    } catch (NumberFormatException none) {
      throw mistyped("a whole number", value);
    }
  }

  /** A filter's number; null is 0. */
  public static double real(Object value) {
    if (value == null) return 0;
    if (value instanceof Number number) return number.doubleValue();
    if (value instanceof Boolean truth) return truth ? 1 : 0;
    return decimal(value).doubleValue();
  }

  static BigDecimal decimal(Object value) {
    if (value instanceof BigDecimal decimal) return sized(decimal);
    if (value instanceof Integer || value instanceof Long) return BigDecimal.valueOf(((Number) value).longValue());
    if (value instanceof Double real) return finite(real);
    String text = value == null ? "" : text(value).trim();
    if (text.length() > 100) throw mistyped("a number", value);
    try {
      return sized(new BigDecimal(text));
    } catch (NumberFormatException none) {
      throw mistyped("a number", value);
    }
  }

  /** Written out, a number has no more zeros than this, on either side of its point. */
  private static BigDecimal sized(BigDecimal number) {
    long order = (long) number.precision() - number.scale();
    if (Math.abs((long) number.scale()) <= MOST_ZEROS && Math.abs(order) <= MOST_ZEROS) return number;
    throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR, "a number is too large or too small");
  }

  private static BigDecimal finite(Double real) {
    if (real.isNaN() || real.isInfinite()) throw mistyped("a finite number", real);
    return BigDecimal.valueOf(real);
  }

  private static ConversionException mistyped(String wanted, Object value) {
    String got = value == null ? "nothing" : value instanceof String ? "other text" : value.getClass().getSimpleName();
    return new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR, "a filter wants " + wanted + " and gets " + got);
  }

  /** The items of what can be walked through (a text is its characters, a map its pairs), or null. */
  static List<?> items(Object value) {
    if (value instanceof List<?> list) return list;
    if (value instanceof Map<?, ?> map) return map.entrySet().stream().map(Pair::of).toList();
    if (value instanceof String text) return new Letters(text.codePoints().toArray());
    return null;
  }

  /** The characters of a text, each made when it is asked for. */
  private static final class Letters extends AbstractList<Object> {
    private final int[] points;

    Letters(int[] points) {
      this.points = points;
    }

    @Override
    public Object get(int index) {
      return Character.toString(points[index]);
    }

    @Override
    public int size() {
      return points.length;
    }
  }

  /** A filter's text that must be there. */
  public static String required(Object value) {
    if (value == null) throw mistyped("text", null);
    return text(value);
  }

  static boolean equal(Object left, Object right) {
    if (left instanceof Emptiness symbol) return symbol.holds(right);
    if (right instanceof Emptiness symbol) return symbol.holds(left);
    if (left == null || right == null) return left == right;
    if (left.equals(right)) return true;
    if (left instanceof Collection<?> one && right instanceof Collection<?> other) return sameItems(one, other);
    if (left instanceof Number && right instanceof Number) return decimal(left).compareTo(decimal(right)) == 0;
    if (left instanceof Number number && right instanceof String text) return isNumber(number, text);
    if (left instanceof String text && right instanceof Number number) return isNumber(number, text);
    if (left instanceof Boolean truth && right instanceof String text)
      return truth.toString().equalsIgnoreCase(text.trim());
    if (left instanceof String text && right instanceof Boolean truth)
      return truth.toString().equalsIgnoreCase(text.trim());
    if (left instanceof Boolean truth && right instanceof Number number) return truth == (number.doubleValue() != 0);
    return left instanceof Number number && right instanceof Boolean truth && truth == (number.doubleValue() != 0);
  }

  private static boolean sameItems(Collection<?> one, Collection<?> other) {
    if (one.size() != other.size()) return false;
    Iterator<?> beside = other.iterator();
    for (Object item : one) if (!equal(item, beside.next())) return false;
    return true;
  }

  private static boolean isNumber(Number number, String text) {
    if (text.length() > 100) return false;
    try {
      return decimal(number).compareTo(new BigDecimal(text.trim())) == 0;
    } catch (NumberFormatException | ConversionException none) {
      return false;
    }
  }

  /** Negative, zero or positive; both are non-null. The right one is read as the left one's kind. */
  static int compare(Object left, Object right) {
    if (left instanceof Number) return decimal(left).compareTo(decimal(right));
    if (left instanceof String text) return text.compareTo(text(right));
    if (left instanceof Boolean truth && right instanceof Boolean other) return Boolean.compare(truth, other);
    throw mistyped("something that has an order", left);
  }

  /** {@code blank} and {@code empty}, which equal what fits them. */
  enum Emptiness {
    BLANK, EMPTY;

    boolean holds(Object value) {
      if (this == BLANK && (value == null || Boolean.FALSE.equals(value))) return true;
      if (value instanceof String text) return this == BLANK ? text.isBlank() : text.isEmpty();
      return value instanceof Collection<?> list && list.isEmpty() || value instanceof Map<?, ?> map && map.isEmpty();
    }
  }

  /** {@code value} as a list of its own: null is none, a list is copied, anything else is the only item. */
  public static List<Object> listed(Object value) {
    if (value == null) return new ArrayList<>();
    if (value instanceof Collection<?> list) return new ArrayList<>(list);
    List<Object> only = new ArrayList<>();
    only.add(value);
    return only;
  }
}
