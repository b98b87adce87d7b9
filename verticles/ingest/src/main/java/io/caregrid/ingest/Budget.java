package io.caregrid.ingest;

import java.util.concurrent.atomic.AtomicLong;

/** The memory a node spends on bodies between their first byte and their answer. Any thread. */
final class Budget {
  private final long bytes;
  private final AtomicLong taken = new AtomicLong();

  Budget(long bytes) {
    this.bytes = bytes;
  }

  /** False, and nothing taken, when there is not that much left. */
  boolean take(long wanted) {
    if (taken.addAndGet(wanted) <= bytes) return true;
    taken.addAndGet(-wanted);
    return false;
  }

  void giveBack(long returned) {
    taken.addAndGet(-returned);
  }

  long taken() {
    return taken.get();
  }
}
