package io.caregrid.templates.jsonpath;

import java.util.regex.Pattern;

/**
 * A text that a pattern may look at only so often: so that a pattern made to be slow, or a text made for one, ends after some tens of milliseconds.
 */
final class Bounded implements CharSequence {
  private static final int MOST_LOOKS = 5_000_000;
  private final CharSequence text;
  private final int[] left;

  private Bounded(CharSequence text, int[] left) {
    this.text = text;
    this.left = left;
  }

  /**
   * True when {@code pattern} is found in {@code text}.
   *
   * @throws TooCostly when that cannot be said in time, or without a deeper stack
   */
  static boolean find(Pattern pattern, String text) {
    try {
      return pattern.matcher(new Bounded(text, new int[] {MOST_LOOKS})).find();
    } catch (StackOverflowError tooDeep) {
      throw new TooCostly("the pattern /" + pattern + "/ nests too deep on this text");
    } catch (Exhausted tooLong) {
      throw new TooCostly("the pattern /" + pattern + "/ looks at this text more than " + MOST_LOOKS + " times");
    }
  }

  @Override
  public char charAt(int index) {
    if (--left[0] < 0) throw new Exhausted();
    return text.charAt(index);
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return new Bounded(text.subSequence(start, end), left);
  }

  @Override
  public String toString() {
    return text.toString();
  }

  private static final class Exhausted extends RuntimeException {
    private static final long serialVersionUID = 1;

    Exhausted() {
      super(null, null, false, false);
    }
  }
}
