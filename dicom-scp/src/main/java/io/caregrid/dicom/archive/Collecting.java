package io.caregrid.dicom.archive;

import io.vertx.core.Vertx;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Instances that are not whole yet. While memory is short, those whose senders have stopped (told to wait, or fallen silent) go to files, to the last
 * byte: else a few of them could hold for ever what all the others need. Any thread.
 */
final class Collecting {
  /** A sender that wrote nothing for so long has stopped. */
  static final long PATIENCE_MILLIS = 250;

  private final Vertx vertx;
  private final Memory memory;
  private final Set<Arrival> all = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean watching = new AtomicBoolean();

  Collecting(Vertx vertx, Memory memory) {
    this.vertx = vertx;
    this.memory = memory;
  }

  void add(Arrival arrival) {
    all.add(arrival);
  }

  /** It is whole, or given up. */
  void remove(Arrival arrival) {
    all.remove(arrival);
  }

  /** Somebody took memory. */
  void watch() {
    if (memory.isShort() && watching.compareAndSet(false, true))
      vertx.setTimer(PATIENCE_MILLIS, late -> look());
  }

  private void look() {
    watching.set(false);
    if (memory.isShort()) all.forEach(Arrival::makeRoom);
    watch();
  }
}
