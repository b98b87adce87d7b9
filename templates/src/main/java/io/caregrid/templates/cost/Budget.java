package io.caregrid.templates.cost;

/**
 * What all expressions together may do on one message. A step is one token visited, one element made or some characters of text gone through; a look is one
 * character that a pattern looked at. Each evaluation and each text has its own smaller limit beside, so that one that is too dear leaves enough for the others.
 * Of one message, so of one thread.
 */
public final class Budget {
  /** Of one message: about a second. */
  public static final int MOST_STEPS = 100_000_000;
  /** Of one message: about a second. */
  public static final int MOST_LOOKS = 500_000_000;
  /** Of the texts in all measurements of one message. */
  public static final int MOST_CHARACTERS = 16_000_000;
  /** Of those, what several samples in one value leave to other values. */
  private static final int NOT_FOR_SAMPLES = 1_000_000;
  private int characters = MOST_CHARACTERS;
  private int steps = MOST_STEPS;
  private int looks = MOST_LOOKS;
  private String givenUp;

  /** True when that many steps were left. After a false there are none. */
  public boolean spend(int wanted) {
    boolean enough = wanted <= steps;
    steps = enough ? steps - wanted : 0;
    return enough;
  }

  /** True when a text of that length may still go into a measurement. After a false, a shorter one may. */
  public boolean make(int length) {
    if (length > characters) return false;
    characters -= length;
    return true;
  }

  /** The same for one sample of several, and what lies between it and the next. */
  public boolean makeSample(int length) {
    return characters - NOT_FOR_SAMPLES >= length + 1 && make(length + 1);
  }

  /** How many looks are left. */
  public int looks() {
    return looks;
  }

  public void looked(int times) {
    looks -= Math.min(times, looks);
  }

  /** Notes that a candidate could not be tested and counts as not selected; the first reason is kept. */
  public void giveUp(String why) {
    if (givenUp == null) givenUp = why;
  }

  /** Why a candidate was given up since this was last asked; null when none was. */
  public String takeGivenUp() {
    String why = givenUp;
    if (why != null) givenUp = null;
    return why;
  }
}
