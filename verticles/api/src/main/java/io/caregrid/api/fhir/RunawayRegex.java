package io.caregrid.api.fhir;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which regular expressions may take Java's matcher for ever: it tries one way after the other, and nobody can stop it. Counted is in how many ways a text may
 * be shared out among the parts; what repeats itself inside of a repetition is refused whatever it is. It errs on the side of refusing.
 */
final class RunawayRegex {
  private static final int MOST_WAYS = 100_000;
  private static final int BOUNDLESS = 1_000;
  private static final Pattern USE = Pattern.compile("\\b(?:matches|matchesFull|replaceMatches)\\s*\\(\\s*");
  private static final Pattern LITERAL = Pattern.compile("'((?:[^'\\\\]|\\\\.)*+)'\\s*[,)]");
  private static final Pattern COUNT = Pattern.compile("\\{(\\d{1,6})(,(\\d{0,6}))?\\}");
  private final String regex;
  private final boolean anchored;
  private final Deque<Boolean> groups = new ArrayDeque<>();
  /** The group that has just been closed has more than one way. */
  private boolean closed;
  private long ways = 1;

  private RunawayRegex(String regex) {
    this.regex = regex;
    this.anchored = regex.startsWith("^");
  }

  /** In FHIRPath: it uses one that may, or that is not written there. */
  static boolean isUsedIn(String expression) {
    Matcher use = USE.matcher(expression);
    while (use.find()) {
      Matcher literal = LITERAL.matcher(expression).region(use.end(), expression.length());
      if (!literal.lookingAt() || is(literal.group(1).replaceAll("\\\\(.)", "$1").replace("\\\\", "\\"))
          || is(literal.group(1)))
        return true;
    }
    return false;
  }

  static boolean is(String regex) {
    return new RunawayRegex(regex).runs();
  }

  private boolean runs() {
    if (Stream.of("\\1", "\\2", "\\3", "\\k<").anyMatch(regex::contains)) return true;
    for (int at = 0; at < regex.length();) {
      closed = false;
      int end = part(at);
      if (end < 0) return true;
      at = end;
    }
    return false;
  }

  /** Past one part and what says how often it stands; -1 when that may run on. */
  private int part(int at) {
    char c = regex.charAt(at);
    int end = switch (c) {
      case '\\' -> at + 2;
      case '[' -> classEnd(at);
      default -> at + 1;
    };
    if (c == '(') groups.push(false);
    if (c == '|') manifold();
    if (c == ')') {
      closed = !groups.isEmpty() && groups.pop();
      if (closed) manifold();
    }
    if (c == '(' || c == '|' || end >= regex.length()) return end;
    return quantified(end);
  }

  private int classEnd(int at) {
    int end = at + 1;
    if (end < regex.length() && regex.charAt(end) == '^') end++;
    if (end < regex.length() && regex.charAt(end) == ']') end++;
    while (end < regex.length() && regex.charAt(end) != ']') end += regex.charAt(end) == '\\' ? 2 : 1;
    return end + 1;
  }

  private void manifold() {
    if (!groups.isEmpty()) {
      groups.pop();
      groups.push(true);
    }
  }

  private int quantified(int at) {
    char c = regex.charAt(at);
    if (c == '?') return counted(2, at + 1, false);
    if (c == '*' || c == '+') return counted(BOUNDLESS, at + 1, true);
    Matcher count = COUNT.matcher(regex).region(at, regex.length());
    if (!count.lookingAt()) return at;
    int least = Integer.parseInt(count.group(1));
    if (count.group(2) == null) return closed && least > 1 ? -1 : count.end();
    boolean open = count.group(3).isEmpty();
    int most = open ? BOUNDLESS : Integer.parseInt(count.group(3));
    return counted(Math.max(1, open ? BOUNDLESS : most - least + 1L), count.end(), open);
  }

  /** @param times in how many ways it may stand */
  private int counted(long times, int after, boolean open) {
    if (closed && times > 2) return -1;
    ways *= times;
    if (times > 1) manifold();
    int end = after < regex.length() && "?+".indexOf(regex.charAt(after)) >= 0 ? after + 1 : after;
    boolean goesOn = end < regex.length();
    return ways > MOST_WAYS || open && !anchored && goesOn ? -1 : end;
  }
}
