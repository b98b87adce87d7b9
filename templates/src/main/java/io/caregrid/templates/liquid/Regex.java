package io.caregrid.templates.liquid;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Regular expressions of templates, whose time is the rendering's time: a pattern that runs away ends with it. */
final class Regex {
  private static final Pattern SPECIAL = Pattern.compile("[\\\\^$.|?*+()\\[\\]{}]");

  private Regex() {}

  static String replace(Run run, String text, String pattern, String replacement, boolean all) {
    if (text == null || text.isEmpty() || pattern == null || pattern.isEmpty()) return text;
    if (all && !SPECIAL.matcher(pattern).find() && replacement.indexOf('$') < 0)
      return plain(run, text, pattern, replacement);
    Matcher matcher = compiled(pattern).matcher(new Watched(text, run));
    try {
      String groups = javaReplacement(replacement);
      StringBuilder result = new StringBuilder();
      long dollars = replacement.chars().filter(each -> each == '$').count();
      for (boolean more = matcher.find(); more; more = all && matcher.find()) {
        run.foresee(result.length() + replacement.length() + dollars * (matcher.end() - matcher.start()));
        matcher.appendReplacement(result, groups);
      }
      return matcher.appendTail(result).toString();
    } catch (IndexOutOfBoundsException | IllegalArgumentException group) {
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR,
          "a replacement names a group that its pattern does not have");
    }
  }

  private static String plain(Run run, String text, String pattern, String replacement) {
    long length = text.length();
    for (int at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + pattern.length()))
      length += replacement.length() - pattern.length();
    run.foresee(length);
    return text.replace(pattern, replacement);
  }

  /** The first match, as a list of one or none. */
  static List<Object> match(Run run, String text, String pattern) {
    List<Object> found = new ArrayList<>();
    if (text == null || text.isEmpty()) return found;
    Matcher matcher = compiled(pattern == null ? "" : pattern).matcher(new Watched(text, run));
    if (matcher.find()) found.add(matcher.group());
    return found;
  }

  static boolean finds(Run run, Pattern pattern, String text) {
    return pattern.matcher(new Watched(text, run)).find();
  }

  /**
   * As ECMA 262 means it, which JSON Schema names: {@code $} is the end alone, not also the place before a last line break; in a class {@code [} and {@code &&} are characters.
   */
  static String ofEcma(String pattern) {
    StringBuilder java = new StringBuilder(pattern.length() + 8);
    boolean inClass = false;
    for (int i = 0; i < pattern.length(); i++) {
      char one = pattern.charAt(i);
      if (one == '\\' && i + 1 < pattern.length()) {
        java.append(one).append(pattern.charAt(++i));
      } else if (one == '$' && !inClass) {
        java.append("\\z");
      } else {
        if (inClass && (one == '[' || one == '&')) java.append('\\');
        inClass = inClass ? one != ']' : one == '[';
        java.append(one);
      }
    }
    return java.toString();
  }

  private static Pattern compiled(String pattern) {
    try {
      return Pattern.compile(pattern);
    } catch (PatternSyntaxException wrong) {
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR,
          "'" + pattern + "' is no regular expression: " + wrong.getDescription());
    }
  }

  /** In .NET a backslash is itself, {@code $$} a dollar, and a dollar before anything but a group is a dollar. */
  private static String javaReplacement(String text) {
    StringBuilder result = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char one = text.charAt(i);
      char next = i + 1 < text.length() ? text.charAt(i + 1) : ' ';
      if (one == '\\') {
        result.append("\\\\");
      } else if (one != '$') {
        result.append(one);
      } else if (next == '$') {
        result.append("\\$");
        i++;
      } else {
        result.append(Character.isDigit(next) || next == '{' ? "$" : "\\$");
      }
    }
    return result.toString();
  }

  /** A text that asks, as it is read, whether there is time left. */
  private record Watched(CharSequence text, Run run) implements CharSequence {
    @Override
    public char charAt(int index) {
      run.step();
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
