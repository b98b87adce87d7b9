package io.caregrid.dicom.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
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
  private boolean broken;

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

  synchronized void end() {
    groups--;
    settle();
  }

  synchronized void retire() {
    full = true;
    settle();
  }

  /** Nobody knows what of its end is on disk: the next start looks. */
  synchronized void giveUp() {
    broken = true;
    retire();
  }

  private void settle() {
    if (!full || groups > 0) return;
    try {
      if (broken) shelf.doubt(file); // by itself: what comes later is not looked at for its sake
      shelf.settle(file);
      segment.close();
      shelf.keepSettled();
    } catch (IOException later) {
      log.warn("segment cannot be closed file={} cause={}", file, later.toString());
    }
  }
}
