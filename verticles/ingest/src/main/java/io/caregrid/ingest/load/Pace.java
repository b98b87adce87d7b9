package io.caregrid.ingest.load;

/** Not more than so many in a second, on average since the last pause. One thread. */
final class Pace {
  private static final double NANOS = 1e9;
  private final int perSecond;
  private long from = System.nanoTime();
  private long count;

  /** @param perSecond 0: as many as there are */
  Pace(int perSecond) {
    this.perSecond = perSecond;
  }

  /** Waits until that many more were not too many. */
  void took(int some) throws InterruptedException {
    if (perSecond == 0) return;
    count += some;
    long early = from + (long) (count * NANOS / perSecond) - System.nanoTime();
    if (early > 0) Thread.sleep(early / 1_000_000, (int) (early % 1_000_000));
    else if (early < -NANOS) {
      from = System.nanoTime();
      count = 0;
    }
  }
}
