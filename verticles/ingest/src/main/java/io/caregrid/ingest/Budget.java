package io.caregrid.ingest;

import java.util.concurrent.atomic.AtomicLong;

/** The memory a node's door spends on bodies between their first byte and their answer. Any thread. */
public final class Budget {
  private final long bytes;
  private final AtomicLong taken = new AtomicLong();

  public Budget(long bytes) {
    this.bytes = bytes;
  }

  /** False, and nothing taken, when there is not that much left. */
  public boolean take(long wanted) {
    if (taken.addAndGet(wanted) <= bytes) return true;
    taken.addAndGet(-wanted);
    return false;
  }

  public void giveBack(long returned) {
    taken.addAndGet(-returned);
  }

  public long taken() {
    return taken.get();
  }
}
