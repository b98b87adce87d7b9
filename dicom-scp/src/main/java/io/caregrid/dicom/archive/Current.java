package io.caregrid.dicom.archive;

import io.caregrid.store.Cause;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The segment being written, and how many groups of it are not answered yet: it is settled when it is full and there are none. */
final class Current {
  private static final Logger log = LoggerFactory.getLogger(Current.class);
  private final Shelf shelf;
  private final String file;
  private final Blocks segment;
  private int groups;
  private boolean full;
  private volatile boolean broken;

  Current(Shelf shelf, ByteBuffer stage) throws IOException {
    this.shelf = shelf;
    file = shelf.create();
    try {
      segment = Blocks.open(shelf.path(file), stage);
    } catch (IOException failed) {
      shelf.remove(file);
      throw failed;
    }
  }

  String file() {
    return file;
  }

  /** Of the committer's thread alone. */
  Blocks segment() {
    return segment;
  }

  synchronized void begin() {
    groups++;
  }

  /** Any thread, also one that must not wait for a disk. */
  void end(Executor disk) {
    if (isOverAfterOneMore()) disk.execute(this::settle);
  }

  private synchronized boolean isOverAfterOneMore() {
    groups--;
    return full && groups == 0;
  }

  /** Blocking. */
  void retire() {
    if (isOverNow()) settle();
  }

  private synchronized boolean isOverNow() {
    full = true;
    return groups == 0;
  }

  /** Nobody knows what of its end is on disk: the next start looks. Blocking. */
  void giveUp() {
    broken = true;
    retire();
  }

  /** Once, by whoever made it full and without groups. */
  private void settle() {
    try {
      if (broken) shelf.doubt(file); // by itself: what comes later is not looked at for its sake
      shelf.settle(file);
      segment.close();
      shelf.keepSettled();
    } catch (IOException later) {
      log.warn("segment cannot be closed file={} cause={}", file, Cause.andPlace(later));
    }
  }
}
