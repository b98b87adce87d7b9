package io.caregrid.dicom.archive;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** How many bytes of pictures wait in memory, over all senders, and who waits for that to become less. Any thread. */
final class Memory {
  private final long bound;
  private final AtomicLong used = new AtomicLong();
  private final ConcurrentLinkedQueue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  Memory(long bound) {
    this.bound = bound;
  }

  void take(long bytes) {
    used.addAndGet(bytes);
  }

  void give(long bytes) {
    if (used.addAndGet(-bytes) >= low()) return;
    for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) next.run();
  }

  boolean isFull() {
    return used.get() >= bound;
  }

  /** Full, or so nearly that nobody who waits is called. */
  boolean isShort() {
    return used.get() >= low();
  }

  long used() {
    return used.get();
  }

  /** Runs it once, when there is room again: perhaps at once, on any thread, perhaps more than once. */
  void whenFree(Runnable then) {
    waiting.add(then);
    if (used.get() < low() && waiting.remove(then)) then.run();
  }

  /** Somewhat below the bound, so that senders do not stop and go with every image. */
  private long low() {
    return bound - bound / 8;
  }
}
