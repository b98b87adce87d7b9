package io.caregrid.dicom.archive;

import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.store.Cause;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Known;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageIndex.Place;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of bytes that came twice. I/O threads.
 *
 * <p>Whoever hears success deletes his copy. So what is kept is read to its end first: when the disk does not give it, or gives other bytes than were
 * stored, the new copy takes its place, and a damaged archive is healed by whoever sends again. That happens only where length and CRC32C in the index
 * prove that the new copy's data set is the one that was stored; otherwise nobody can say which is right, the sender hears of a failure and keeps his.
 */
final class Duplicates {
  private static final Logger log = LoggerFactory.getLogger(Duplicates.class);
  /** An instance that is moved or deleted each time somebody looks is looked for so often. */
  private static final int LOOKS = 5;

  private final Shelf shelf;
  private final ImageIndex index;
  private final Consumer<String> died;

  /** @param died hears the file in which a record was marked dead */
  Duplicates(Shelf shelf, ImageIndex index, Consumer<String> died) {
    this.shelf = shelf;
    this.index = index;
    this.died = died;
  }

  /** @param key under which it is filed */
  record Settled(Outcome outcome, InstanceKey key) {}

  private enum Verdict {
    SAME,
    DIFFERENT,
    /** What was here is damaged, or gone; the new copy is proven to be the same. */
    HEALS,
    /** What was here is damaged, or gone, and nothing is proven. */
    DAMAGED
  }

  /**
   * Afterwards either the index points to the new copy, or that is discarded.
   *
   * @param mine  whole and durable
   * @param there what the index answered
   * @param alone the new copy has a file of its own
   * @throws Refused FAILED: no success can be answered
   */
  Settled settle(Entry mine, Known there, boolean alone) {
    Located at = mine.located();
    try {
      return looked(mine, there, alone);
    } catch (Refused no) {
      discard(at, alone);
      throw no;
    } catch (IOException | RuntimeException | Error unsure) {
      log.error("a duplicate is not settled file={} offset={} cause={}", at.file(), at.offset(),
          Cause.andPlace(unsure));
      shelf.doubt(at.file()); // perhaps the index points to it
      if (alone) shelf.settle(at.file());
      throw new Refused(Why.FAILED, "not compared with what is here");
    }
  }

  private Settled looked(Entry mine, Known there, boolean alone) throws IOException {
    Located at = mine.located();
    Known now = there;
    for (int look = 0; look < LOOKS; look++) {
      if (now == Known.REMOVED) throw new Refused(Why.FAILED, "it was removed while it came");
      Verdict verdict = verdict(at, now.place());
      if (verdict == Verdict.SAME || verdict == Verdict.DIFFERENT) {
        discard(at, alone);
        return settled(verdict == Verdict.SAME ? Outcome.SAME : Outcome.DIFFERENT, at, now);
      }
      if (verdict == Verdict.HEALS && heals(at, now.place())) return kept(Outcome.SAME, at, now, alone);
      Known next = Eraser.get(index.addAgain(List.of(mine))).get(0); // what was here may have been deleted or moved meanwhile
      if (next.added()) return kept(Outcome.STORED, at, next, alone);
      if (verdict == Verdict.DAMAGED && next.equals(now)) break;
      now = next;
    }
    log.error("an instance is damaged, and not healed by what was sent again file={} offset={}", there.place().file(),
        there.place().offset());
    throw new Refused(Why.FAILED, "what is here is damaged, and this is not it");
  }

  private static Settled settled(Outcome outcome, Located at, Known now) {
    return new Settled(outcome, new InstanceKey(now.study(), now.series(), at.instance()));
  }

  private Settled kept(Outcome outcome, Located at, Known now, boolean alone) {
    if (alone) shelf.settle(at.file());
    return settled(outcome, at, now);
  }

  private boolean heals(Located mine, Place there) throws IOException {
    if (!Eraser.get(index.files().replace(mine, there))) return false;
    log.warn("an instance was damaged and is whole again, it was sent once more file={} offset={}", there.file(),
        there.offset());
    died.accept(there.file());
    return true;
  }

  /** Of what a start found: where what is kept is damaged or gone, the row points to this when it is proven to be the same. */
  boolean takesPlace(Located found, Place there) throws IOException {
    return verdict(found, there) == Verdict.HEALS && heals(found, there);
  }

  /** Of what is kept: is it whole, and the same byte for byte? */
  boolean isSame(Located mine, Place there) throws IOException {
    return verdict(mine, there) == Verdict.SAME;
  }

  /**
   * Data sets are the same byte for byte, in the same transfer syntax; the header before them names who sent it, so it is another for each sender. What
   * another node keeps in a folder of its own cannot be read: length and CRC32C of the whole decide.
   *
   * <p>Nothing holds the kept one while it is read, and another process may erase it: it differs only if it is whole still afterwards.
   */
  private Verdict verdict(Located mine, Place there) throws IOException {
    boolean alike = mine.length() == there.length() && mine.crc32c() == there.crc32c();
    if (!there.node().equals(shelf.id())) return alike ? Verdict.SAME : Verdict.DIFFERENT;
    try (Segment one = Segment.read(shelf.path(mine.file()))) {
      Part10 set = Part10.read(Source.of(one.channel(), mine.offset(), mine.length()));
      try (Segment other = Segment.read(shelf.path(there.file()))) {
        if (isWhole(other, there)) {
          if (isSame(one, mine, set, other, there)) return Verdict.SAME;
          if (isWhole(other, there)) return Verdict.DIFFERENT;
        }
        alike = alike || isProven(one, mine, set, other, there);
      } catch (IOException unreadable) {
        // and of mine nothing is believed but what is read once more
      }
      if (alike && one.crc32c(mine.offset(), mine.length()) != mine.crc32c())
        throw new IOException("what came is damaged already");
      return alike ? Verdict.HEALS : Verdict.DAMAGED;
    }
  }

  private static boolean isWhole(Segment segment, Place place) throws IOException {
    RecordHeader now = segment.header(place.offset() - RecordHeader.BYTES);
    return now != null && now.state() != State.DEAD && now.length() == place.length()
        && segment.crc32c(place.offset(), place.length()) == place.crc32c();
  }

  private static boolean isSame(Segment one, Located mine, Part10 set, Segment other, Place there) throws IOException {
    try {
      Part10 kept = Part10.read(Source.of(other.channel(), there.offset(), there.length()));
      long bytes = mine.length() - set.body();
      return bytes == there.length() - kept.body() && set.syntax().uid().equals(kept.syntax().uid())
          && Segment.same(one, mine.offset() + set.body(), other, there.offset() + kept.body(), bytes);
    } catch (DicomException | UncheckedIOException unreadable) {
      if (isWhole(other, there)) throw unreadable;
      return false;
    }
  }

  /** The header that is kept and the data set that came have the digest of what was stored together. */
  private static boolean isProven(Segment one, Located mine, Part10 set, Segment other, Place there)
      throws IOException {
    try {
      Part10 kept = Part10.read(Source.of(other.channel(), there.offset(), there.length()));
      long bytes = mine.length() - set.body();
      if (bytes != there.length() - kept.body() || !set.syntax().uid().equals(kept.syntax().uid())) return false;
      CRC32C both = new CRC32C();
      other.digest(both, there.offset(), kept.body());
      one.digest(both, mine.offset() + set.body(), bytes);
      return (int) both.getValue() == there.crc32c();
    } catch (DicomException | UncheckedIOException damaged) {
      return false;
    }
  }

  private void discard(Located at, boolean alone) {
    discard(at.file(), at.offset(), alone ? -1 : at.length());
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
      shelf.doubt(file); // or a rebuild would take them for an instance
    }
  }
}
