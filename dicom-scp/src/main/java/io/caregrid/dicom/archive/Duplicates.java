package io.caregrid.dicom.archive;

import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageIndex.Place;
import java.io.IOException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What becomes of bytes that came twice. I/O threads. */
final class Duplicates {
  private static final Logger log = LoggerFactory.getLogger(Duplicates.class);

  private final Shelf shelf;
  private final Consumer<String> died;

  /** @param died hears the file in which a record was marked dead */
  Duplicates(Shelf shelf, Consumer<String> died) {
    this.shelf = shelf;
    this.died = died;
  }

  /** Byte for byte where both can be read; else by length and CRC32C. */
  boolean isSame(Located mine, Place there) {
    if (mine.length() != there.length() || mine.crc32c() != there.crc32c()) return false;
    if (!there.node().equals(shelf.id())) return true;
    try (Segment one = Segment.read(shelf.path(mine.file())); Segment other = Segment.read(shelf.path(there.file()))) {
      return Segment.same(one, mine.offset(), other, there.offset(), mine.length());
    } catch (IOException moved) {
      return true;
    }
  }

  /**
   * Durably dead, so that no start takes them for an instance somebody waits for.
   *
   * @param length -1: the file is theirs alone
   */
  void discard(String file, long offset, long length) {
    try {
      if (length < 0) {
        shelf.remove(file);
        return;
      }
      try (Segment segment = Segment.write(shelf.path(file))) {
        segment.mark(State.DEAD, offset - RecordHeader.BYTES);
        segment.zero(offset, length);
        segment.force();
      }
      died.accept(file);
    } catch (IOException failed) {
      log.warn("bytes nobody needs are left file={} offset={} cause={}", file, offset, failed.toString());
    }
  }
}
