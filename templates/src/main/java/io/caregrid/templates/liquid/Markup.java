package io.caregrid.templates.liquid;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The small languages inside tags, made of what {@link Scan} reads. As in the tool they were written for, what fits nowhere is passed over. */
final class Markup {
  private static final String IN_NAMES = ".-[]()";

  private Markup() {}

  record Call(String filter, List<String> arguments) {}

  /** @param value null when there is none */
  record Piped(String value, List<Call> calls) {}

  /** {@code value | filter: a, b | filter}. */
  static Piped piped(String markup) {
    Scan scan = new Scan(markup);
    String value = null;
    while (value == null && !scan.ended()) {
      value = scan.value();
      if (value == null) scan.skip();
    }
    while (!scan.ended() && scan.next() != '|') scan.skip();
    List<Call> calls = new ArrayList<>();
    while (!scan.ended()) {
      String stage = scan.stage();
      if (stage == null) scan.skip();
      else call(stage, calls);
    }
    return new Piped(value, calls);
  }

  private static void call(String stage, List<Call> calls) {
    Scan scan = new Scan(stage);
    while (!scan.ended() && !Scan.isWord(scan.next())) scan.skip();
    String filter = scan.word();
    if (filter != null) calls.add(new Call(filter, arguments(stage)));
  }

  /** Behind each colon or comma stands one. */
  private static List<String> arguments(String stage) {
    List<String> found = new ArrayList<>();
    Scan scan = new Scan(stage);
    while (!scan.ended()) {
      boolean separated = scan.take(":") || scan.take(",");
      if (!separated) scan.skip();
      if (separated) scan.spaces();
      String argument = separated ? scan.fragment() : null;
      if (argument != null) found.add(argument);
    }
    return found;
  }

  /** {@code name: fragment} anywhere in the tag, in the order of first mention; the last value of a name counts, case aside. */
  static Map<String, String> attributes(String markup) {
    Map<String, String> found = new LinkedHashMap<>();
    Scan scan = new Scan(markup);
    while (!scan.ended()) {
      String name = scan.word();
      if (name == null) {
        scan.skip();
        continue;
      }
      int behind = scan.place();
      scan.spaces();
      boolean colon = scan.take(":");
      scan.spaces();
      String value = colon ? scan.fragment() : null;
      if (value == null) scan.back(behind);
      else found.put(name.toUpperCase(Locale.ROOT), value);
    }
    return found;
  }

  /** The parts of a path, found by scanning: whatever is neither a word nor in brackets separates. */
  static List<String> parts(String path) {
    List<String> found = new ArrayList<>();
    int lastBracket = path.lastIndexOf(']');
    for (int at = 0; at < path.length();) {
      int end = at;
      if (path.charAt(at) == '[' && at + 1 < lastBracket && path.charAt(at + 1) != ']') {
        end = path.indexOf(']', at) + 1;
      } else {
        while (end < path.length() && (Scan.isWord(path.charAt(end)) || path.charAt(end) == '-')) end++;
        if (end > at && path.startsWith("?", end)) end++;
      }
      if (end > at) found.add(path.substring(at, end));
      at = Math.max(end, at + 1);
    }
    return found;
  }

  /** {@code variable = value}. */
  record Assignment(String variable, String value) {}

  /** Null when there is none. */
  static Assignment assignment(String markup) {
    for (int equals = markup.indexOf('='); equals >= 0; equals = markup.indexOf('=', equals + 1)) {
      int end = equals;
      while (end > 0 && Scan.isSpace(markup.charAt(end - 1))) end--;
      int from = end;
      while (from > 0 && isInName(markup.charAt(from - 1))) from--;
      if (from < end) return new Assignment(markup.substring(from, end), markup.substring(equals + 1));
    }
    return null;
  }

  private static boolean isInName(char one) {
    return Scan.isWord(one) || IN_NAMES.indexOf(one) >= 0;
  }

  static boolean isName(String text) {
    return !text.isEmpty() && text.chars().allMatch(each -> isInName((char) each));
  }

  /** {@code variable using 'Template'}. */
  record Evaluation(String variable, String template) {}

  /** Null when there is none. */
  static Evaluation evaluation(String markup) {
    Scan scan = new Scan(markup);
    while (!scan.ended()) {
      String variable = scan.run(IN_NAMES);
      int behind = scan.place();
      String template = variable != null && scan.takeSpaced("using") ? scan.quoted() : null;
      if (template != null) return new Evaluation(variable, unquoted(template));
      scan.back(variable == null ? behind + 1 : behind);
    }
    return null;
  }

  /** {@code item in collection reversed}. */
  record Loop(String item, String collection, boolean reversed) {}

  /** Null when there is none. */
  static Loop loop(String markup) {
    Scan scan = new Scan(markup);
    while (!scan.ended()) {
      String item = scan.word();
      int behind = scan.place();
      String collection = item != null && scan.takeSpaced("in") ? scan.fragment() : null;
      if (collection != null) {
        scan.spaces();
        return new Loop(item, collection, scan.take("reversed"));
      }
      scan.back(item == null ? behind + 1 : behind);
    }
    return null;
  }

  /** {@code 'Template' with value}. @param with null when there is none */
  record Inclusion(String template, String with) {}

  /** Null when there is none. */
  static Inclusion inclusion(String markup) {
    Scan scan = new Scan(markup);
    String template = scan.nextFragment();
    if (template == null) return null;
    boolean with = scan.takeSpaced("with") || scan.takeSpaced("for");
    return new Inclusion(template, with ? scan.fragment() : null);
  }

  /** {@code a, b or c}; without a value, empty. */
  static List<String> choices(String markup) {
    List<String> found = new ArrayList<>();
    Scan scan = new Scan(markup);
    for (String value = scan.nextFragment(); value != null; value = another(scan) ? scan.fragment() : null)
      found.add(value);
    return found;
  }

  private static boolean another(Scan scan) {
    if (scan.takeSpaced("or")) return true;
    scan.spaces();
    boolean comma = scan.take(",");
    scan.spaces();
    return comma;
  }

  static String unquoted(String fragment) {
    return isQuoted(fragment) ? fragment.substring(1, fragment.length() - 1) : null;
  }

  private static boolean isQuoted(String fragment) {
    if (fragment.length() < 2) return false;
    char first = fragment.charAt(0);
    return (first == '\'' || first == '"') && fragment.charAt(fragment.length() - 1) == first;
  }
}
