package io.caregrid.templates.jsonpath;

import io.caregrid.templates.cost.Budget;
import java.util.regex.Pattern;

/**
 * A text that a pattern may look at only so often: so that a pattern made to be slow, or a text made for one, ends after some tenths of a second.
 */
final class Bounded implements CharSequence {
  private static final int MOST_LOOKS = 250_000_000;
  private final CharSequence text;
  private final int[] left;

  private Bounded(CharSequence text, int[] left) {
    this.text = text;
    this.left = left;
  }

  /** True when {@code pattern} is found in {@code text}. False, and noted as given up, when that cannot be said in time or without a deeper stack. */
  static boolean find(Pattern pattern, String text, Budget budget) {
    int granted = Math.min(MOST_LOOKS, budget.looks());
    int[] left = {granted};
    try {
      return pattern.matcher(new Bounded(text, left)).find();
    } catch (StackOverflowError tooDeep) {
      budget.giveUp("the pattern /" + pattern + "/ nests too deep on this text");
    } catch (Exhausted tooLong) {
      budget.giveUp(granted == MOST_LOOKS
          ? "the pattern /" + pattern + "/ looks at this text more than " + MOST_LOOKS + " times"
          : "patterns look at this message more than " + Budget.MOST_LOOKS + " times");
    } finally {
      budget.looked(granted - Math.max(left[0], 0));
    }
    return false;
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
