package io.caregrid.templates.liquid;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The small languages inside tags. A <em>fragment</em> is a quoted text, or a run of anything but space, comma, bar and single quotes. */
final class Markup {
  static final String QUOTED = "(?:\"[^\"]*\"|'[^']*')";
  static final String FRAGMENT = "(?:" + QUOTED + "|(?:[^\\s,|'\"]|" + QUOTED + ")+)";
  static final String NAME = "(?:\\(?[\\w.\\[\\]-]\\)?)+";
  private static final Pattern ATTRIBUTE = Pattern.compile("(\\w+)\\s*:\\s*(" + FRAGMENT + ")");
  private static final Pattern PIPED = Pattern.compile("\\s*(" + QUOTED + "|(?:[^\\s|'\"]|" + QUOTED + ")+)(.*)",
      Pattern.DOTALL);
  private static final Pattern STAGE = Pattern.compile("(?:\\s|" + FRAGMENT + "|,)+");
  private static final Pattern WORD = Pattern.compile("\\w+");
  private static final Pattern ARGUMENT = Pattern.compile("[:,]\\s*(" + FRAGMENT + ")");
  private static final Pattern PART = Pattern.compile("\\[[^\\]]+\\]|[\\w-]+\\??");

  private Markup() {}

  record Call(String filter, List<String> arguments) {}

  /** @param value null when there is none */
  record Piped(String value, List<Call> calls) {}

  /** {@code value | filter: a, b | filter}. */
  static Piped piped(String markup) {
    Matcher whole = PIPED.matcher(markup);
    if (!whole.find()) return new Piped(null, List.of());
    int bar = whole.group(2).indexOf('|');
    List<Call> calls = new ArrayList<>();
    if (bar >= 0) {
      Matcher stage = STAGE.matcher(whole.group(2).substring(bar));
      while (stage.find()) {
        Matcher name = WORD.matcher(stage.group());
        if (name.find()) calls.add(new Call(name.group(), all(ARGUMENT, stage.group())));
      }
    }
    return new Piped(whole.group(1), calls);
  }

  private static List<String> all(Pattern pattern, String text) {
    List<String> found = new ArrayList<>();
    Matcher each = pattern.matcher(text);
    while (each.find()) found.add(each.group(1));
    return found;
  }

  /** {@code name: fragment} anywhere in the tag, in the order of first mention; the last value of a name counts, case aside. */
  static Map<String, String> attributes(String markup) {
    Map<String, String> found = new LinkedHashMap<>();
    Matcher each = ATTRIBUTE.matcher(markup);
    while (each.find()) found.put(each.group(1).toUpperCase(Locale.ROOT), each.group(2));
    return found;
  }

  /** The parts of a path, found by scanning: whatever is neither a word nor in brackets separates. */
  static List<String> parts(String path) {
    List<String> found = new ArrayList<>();
    Matcher each = PART.matcher(path);
    while (each.find()) found.add(each.group());
    return found;
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
