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
  private int steps = MOST_STEPS;
  private int looks = MOST_LOOKS;
  private String givenUp;

  /** True when that many steps were left. After a false there are none. */
  public boolean spend(int wanted) {
    boolean enough = wanted <= steps;
    steps = enough ? steps - wanted : 0;
    return enough;
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
    givenUp = null;
    return why;
  }
}
