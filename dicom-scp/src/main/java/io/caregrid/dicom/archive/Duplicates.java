package io.caregrid.dicom.archive;

import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageIndex.Place;
import java.io.IOException;
import java.io.UncheckedIOException;
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

  /**
   * Their data sets are, byte for byte, in the same transfer syntax; the header before them names who sent it, so it is another for each sender. Where both
   * cannot be read, length and CRC32C of the whole decide.
   */
  boolean isSame(Located mine, Place there) {
    boolean alike = mine.length() == there.length() && mine.crc32c() == there.crc32c();
    if (!there.node().equals(shelf.id())) return alike;
    try (Segment one = Segment.read(shelf.path(mine.file())); Segment other = Segment.read(shelf.path(there.file()))) {
      Part10 left = Part10.read(Source.of(one.channel(), mine.offset(), mine.length()));
      Part10 right = Part10.read(Source.of(other.channel(), there.offset(), there.length()));
      long bytes = mine.length() - left.body();
      boolean same = bytes == there.length() - right.body() && left.syntax().uid().equals(right.syntax().uid())
          && Segment.same(one, mine.offset() + left.body(), other, there.offset() + right.body(), bytes);
      return same || alike && isErased(other, there); // by whoever deleted or moved it meanwhile
    } catch (IOException | UncheckedIOException | DicomException moved) {
      return alike;
    }
  }

  private static boolean isErased(Segment segment, Place place) throws IOException {
    RecordHeader now = segment.header(place.offset() - RecordHeader.BYTES);
    return now == null || now.state() == State.DEAD;
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
