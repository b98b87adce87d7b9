package io.caregrid.fhirpath;

import io.caregrid.fhirpath.Environment.Reading;
import io.caregrid.fhirpath.FhirPathException.Unfit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All functions by name. One that is missing here, or that needs what the environment does not have, is refused when an expression is compiled. */
final class Functions {
  private static final Set<String> OF_TYPE = Set.of("is", "as", "ofType", "getReferenceKey");
  private static final Set<String> TERMINOLOGY = Set.of("memberOf", "subsumes", "subsumedBy");
  /** Functions whose first argument is a regular expression. */
  private static final Set<String> REGEX = Set.of("matches", "matchesFull", "replaceMatches");
  /** What FHIR R4 has and this is not made for. */
  private static final Map<String, String> REFUSED = Map.of(
      "elementDefinition", "elementDefinition() is not here: elements do not know the definition they are validated by",
      "slice", "slice() is not here: elements do not know the slice of a profile they are in");
  private static final Map<String, Signature> ALL = new HashMap<>();

  static {
    List.of(Existence.FUNCTIONS, Loops.FUNCTIONS, Combining.FUNCTIONS, Strings.FUNCTIONS, Encodings.FUNCTIONS,
        Numbers.FUNCTIONS, Conversions.FUNCTIONS, Boundaries.FUNCTIONS, Resources.FUNCTIONS, Checks.FUNCTIONS,
        Keys.FUNCTIONS)
        .forEach(ALL::putAll);
  }

  private Functions() {}

  /** What a function does with its input and its arguments, which it evaluates itself. */
  @FunctionalInterface
  interface Function {
    List<Value> call(List<Value> input, List<Expression> arguments, Scope scope);
  }

  /** With how many arguments a function is called. */
  record Signature(int least, int most, Function function) {}

  static boolean takesType(String name) {
    return OF_TYPE.contains(name);
  }

  static Expression ofType(String name, TypeTest type, Environment environment) {
    boolean all = name.equals("ofType") || name.equals("as") && environment.reading() == Reading.SEARCH;
    if (all) return (input, scope) -> type.ofType(input);
    return switch (name) {
      case "is" -> (input, scope) -> type.is(input);
      case "as" -> (input, scope) -> type.as(input);
      default -> (input, scope) -> Keys.reference(input, type.name());
    };
  }

  /**
   * @param typeOnly the result is asked for its type and nothing else
   * @throws Unfit when there is no such function here, or none with so many arguments
   */
  static Expression of(String name, List<Expression> arguments, Environment environment, boolean typeOnly) {
    Signature signature = ALL.get(name);
    if (signature == null) throw new Unfit(REFUSED.getOrDefault(name, "there is no function " + name + "() here"));
    int count = arguments.size();
    if (count < signature.least || count > signature.most) {
      String wanted = signature.least == signature.most
          ? String.valueOf(signature.least)
          : signature.least + " to " + signature.most;
      throw new Unfit(name + "() takes " + wanted + " arguments and is given " + count);
    }
    check(name, arguments, environment);
    if (typeOnly) return (input, scope) -> Resources.resolved(input, scope, true);
    return (input, scope) -> signature.function.call(input, arguments, scope);
  }

  private static void check(String name, List<Expression> arguments, Environment environment) {
    if (TERMINOLOGY.contains(name) && environment.terminology() == null)
      throw new Unfit(name + "() needs a terminology, and there is none here");
    String literal = arguments.isEmpty() ? null : Literal.text(arguments.get(0));
    if (literal == null) return;
    if (REGEX.contains(name)) Regex.of(literal);
    if (name.equals("conformsTo") && environment.profiles() == null) Checks.ownType(literal);
  }
}
