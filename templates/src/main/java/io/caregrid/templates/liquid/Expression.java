package io.caregrid.templates.liquid;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** A compiled value: a literal, a range, or a path through variables. */
interface Expression {
  Object value(Run run);

  Pattern INTEGER = Pattern.compile("[+-]?\\d{1,18}");
  Pattern DECIMAL = Pattern.compile("[+-]?\\d[\\d.]{0,60}(?:[eE][+-]?\\d{1,3})?");

  static Expression of(String markup, Symbols symbols) {
    String key = markup == null ? "" : markup;
    switch (key) {
      case "", "nil", "null" :
        return run -> null;
      case "true" :
        return run -> true;
      case "false" :
        return run -> false;
      case "blank" :
        return run -> Values.Emptiness.BLANK;
      case "empty" :
        return run -> Values.Emptiness.EMPTY;
      default :
        break;
    }
    String text = Markup.unquoted(key);
    if (text != null) return run -> text;
    Object number = number(key);
    if (number != null) return run -> number;
    int dots = rangeDots(key);
    return dots < 0
        ? path(key, symbols)
        : range(bound(key.substring(1, dots), symbols), bound(key.substring(dots + 2, key.length() - 1), symbols));
  }

  /** Where the dots of {@code (from..to)} stand, or -1: the last ones that have something behind them. */
  private static int rangeDots(String key) {
    if (key.charAt(0) != '(' || key.charAt(key.length() - 1) != ')') return -1;
    for (int i = 0; i < key.length(); i++) if (Scan.isSpace(key.charAt(i))) return -1;
    int dots = key.lastIndexOf("..", key.length() - 4);
    return dots > 1 ? dots : -1;
  }

  /** A number or a path: no range begins or ends with a range. */
  private static Expression bound(String markup, Symbols symbols) {
    if (markup.charAt(0) != '(') return of(markup, symbols);
    return run -> {
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR, "a range begins or ends with a range");
    };
  }

  private static Object number(String key) {
    if (INTEGER.matcher(key).matches()) {
      long whole = Long.parseLong(key);
      return whole == (int) whole ? (Object) (int) whole : (Object) whole;
    }
    if (!DECIMAL.matcher(key).matches()) return null;
    try {
      return new BigDecimal(key);
    } catch (NumberFormatException dots) {
      return null;
    }
  }

  private static Expression range(Expression from, Expression to) {
    return run -> {
      int low = Values.integer(from.value(run));
      int high = Values.integer(to.value(run));
      run.iterations((int) Math.max(0, Math.min(Integer.MAX_VALUE, (long) high - low + 1)));
      return IntStream.rangeClosed(low, high).mapToObj(each -> (Object) each).toList();
    };
  }

  private static Expression path(String key, Symbols symbols) {
    List<String> parts = Markup.parts(key);
    if (parts.isEmpty()) return run -> null;
    Expression first = root(parts.get(0), symbols);
    List<Step> steps = new ArrayList<>();
    for (String part : parts.subList(1, parts.size())) steps.add(Step.of(part, symbols));
    Step[] way = steps.toArray(new Step[0]);
    return way.length == 0 ? first : new Path(first, way);
  }

  /** A value inside of another one: what the input has there, unchanged. */
  record Path(Expression first, Step[] way) implements Expression {
    @Override
    public Object value(Run run) {
      Object at = first.value(run);
      for (Step step : way) {
        if (at == null) return null;
        at = step.from(at, run);
      }
      return at;
    }
  }

  private static Expression root(String part, Symbols symbols) {
    if (part.charAt(0) != '[') {
      int slot = symbols.of(part);
      return run -> run.get(slot);
    }
    Expression name = of(part.substring(1, part.length() - 1), symbols);
    return run -> {
      int slot = run.templates().symbols.find(Values.rendered(name.value(run)));
      return slot < 0 ? null : run.get(slot);
    };
  }

  /** One part of a path behind the first. */
  interface Step {
    Object from(Object owner, Run run);

    static Step of(String part, Symbols symbols) {
      if (part.charAt(0) == '[') {
        Expression key = Expression.of(part.substring(1, part.length() - 1), symbols);
        return (owner, run) -> under(owner, key.value(run));
      }
      int index = INTEGER.matcher(part).matches() && part.length() < 10 ? Integer.parseInt(part) : -1;
      if (index >= 0) return (owner, run) -> owner instanceof Indexed thing ? thing.at(index) : named(owner, part);
      return (owner, run) -> named(owner, part);
    }

    private static Object under(Object owner, Object key) {
      if (key == null) return null;
      if (owner instanceof List<?> list) return key instanceof Number index ? item(list, index.intValue()) : null;
      if (owner instanceof Map<?, ?> map) return map.get(Values.rendered(key));
      if (!(owner instanceof Indexed thing)) return null;
      return key instanceof Integer index ? thing.at(index) : thing.at(Values.rendered(key));
    }

    private static Object item(List<?> list, int index) {
      int at = index < 0 ? list.size() + index : index;
      return at >= 0 && at < list.size() ? list.get(at) : null;
    }

    private static Object named(Object owner, String name) {
      if (owner instanceof Map<?, ?> map && map.containsKey(name)) return map.get(name);
      if (owner instanceof Indexed thing) return thing.at(name);
      if (!name.equals("size") && !name.equals("first") && !name.equals("last")) return null;
      if (owner instanceof String text && name.equals("size")) return text.length();
      List<?> items = Values.items(owner);
      if (items == null) return null;
      if (name.equals("size")) return items.size();
      return items.isEmpty() ? null : items.get(name.equals("first") ? 0 : items.size() - 1);
    }
  }
}
