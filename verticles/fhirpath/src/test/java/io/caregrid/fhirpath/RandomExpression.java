package io.caregrid.fhirpath;

import io.caregrid.fhirpath.Model.Field;
import io.caregrid.fhirpath.Model.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** An expression at random that means something on a resource of a type: its names are names of the definitions, its operators stand between what has them. */
final class RandomExpression {
  private static final List<String> SOME = List.of("first()", "last()", "tail()", "skip(1)", "take(2)", "distinct()",
      "where($this.exists())", "where($index = 0)", "where(true)", "trace('t')", "select($this)");
  private static final List<String> STRINGS = List.of("upper()", "lower()", "length()", "substring(1)",
      "substring(0, 2)", "startsWith('a')", "endsWith('b')", "contains('t')", "indexOf('o')", "toChars().count()",
      "matches('^[a-z]+$')", "replace('a', 'zz')", "replaceMatches('[0-9]', '#')", "convertsToInteger()",
      "convertsToDate()", "convertsToDateTime()", "convertsToBoolean()", "convertsToDecimal()", "toString()");
  private static final List<String> NUMBERS = List.of("abs()", "ceiling()", "floor()", "round()", "truncate()",
      "convertsToString()", "toString()", "toDecimal()", "convertsToInteger()");
  private static final List<String> OPERATORS = List.of("=", "!=", "~", "!~");
  private static final List<String> ORDERS = List.of("<", "<=", ">", ">=");
  private static final List<String> LOGIC = List.of("and", "or", "xor", "implies");

  private final Random random;

  RandomExpression(Random random) {
    this.random = random;
  }

  /** A path, and the type of what it gives; null where it may be several. */
  private record Typed(String text, Type type) {}

  String of(String type) {
    Type root = Model.R4.type(type);
    return switch (random.nextInt(8)) {
      case 0, 1 -> path(new Typed(type, root), 4).text;
      case 2 -> truth(new Typed(type, root), 2);
      case 3 -> truth(new Typed(type, root), 1) + " " + pick(LOGIC) + " " + truth(new Typed(type, root), 1);
      case 4 -> "(" + path(new Typed(type, root), 3).text + " | " + path(new Typed(type, root), 3).text + ").count()";
      case 5 -> "iif(" + truth(new Typed(type, root), 1) + ", " + path(new Typed(type, root), 3).text + ", 'else')";
      case 6 -> value(new Typed(type, root));
      default -> path(new Typed(type, root), 2).text + ".descendants().count()";
    };
  }

  private Typed path(Typed from, int most) {
    Typed at = from;
    for (int n = 1 + random.nextInt(most); n > 0 && at.type != null && !at.type.isPrimitive(); n--) at = step(at);
    return at;
  }

  private Typed step(Typed from) {
    List<Field> fields = new ArrayList<>(from.type.fields());
    Field field = fields.get(random.nextInt(fields.size()));
    String text = from.text + "." + field.name;
    Type type = field.type();
    if (field.choices != null) {
      List<String> choices = List.copyOf(field.choices.values());
      String chosen = pick(choices);
      text += random.nextBoolean() ? ".ofType(" + chosen + ")" : "";
      type = text.endsWith(")") ? Model.R4.type(chosen) : null;
    }
    if (random.nextInt(4) == 0 && type != null && !type.isPrimitive() && !type.isResource())
      text += ".where(" + truth(new Typed("$this", type), 1) + ")";
    else
      if (random.nextInt(4) == 0)
        text += "." + pick(SOME);
    return new Typed(text, type);
  }

  private String truth(Typed from, int depth) {
    Typed at = path(from, 3);
    if (depth > 0 && random.nextInt(3) == 0) return truth(from, depth - 1) + ".not()";
    if (at.type != null && at.type.isPrimitive() && random.nextBoolean()) return compared(at);
    return switch (random.nextInt(5)) {
      case 0 -> at.text + ".exists()";
      case 1 -> at.text + ".empty()";
      case 2 -> "(" + at.text + ".count() > 1)";
      case 3 -> at.text + ".all($this.exists())";
      default -> "(" + at.text + ".first() is " + (at.type == null || at.type.name.contains(".")
          ? "string"
          : at.type.name) + ")";
    };
  }

  private String compared(Typed at) {
    String literal = literal(at.type);
    boolean ordered = !at.type.isA("boolean") && random.nextBoolean();
    return "(" + at.text + ".first() " + pick(ordered ? ORDERS : OPERATORS) + " " + literal + ")";
  }

  private static final List<String> INSTANTS = List.of("@2026-03-01T10:00:00Z", "@2015", "@2020-06-01T00:00:00+02:00");

  private String literal(Type type) {
    if (type.isA("boolean")) return random.nextBoolean() ? "true" : "false";
    if (type.isA("decimal") || type.isA("integer")) return pick(List.of("3", "12.5", "0", "-1.0"));
    if (type.isA("dateTime") || type.isA("instant")) return pick(INSTANTS);
    if (type.isA("date")) return pick(List.of("@2026-03-01", "@2026-03", "@1999"));
    if (type.isA("time")) return pick(List.of("@T10:00", "@T23:59:59.999"));
    return pick(List.of("'a'", "'final'", "'http://loinc.org'", "'male'", "''"));
  }

  private String value(Typed from) {
    for (int i = 0; i < 20; i++) {
      Typed at = path(from, 4);
      if (at.type == null || !at.type.isPrimitive()) continue;
      if (at.type.isA("decimal") || at.type.isA("integer")) return at.text + ".first()." + pick(NUMBERS);
      if (at.type.isA("string") || at.type.isA("uri")) return at.text + ".first()." + pick(STRINGS);
    }
    return from.text + ".id.length()";
  }

  private <T> T pick(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }
}
