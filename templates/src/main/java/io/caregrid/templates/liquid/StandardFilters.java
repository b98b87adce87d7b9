package io.caregrid.templates.liquid;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** Liquid's own filters, as DotLiquid 2.0 has them ({@code replace} takes a regular expression, {@code split} drops what is empty). */
final class StandardFilters {
  private StandardFilters() {}

  static void addTo(Filters filters) {
    texts(filters);
    lists(filters);
    numbers(filters);
  }

  private static void texts(Filters filters) {
    text(filters, "downcase", each -> each.toLowerCase(Locale.ROOT));
    text(filters, "upcase", each -> each.toUpperCase(Locale.ROOT));
    text(filters, "strip", String::strip);
    text(filters, "lstrip", String::stripLeading);
    text(filters, "rstrip", String::stripTrailing);
    text(filters, "url_encode", each -> URLEncoder.encode(each, StandardCharsets.UTF_8));
    text(filters, "url_decode", each -> URLDecoder.decode(each, StandardCharsets.UTF_8));
    text(filters, "escape", StandardFilters::escaped);
    text(filters, "h", StandardFilters::escaped);
    text(filters, "strip_newlines", each -> each.replace("\r\n", "").replace("\n", ""));
    text(filters, "newline_to_br", each -> each.replaceAll("(\\r?\\n)", "<br />$1"));
    text(filters, "capitalize", StandardFilters::capitalized);
    filters.with("append", 1, 1, (run, value, with) -> value == null ? null : Values.text(value) + shown(with[0]));
    filters.with("prepend", 1, 1, (run, value, with) -> value == null ? null : shown(with[0]) + Values.text(value));
    filters.with("remove", 1, 1, (run, value, with) -> removed(Values.text(value), Values.text(with[0])));
    filters.with("replace", 1, 2,
        (run, value, with) -> Regex.replace(run, Values.text(value), Values.text(with[0]), second(with), true));
    filters.with("replace_first", 1, 2,
        (run, value, with) -> Regex.replace(run, Values.text(value), Values.text(with[0]), second(with), false));
    filters.with("remove_first", 1, 1,
        (run, value, with) -> Regex.replace(run, Values.text(value), Values.text(with[0]), "", false));
    filters.with("split", 1, 1, (run, value, with) -> split(run, Values.text(value), Values.text(with[0])));
    filters.with("slice", 1, 2, (run, value, with) -> slice(value, with));
    filters.with("truncate", 0, 2, (run, value, with) -> truncated(Values.text(value), with));
    filters.with("truncate_words", 0, 2, (run, value, with) -> fewerWords(Values.text(value), with));
    filters.with("truncatewords", 0, 2, (run, value, with) -> fewerWords(Values.text(value), with));
    filters.with("default", 1, 1,
        (run, value, with) -> Values.text(value) == null || Values.text(value).isBlank() ? with[0] : value);
  }

  private static void lists(Filters filters) {
    filters.with("size", 0, 0, (run, value, with) -> size(value));
    filters.with("join", 0, 1, (run, value, with) -> joined(run, value, with.length == 0 ? " " : Values.text(with[0])));
    filters.with("first", 0, 0, (run, value, with) -> end(Values.items(value), 0));
    filters.with("last", 0, 0, (run, value, with) -> end(Values.items(value), -1));
    filters.with("reverse", 0, 0, (run, value, with) -> value instanceof String ? value : reversed(value));
    filters.with("uniq", 0, 0,
        (run, value, with) -> value == null ? null : new ArrayList<>(new LinkedHashSet<>(Values.listed(value))));
    filters.with("compact", 0, 0,
        (run, value, with) -> value == null ? null : Values.listed(value).stream().filter(Objects::nonNull).toList());
    filters.with("sort", 0, 1, (run, value, with) -> sorted(value, with));
    filters.with("sort_natural", 0, 1, (run, value, with) -> sorted(value, with));
    filters.with("map", 1, 1, (run, value, with) -> mapped(value, Values.required(with[0])));
    filters.with("where", 1, 2, (run, value, with) -> where(value, with));
  }

  private static void numbers(Filters filters) {
    filters.with("plus", 1, 1, (run, value,
        with) -> value instanceof String text ? text + shown(with[0]) : exact(value, with[0], BigDecimal::add));
    filters.with("minus", 1, 1, (run, value, with) -> exact(value, with[0], BigDecimal::subtract));
    filters.with("times", 1, 1, (run, value, with) -> exact(value, with[0], BigDecimal::multiply));
    filters.with("divided_by", 1, 1, (run, value, with) -> exact(value, with[0], quotient(value, with[0])));
    filters.with("modulo", 1, 1, (run, value, with) -> exact(value, with[0], BigDecimal::remainder));
    filters.with("round", 0, 1, (run, value, with) -> rounded(value, with));
    filters.with("ceil", 0, 0, (run, value, with) -> Values.decimal(value).setScale(0, RoundingMode.CEILING));
    filters.with("floor", 0, 0, (run, value, with) -> Values.decimal(value).setScale(0, RoundingMode.FLOOR));
    filters.with("at_least", 1, 1, (run, value, with) -> Math.max(Values.real(value), Values.real(with[0])));
    filters.with("at_most", 1, 1, (run, value, with) -> Math.min(Values.real(value), Values.real(with[0])));
  }

  private static void text(Filters filters, String name, UnaryOperator<String> change) {
    filters.with(name, 0, 0, (run, value, with) -> value == null ? null : change.apply(Values.text(value)));
  }

  private static String shown(Object value) {
    String text = Values.text(value);
    return text == null ? "" : text;
  }

  private static String second(Object[] with) {
    return with.length < 2 ? "" : shown(with[1]);
  }

  private static String removed(String text, String part) {
    return text == null || text.isBlank() || part == null || part.isEmpty() ? text : text.replace(part, "");
  }

  private static String capitalized(String text) {
    StringBuilder result = new StringBuilder(text);
    for (int i = 0; i < result.length(); i++) {
      if (i == 0 || !Character.isLetterOrDigit(result.charAt(i - 1)))
        result.setCharAt(i, Character.toUpperCase(result.charAt(i)));
    }
    return result.toString();
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  private static List<Object> split(Run run, String text, String by) {
    if (text == null || text.isBlank()) return Collections.singletonList(text);
    if (by == null || by.isEmpty()) {
      run.foresee((long) Run.ITEM * text.length());
      return new ArrayList<>(Values.items(text));
    }
    List<Object> parts = new ArrayList<>();
    for (int from = 0; from <= text.length();) {
      int to = text.indexOf(by, from);
      if (to < 0) to = text.length();
      if (to > from) parts.add(text.substring(from, to));
      run.foresee((long) Run.ITEM * parts.size());
      from = to + by.length();
    }
    return parts;
  }

  private static Object slice(Object value, Object[] with) {
    long start = Values.integer(with[0]);
    long length = with.length < 2 ? 1 : Values.integer(with[1]);
    boolean text = value instanceof String;
    if (!text && !(value instanceof List<?>)) return value;
    long size = size(value);
    if (start > size) return text ? null : List.of();
    if (start < 0) {
      start += size;
      if (start < 0) {
        length = Math.max(0, length + start);
        start = 0;
      }
    }
    int end = (int) Math.min(size, start + Math.max(0, length));
    return text
        ? ((String) value).substring((int) start, end)
        : new ArrayList<>(((List<?>) value).subList((int) start, end));
  }

  private static String truncated(String text, Object[] with) {
    int length = with.length < 1 ? 50 : Values.integer(with[0]);
    String tail = with.length < 2 ? "..." : shown(with[1]);
    if (text == null || text.isEmpty() || text.length() <= Math.max(0, length) && length >= 0) return text;
    return length < 0 ? tail : text.substring(0, Math.max(0, length - tail.length())) + tail;
  }

  private static String fewerWords(String text, Object[] with) {
    int count = with.length < 1 ? 15 : Values.integer(with[0]);
    String tail = with.length < 2 ? "..." : shown(with[1]);
    if (text == null || text.isEmpty()) return text;
    String[] words = text.split(" ", -1);
    if (count <= 0) return tail;
    return words.length <= count ? text : String.join(" ", Arrays.copyOf(words, count)) + tail;
  }

  private static int size(Object value) {
    if (value instanceof String text) return text.length();
    if (value instanceof Map<?, ?> map) return map.size();
    return value instanceof List<?> list ? list.size() : 0;
  }

  private static String joined(Run run, Object value, String glue) {
    List<?> items = Values.items(value);
    if (items == null) return null;
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      text.append(i == 0 || glue == null ? "" : glue).append(Values.rendered(items.get(i)));
      run.foresee(text.length());
    }
    return text.toString();
  }

  private static Object end(List<?> items, int from) {
    if (items == null || items.isEmpty()) return null;
    return items.get(from < 0 ? items.size() - 1 : 0);
  }

  private static List<Object> reversed(Object value) {
    if (value == null) return null;
    List<Object> turned = Values.listed(value);
    Collections.reverse(turned);
    return turned;
  }

  private static List<Object> sorted(Object value, Object[] with) {
    if (value == null) return null;
    String property = with.length == 0 ? null : Values.text(with[0]);
    List<Object> list = Values.listed(value);
    list.sort(Comparator.comparing((Object each) -> property == null ? each : member(each, property),
        Comparator.nullsFirst(StandardFilters::order)));
    return list;
  }

  private static int order(Object left, Object right) {
    return left instanceof String one && right instanceof String other
        ? one.compareToIgnoreCase(other)
        : Values.compare(left, right);
  }

  private static Object member(Object owner, String name) {
    if (owner instanceof Map<?, ?> map) return map.get(name);
    return owner instanceof Indexed thing ? thing.at(name) : null;
  }

  private static List<Object> mapped(Object value, String property) {
    if (value == null) return null;
    List<Object> members = new ArrayList<>();
    for (Object each : Values.listed(value)) members.add(member(each, property));
    return members;
  }

  private static List<Object> where(Object value, Object[] with) {
    if (value == null) return null;
    String property = Values.required(with[0]);
    List<Object> kept = new ArrayList<>();
    for (Object each : Values.listed(value)) {
      Object member = member(each, property);
      boolean wanted = with.length < 2 || with[1] == null || member == null
          ? Values.truth(member)
          : Values.equal(member, with[1]);
      if (wanted) kept.add(each);
    }
    return kept;
  }

  /** Whole numbers stay whole; anything with a fraction is counted in decimals. Null if there is nothing on either side. */
  private static Object exact(Object left, Object right, BinaryOperator<BigDecimal> operation) {
    if (left == null || right == null) return null;
    BigDecimal result = operation.apply(Values.decimal(left), Values.decimal(right)).round(MathContext.DECIMAL128);
    boolean whole = isWhole(left) && isWhole(right);
    return whole && result.toBigInteger().bitLength() < 63 ? narrowed(result.toBigInteger()) : result;
  }

  private static Object narrowed(BigInteger whole) {
    return whole.bitLength() < 31 ? (Object) whole.intValueExact() : (Object) whole.longValueExact();
  }

  private static boolean isWhole(Object value) {
    return value instanceof Integer || value instanceof Long;
  }

  private static BinaryOperator<BigDecimal> quotient(Object left, Object right) {
    return isWhole(left) && isWhole(right)
        ? BigDecimal::divideToIntegralValue
        : (one, other) -> one.divide(other, MathContext.DECIMAL64);
  }

  private static BigDecimal rounded(Object value, Object[] with) {
    int places = with.length == 0 ? 0 : Math.max(0, Math.min(28, Values.integer(with[0])));
    return value == null ? null : Values.decimal(value).setScale(places, RoundingMode.HALF_EVEN);
  }
}
