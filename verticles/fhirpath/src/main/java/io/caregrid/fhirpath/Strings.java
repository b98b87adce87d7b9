package io.caregrid.fhirpath;

import static io.caregrid.fhirpath.Existence.entry;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Functions.Function;
import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Value.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;

/** N1 "String Manipulation". Empty input or an empty argument gives empty. */
final class Strings {
  private static final int LONGEST = 10_000_000;
  private static final int MOST_PARTS = 500_000;

  static final Map<String, Signature> FUNCTIONS = Map.ofEntries(
      text("upper", text -> Items.of(text.toUpperCase(Locale.ROOT))),
      text("lower", text -> Items.of(text.toLowerCase(Locale.ROOT))),
      text("trim", text -> Items.of(text.strip())),
      text("length", text -> Items.of(text.length())),
      text("toChars",
          text -> countable(text).codePoints().mapToObj(Character::toString).<Value>map(Text::new).toList()),
      with("indexOf", (text, other) -> Items.of(text.indexOf(other))),
      with("lastIndexOf", (text, other) -> Items.of(text.lastIndexOf(other))),
      with("startsWith", (text, other) -> Items.of((Boolean) text.startsWith(other))),
      with("endsWith", (text, other) -> Items.of((Boolean) text.endsWith(other))),
      with("contains", (text, other) -> Items.of((Boolean) text.contains(other))),
      with("split", Strings::split),
      entry("substring", 1, 2, Strings::substring),
      entry("join", 0, 1, Strings::join),
      entry("replace", 2, 2, Strings::replace),
      entry("matches", 1, 1, (in, args, scope) -> matches(in, args, scope, false)),
      entry("matchesFull", 1, 1, (in, args, scope) -> matches(in, args, scope, true)),
      entry("replaceMatches", 2, 2, Strings::replaceMatches));

  private Strings() {}

  private static Map.Entry<String, Signature> text(String name, java.util.function.Function<String, List<Value>> f) {
    return entry(name, 0, 0, (in, args, scope) -> {
      String text = Items.text(in, "what " + name + "() is called on");
      return text == null ? Items.NONE : f.apply(text);
    });
  }

  private static Map.Entry<String, Signature> with(String name, BiFunction<String, String, List<Value>> f) {
    Function function = (in, args, scope) -> {
      String text = Items.text(in, "what " + name + "() is called on");
      String other = Items.text(scope.argument(args.get(0)), "the argument of " + name + "()");
      return text == null || other == null ? Items.NONE : f.apply(text, other);
    };
    return entry(name, 1, 1, function);
  }

  private static List<Value> split(String text, String separator) {
    if (separator.isEmpty()) return Items.of(text);
    List<Value> parts = new ArrayList<>();
    int from = 0;
    for (int at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
      parts.add(new Text(text.substring(from, at)));
      if (parts.size() > MOST_PARTS) throw new Unfit("split() gives more than " + MOST_PARTS + " parts");
      from = at + separator.length();
    }
    parts.add(new Text(text.substring(from)));
    return parts;
  }

  private static List<Value> substring(List<Value> in, List<Expression> args, Scope scope) {
    String text = Items.text(in, "what substring() is called on");
    Integer start = Items.whole(scope.argument(args.get(0)), "the start of substring()");
    Integer length = args.size() == 1
        ? Integer.valueOf(Integer.MAX_VALUE)
        : Items.whole(scope.argument(args.get(1)), "the length of substring()");
    if (text == null || start == null || start < 0 || start >= text.length()) return Items.NONE;
    int end = length == null ? text.length() : (int) Math.min(text.length(), (long) start + Math.max(0, length));
    return Items.of(text.substring(start, end));
  }

  /** SQL on FHIR: of an empty collection the empty string, as its tests have it. */
  private static List<Value> join(List<Value> in, List<Expression> args, Scope scope) {
    String separator = args.isEmpty() ? "" : Items.text(scope.argument(args.get(0)), "the separator of join()");
    StringBuilder all = new StringBuilder();
    boolean first = true;
    for (Value item : in) {
      if (item.atom() == null) continue;
      if (!(item.atom() instanceof Text text)) throw new Unfit("join() joins strings, not " + item.typeName());
      if (!first && separator != null) all.append(separator);
      all.append(text.value());
      first = false;
    }
    return Items.of(bounded(all.toString()));
  }

  private static List<Value> replace(List<Value> in, List<Expression> args, Scope scope) {
    String text = Items.text(in, "what replace() is called on");
    String what = Items.text(scope.argument(args.get(0)), "the pattern of replace()");
    String by = Items.text(scope.argument(args.get(1)), "the substitution of replace()");
    if (text == null || what == null || by == null) return Items.NONE;
    if ((long) text.length() * Math.max(1, by.length()) > 10L * LONGEST) throw tooLong();
    return Items.of(bounded(text.replace(what, by)));
  }

  private static List<Value> matches(List<Value> in, List<Expression> args, Scope scope, boolean whole) {
    String text = Items.text(in, "what matches() is called on");
    String regex = Items.text(scope.argument(args.get(0)), "a regular expression");
    return text == null || regex == null
        ? Items.NONE
        : Items.of((Boolean) Regex.of(regex).matches(text, whole, scope.run()));
  }

  private static List<Value> replaceMatches(List<Value> in, List<Expression> args, Scope scope) {
    String text = Items.text(in, "what replaceMatches() is called on");
    String regex = Items.text(scope.argument(args.get(0)), "a regular expression");
    String by = Items.text(scope.argument(args.get(1)), "the substitution of replaceMatches()");
    if (text == null || regex == null || by == null) return Items.NONE;
    return Items.of(regex.isEmpty() ? text : bounded(Regex.of(regex).replaced(text, by, scope.run())));
  }

  static String joined(String left, String right) {
    if ((long) left.length() + right.length() > LONGEST) throw tooLong();
    return left + right;
  }

  private static String countable(String text) {
    if (text.length() > MOST_PARTS)
      throw new Unfit("a string of more than " + MOST_PARTS + " characters is not taken apart");
    return text;
  }

  static String bounded(String text) {
    if (text.length() > LONGEST) throw tooLong();
    return text;
  }

  private static Unfit tooLong() {
    return new Unfit("a string would have more than " + LONGEST + " characters");
  }
}
