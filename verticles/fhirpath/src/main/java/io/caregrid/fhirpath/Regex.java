package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Scope.Run;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of a stranger's on a stranger's text. Java's engine may take exponential time and recurses on long text; here it may look at
 * so many characters and no more, and what it recurses too deeply for is an error like any other.
 */
record Regex(Pattern pattern) {
  private static final int LONGEST = 2_000;
  private static final int LOOKS = 5_000_000;
  /** So many characters looked at cost as much as one item. */
  private static final int LOOKS_PER_ITEM = 16;
  private static final int KEPT = 200;
  private static final Map<String, Regex> READ = new ConcurrentHashMap<>();

  /** The text, counting how often it is looked at. */
  private static final class Watched implements CharSequence {
    private final CharSequence text;
    private final int[] left;

    Watched(CharSequence text, int[] left) {
      this.text = text;
      this.left = left;
    }

    @Override
    public char charAt(int index) {
      if (--left[0] < 0) throw new Unfit("the regular expression takes too long on this text");
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Watched(text.subSequence(start, end), left);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }

  /** Some are kept: expressions name few. */
  static Regex of(String regex) {
    Regex there = READ.get(regex);
    if (there != null) return there;
    Regex made = read(regex);
    if (READ.size() >= KEPT) READ.clear();
    READ.put(regex, made);
    return made;
  }

  private static Regex read(String regex) {
    if (regex.length() > LONGEST) throw new Unfit("the regular expression has more than " + LONGEST + " characters");
    try {
      return new Regex(Pattern.compile(regex, Pattern.DOTALL));
    } catch (PatternSyntaxException wrong) {
      throw new Unfit("the regular expression cannot be read: " + wrong.getDescription() + " at its character "
          + (wrong.getIndex() + 1));
    } catch (StackOverflowError deep) {
      throw new Unfit("the regular expression is nested too deeply");
    }
  }

  boolean matches(String text, boolean whole, Run run) {
    return run(text, whole ? Matcher::matches : Matcher::find, run);
  }

  String replaced(String text, String by, Run run) {
    try {
      return run(text, matcher -> matcher.replaceAll(by), run);
    } catch (IllegalArgumentException | IndexOutOfBoundsException wrong) {
      throw new Unfit("the substitution names a group that the regular expression does not have");
    }
  }

  /** What it looks at counts for the whole evaluation: many texts cannot take longer than one. */
  private <T> T run(String text, Function<Matcher, T> question, Run run) {
    int[] left = {LOOKS};
    try {
      return question.apply(pattern.matcher(new Watched(text, left)));
    } catch (StackOverflowError deep) {
      throw new Unfit("the regular expression takes too much depth on this text");
    } finally {
      run.spend((LOOKS - left[0]) / LOOKS_PER_ITEM);
    }
  }
}
