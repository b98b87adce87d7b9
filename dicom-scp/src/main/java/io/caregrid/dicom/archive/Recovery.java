package io.caregrid.dicom.archive;

import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.dicom.archive.Segment.Kept;
import io.caregrid.dicom.data.Source;
import io.caregrid.store.Cause;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Known;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageIndex.Place;
import io.caregrid.store.ImageTags.Listed;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a start does with files that were not settled when the process before ended. Blocking.
 *
 * <ul>
 * <li>A record that the index knows stays, and so does a deleted one, whose note {@link Eraser} reads after the start.
 * <li>A whole one that it does not know was on its way: its sender got no answer. It is added, so that an insert which the database finishes after our
 * end and this start come to the same.
 * <li>A copy made while compacting takes over its instance's row.
 * <li>Of one whose instance the index has elsewhere nothing is given up before that other place was read and holds the same bytes: the index may be older
 * than the files. Are the bytes there gone or damaged, and these proven to be the same, the row points here from now on.
 * <li>What is torn is cut off. A file with nothing in it is removed.
 * <li>What cannot be settled (the disk does not give it, the database refuses it, it lies across what the index knows, it is a copy without a row or
 * has other bytes than the row's) stays as it is, is said with its place, and leaves its file in doubt for the next start. The others do not suffer.
 * </ul>
 *
 * <p>No byte is ever zeroed or cut off that belongs to a record the index knows.
 */
final class Recovery {
  private static final Logger log = LoggerFactory.getLogger(Recovery.class);
  private static final int PAGE = 1000;
  /** Files between two notes of how far it is. */
  private static final int KEPT = 100;

  private final Shelf shelf;
  private final ImageIndex index;
  private final Duplicates duplicates;
  private Listed tags = Listed.UNREAD;
  private int added;
  private int dead;

  Recovery(Shelf shelf, ImageIndex index) {
    this.shelf = shelf;
    this.index = index;
    this.duplicates = new Duplicates(shelf, index, died -> {}); // all files are touched after a start
  }

  /** @throws IndexAway nothing can be said without it. IOException: the folder as such cannot be read or written */
  void run() throws IOException {
    boolean strange = !Shelf.files(shelf.folder()).isEmpty()
        && Eraser.get(index.files().files(shelf.id(), "", 1)).isEmpty();
    tags = Eraser.get(index.tags().list());
    List<String> files = shelf.toLookAt();
    int done = 0;
    for (String file : files) {
      if (isSettled(file)) shelf.trust(file);
      else shelf.doubt(file);
      shelf.settle(file);
      if (++done % KEPT == 0) shelf.keepSettled(); // whoever stops a long start does not begin it anew
    }
    shelf.keepSettled();
    if (added + dead > 0)
      log.info("archive looked at what was on its way files={} added={} discarded={}", files.size(), added, dead);
    if (strange)
      log.warn(
          "the index knows nothing of the archive's files: if its database was lost, run 'caregrid dicom rebuild'");
  }

  private boolean isSettled(String file) throws IndexAway {
    try {
      return settle(file);
    } catch (IndexAway away) {
      throw away;
    } catch (IOException | RuntimeException unreadable) {
      return doubt(file, 0, "a segment", Cause.withoutValues(unreadable));
    }
  }

  private static boolean doubt(String file, long offset, String what, String why) {
    log.error("{} is not settled file={} offset={} cause={}: run 'caregrid dicom verify'", what, file, offset, why);
    return false;
  }

  private boolean settle(String file) throws IOException {
    TreeMap<Long, Long> known = known(file);
    boolean settled = true;
    try (Segment segment = Segment.write(shelf.path(file))) {
      Segment.Scan scan = segment.scan();
      for (Kept kept : scan.records())
        if (!known.containsKey(kept.contentAt())) settled &= isSettled(file, segment, kept, known);
        else if (kept.header().state() == State.COPY) segment.mark(State.LIVE, kept.headerAt());
      if (scan.torn() < segment.end()) settled &= isCut(file, segment, scan.torn(), known);
      segment.force();
    }
    if (known.isEmpty() && Files.size(shelf.path(file)) == 0) shelf.remove(file);
    return settled;
  }

  /** Where contents begin and end. */
  private TreeMap<Long, Long> known(String file) throws IOException {
    TreeMap<Long, Long> known = new TreeMap<>();
    for (long after = -1;;) {
      List<Located> page = Eraser.get(index.files().in(shelf.id(), file, after, PAGE));
      for (Located each : page) known.put(each.offset(), each.offset() + each.length());
      if (page.size() < PAGE) return known;
      after = page.get(page.size() - 1).offset();
    }
  }

  /** Whether bytes of these belong to a record that the index knows. */
  private static boolean isKnown(TreeMap<Long, Long> known, long from, long to) {
    Map.Entry<Long, Long> last = known.lowerEntry(to + RecordHeader.BYTES);
    return last != null && last.getValue() > from;
  }

  /**
   * Nobody writes on behind a torn place, so a whole record there mostly means damage. It is also what a loss of power leaves of one group whose later blocks
   * reached the disk before earlier ones: nobody was answered then, but nothing here tells the one from the other, so all of it stays in doubt, until
   * a rebuild takes in what is whole. A file that begins with a blank header is a large instance whose end never came.
   */
  private static boolean isCut(String file, Segment segment, long torn, TreeMap<Long, Long> known)
      throws IOException {
    if (isKnown(known, torn, segment.end()) || !(torn == 0 && segment.isBlank(0))
        && segment.behind(torn).stream().anyMatch(kept -> kept.header().state() != State.DEAD && segment.isWhole(kept)))
      return doubt(file, torn, "a segment damaged before its end", "no whole record");
    segment.cut(torn);
    return true;
  }

  private boolean isSettled(String file, Segment segment, Kept kept, TreeMap<Long, Long> known) throws IndexAway {
    if (kept.header().state() == State.DEAD) return true;
    if (isKnown(known, kept.headerAt(), kept.end()))
      return doubt(file, kept.contentAt(), "a record", "it lies across what the index knows");
    try {
      if (Eraser.get(index.files().isGarbage(shelf.id(), file, kept.contentAt()))) return true;
      if (segment.crc32c(kept.contentAt(), kept.header().length()) != kept.header().crc32c())
        return isDiscarded(segment, kept);
      Entry entry = entry(shelf.id(), file, segment, kept, tags);
      if (entry == null) throw new IOException("whole, but no instance the index can hold");
      return kept.header().state() == State.COPY
          ? copy(segment, kept, entry.located())
          : whole(segment, kept, entry);
    } catch (IndexAway away) {
      throw away;
    } catch (IOException | RuntimeException refused) {
      return doubt(file, kept.contentAt(), "a record", Cause.withoutValues(refused));
    }
  }

  private boolean whole(Segment segment, Kept kept, Entry entry) throws IOException {
    Known answer = Eraser.get(index.addAgain(List.of(entry))).get(0);
    if (answer == Known.REMOVED) return true;
    return answer.added() ? isTaken(segment, kept) : second(segment, kept, entry.located(), answer.place());
  }

  /** An index that was lost or is older than the files knows nothing of the instance, and then this may be all there is of it. */
  private boolean copy(Segment segment, Kept kept, Located mine) throws IOException {
    Located row = Eraser.get(index.files().at(mine.instance()));
    if (row == null) throw new IOException("a copy of an instance that the index has not");
    if (row.node().equals(mine.node()) && Eraser.get(index.files().move(row, place(mine))))
      return isTaken(segment, kept);
    return second(segment, kept, mine, place(row));
  }

  private static Place place(Located at) {
    return new Place(at.node(), at.file(), at.offset(), at.length(), at.crc32c());
  }

  /** A row says where the instance is: in an index older than the files that may be a place that was erased since. */
  private boolean second(Segment segment, Kept kept, Located mine, Place there) throws IOException {
    if (duplicates.isSame(mine, there)) return isDiscarded(segment, kept);
    if (duplicates.takesPlace(mine, there)) return isTaken(segment, kept);
    throw new IOException("its instance is in the index with other bytes, in " + there.file() + " at "
        + there.offset());
  }

  private boolean isTaken(Segment segment, Kept kept) throws IOException {
    segment.mark(State.LIVE, kept.headerAt());
    added++;
    return true;
  }

  private boolean isDiscarded(Segment segment, Kept kept) throws IOException {
    segment.mark(State.DEAD, kept.headerAt());
    segment.zero(kept.contentAt(), kept.header().length());
    dead++;
    return true;
  }

  /**
   * Null when it is no instance the index can hold.
   *
   * @param tags that its row is to be found by; by a list that has changed since, it is noted to be read again
   */
  static Entry entry(String id, String file, Segment segment, Kept kept, Listed tags) {
    try {
      Source source = Source.of(segment.channel(), kept.contentAt(), kept.header().length());
      return Described.again(source, tags).at(id, file, kept.contentAt(), kept.header());
    } catch (Refused no) {
      return null;
    }
  }
}
