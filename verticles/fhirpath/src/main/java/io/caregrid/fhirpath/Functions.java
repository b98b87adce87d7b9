package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All functions by name. One that is missing here is refused when an expression is compiled. */
final class Functions {
  private static final Set<String> OF_TYPE = Set.of("is", "as", "ofType", "getReferenceKey");
  private static final Map<String, Signature> ALL = new HashMap<>();

  static {
    List.of(Existence.FUNCTIONS, Loops.FUNCTIONS, Combining.FUNCTIONS, Strings.FUNCTIONS, Encodings.FUNCTIONS,
        Numbers.FUNCTIONS, Conversions.FUNCTIONS, Boundaries.FUNCTIONS, Resources.FUNCTIONS).forEach(ALL::putAll);
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

  static Expression ofType(String name, TypeTest type) {
    return switch (name) {
      case "is" -> (input, scope) -> type.is(input);
      case "as" -> (input, scope) -> type.as(input);
      case "ofType" -> (input, scope) -> type.ofType(input);
      default -> (input, scope) -> Resources.referenceKey(input, type.name());
    };
  }

  /** @throws Unfit when there is no such function, or none with so many arguments */
  static Expression of(String name, List<Expression> arguments) {
    Signature signature = ALL.get(name);
    if (signature == null) throw new Unfit("there is no function " + name + "() here");
    int count = arguments.size();
    if (count < signature.least || count > signature.most) {
      String wanted = signature.least == signature.most
          ? String.valueOf(signature.least)
          : signature.least + " to " + signature.most;
      throw new Unfit(name + "() takes " + wanted + " arguments and is given " + count);
    }
    return (input, scope) -> signature.function.call(input, arguments, scope);
  }
}
