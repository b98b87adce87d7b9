package io.caregrid.templates.jmespath;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The functions there are, and what is checked of a call when it is compiled. */
final class Functions {
  private static final Map<String, Function> BY_NAME = new TreeMap<>();

  static {
    StandardFunctions.addTo(Functions::put);
    ConnectorFunctions.addTo(Functions::put);
    MoreFunctions.addTo(Functions::put);
  }

  private Functions() {}

  /** Of all functions, in alphabetical order. */
  static Set<String> names() {
    Set<String> names = new TreeSet<>(BY_NAME.keySet());
    names.addAll(List.of("if", "parseDate"));
    return names;
  }

  /** Takes functions. */
  @FunctionalInterface
  interface Register {
    void put(Function function);

    default void add(String name, int least, int most, Function.Any body, int... kinds) {
      put(new Function(name, least, most, kinds, body));
    }

    default void ofOne(String name, Function.One body, int... kinds) {
      put(new Function(name, 1, 1, kinds, body));
    }

    default void ofTwo(String name, Function.Two body, int... kinds) {
      put(new Function(name, 2, 2, kinds, body));
    }
  }

  private static void put(Function function) {
    if (BY_NAME.put(function.name(), function) != null) {
      throw new IllegalStateException("function " + function.name() + " is there twice");
    }
  }

  /** @throws IllegalArgumentException with a sentence, when there is no such function or it does not take these arguments */
  static Expr call(String name, List<Expr> arguments) {
    if (name.equals("if")) return choice(arguments);
    if (name.equals("parseDate")) return DateFunction.call(arguments);
    Function function = BY_NAME.get(name);
    if (function == null) throw new IllegalArgumentException("there is no function '" + name + "'");
    int count = arguments.size();
    if (count < function.least() || count > function.most())
      throw arity(name, function.least(), function.most(), count);
    for (int i = 0; i < count; i++) {
      boolean wanted = function.kind(i) == Function.EXPRESSION;
      if (wanted != arguments.get(i) instanceof Expr.Reference) {
        throw new IllegalArgumentException(
            "function " + name + " takes " + (wanted ? "an" : "no") + " &expression as argument " + i);
      }
    }
    if (name.equals("to_array")) return new Expr.ToArray(arguments.get(0));
    return function.of(arguments.toArray(Expr[]::new));
  }

  static IllegalArgumentException arity(String name, int least, int most, int count) {
    String wanted = least == most
        ? "" + least
        : most == Function.ANY_NUMBER ? least + " or more" : least + " to " + most;
    return new IllegalArgumentException(
        "invalid-arity, function " + name + " takes " + wanted + " arguments and has " + count);
  }

  private static Expr choice(List<Expr> arguments) {
    if (arguments.size() != 3) throw arity("if", 3, 3, arguments.size());
    if (arguments.stream().anyMatch(Expr.Reference.class::isInstance)) {
      throw new IllegalArgumentException("function if takes no &expression");
    }
    return new Expr.If(arguments.get(0), arguments.get(1), arguments.get(2));
  }
}
