package io.caregrid.dicom.archive;

import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.dicom.archive.Segment.Kept;
import io.caregrid.dicom.data.Source;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Known;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageIndex.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a start does with files that were not settled when the process before ended. Blocking.
 *
 * <ul>
 * <li>A record that the index knows stays. (Deleted ones are marked dead before, by {@link Eraser}.)
 * <li>A whole one that it does not know was on its way: its sender got no answer. It is added, so that an insert which the database finishes after our
 * end and this start come to the same.
 * <li>A copy made while compacting takes over its instance's row when that still exists, else it is dead.
 * <li>What is torn is cut off. A file with nothing in it is removed.
 * </ul>
 */
final class Recovery {
  private static final Logger log = LoggerFactory.getLogger(Recovery.class);
  private static final int PAGE = 1000;

  private final Shelf shelf;
  private final ImageIndex index;
  private int added;
  private int dead;

  Recovery(Shelf shelf, ImageIndex index) {
    this.shelf = shelf;
    this.index = index;
  }

  void run() throws IOException {
    boolean strange = !Shelf.files(shelf.folder()).isEmpty()
        && Eraser.get(index.files().files(shelf.id(), "", 1)).isEmpty();
    List<String> files = shelf.toLookAt();
    for (String file : files) recover(file);
    shelf.keepSettled();
    if (added + dead > 0)
      log.info("archive looked at what was on its way files={} added={} discarded={}", files.size(), added, dead);
    if (strange)
      log.warn(
          "the index knows nothing of the archive's files: if its database was lost, run 'caregrid dicom rebuild'");
  }

  private void recover(String file) throws IOException {
    Set<Long> known = known(file);
    try (Segment segment = Segment.write(shelf.path(file))) {
      Segment.Scan scan = segment.scan();
      for (Kept kept : scan.records()) recover(file, segment, kept, known.contains(kept.contentAt()));
      long lastKnown = known.stream().mapToLong(at -> at).max().orElse(-1);
      if (scan.torn() < segment.end() && lastKnown < scan.torn()) segment.cut(scan.torn());
      else
        if (lastKnown >= scan.torn())
          log.error("a segment is damaged before its end file={} offset={}: run 'caregrid dicom verify'", file,
              scan.torn());
      segment.force();
    }
    boolean lives = Eraser.get(index.files().live(shelf.id(), file)).instances() > 0;
    if (!lives && Files.size(shelf.path(file)) == 0) shelf.remove(file);
  }

  private Set<Long> known(String file) throws IOException {
    Set<Long> known = new HashSet<>();
    for (long after = -1;;) {
      List<Located> page = Eraser.get(index.files().in(shelf.id(), file, after, PAGE));
      for (Located each : page) known.add(each.offset());
      if (page.size() < PAGE) return known;
      after = page.get(page.size() - 1).offset();
    }
  }

  private void recover(String file, Segment segment, Kept kept, boolean known) throws IOException {
    State state = kept.header().state();
    if (known && state == State.COPY) segment.mark(State.LIVE, kept.headerAt());
    if (known || state == State.DEAD) return;
    boolean stays = segment.crc32c(kept.contentAt(), kept.header().length()) == kept.header().crc32c()
        && (state == State.COPY ? takesOver(file, segment, kept) : isAdded(file, segment, kept));
    if (stays) {
      segment.mark(State.LIVE, kept.headerAt());
      added++;
    } else {
      segment.mark(State.DEAD, kept.headerAt());
      segment.zero(kept.contentAt(), kept.header().length());
      dead++;
    }
  }

  private boolean takesOver(String file, Segment segment, Kept kept) throws IOException {
    Entry entry = entry(shelf.id(), file, segment, kept);
    if (entry == null) return false;
    Located copy = entry.located();
    Located row = Eraser.get(index.files().at(copy.instance()));
    if (row == null || !row.node().equals(copy.node())) return false;
    Place to = new Place(copy.node(), file, copy.offset(), copy.length(), copy.crc32c());
    return Eraser.get(index.files().move(row, to));
  }

  private boolean isAdded(String file, Segment segment, Kept kept) throws IOException {
    Entry entry = entry(shelf.id(), file, segment, kept);
    if (entry == null) return false;
    Known answer = Eraser.get(index.add(List.of(entry))).get(0);
    return answer.added();
  }

  /** Null when it is no instance the index can hold: then it never was on its way to it. */
  static Entry entry(String id, String file, Segment segment, Kept kept) {
    try {
      Source source = Source.of(segment.channel(), kept.contentAt(), kept.header().length());
      return Described.again(source).at(id, file, kept.contentAt(), kept.header());
    } catch (Refused no) {
      return null;
    }
  }
}
