package io.caregrid.dicom.archive;

import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.dicom.archive.Segment.Kept;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Known;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageTags.Listed;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes the index anew from the files: after its database was lost, or restored from a time before the files'. Blocking; no node may use the folder,
 * and none starts in it meanwhile: what it stored would be forgotten with the rest.
 * Stopped in the middle it leaves an index that lacks the rest: run it again.
 *
 * <p>Extended query tags are read with each file: a tag that was ready finds what is entered as soon as it is.
 *
 * <p>What was deleted stays deleted, because that is written in the files. Of two records of one instance the older counts.
 */
public final class Rebuild {
  private static final int PAGE = 500;
  private static final int GROUP = 200;

  private final Path folder;
  private final ImageIndex index;
  private Listed tags = Listed.UNREAD;
  private final Report.Draft report = new Report.Draft();

  private Rebuild(Path folder, ImageIndex index) {
    this.folder = folder;
    this.index = index;
  }

  /** @throws io.caregrid.cluster.ConfigException there is no archive in the folder, or a node uses it */
  public static Report run(Path folder, ImageIndex index, Report.Progress progress) throws IOException {
    Shelf.knownId(folder);
    try (Shelf.All all = Shelf.openAll(folder)) {
      return new Rebuild(folder, index).run(all.shelves(), progress);
    }
  }

  private Report run(List<Shelf> shelves, Report.Progress progress) throws IOException {
    tags = Eraser.get(index.tags().list());
    ArchiveMetrics none = new ArchiveMetrics(new SimpleMeterRegistry(), new Memory(1));
    long all = 0;
    for (String file : Shelf.files(folder)) all += Files.size(folder.resolve(file));
    for (Shelf shelf : shelves) new Eraser(shelf, index.files(), new Readers(), none).erase();
    while (Eraser.get(index.files().forget(Shelf.knownId(folder), PAGE)));
    long done = 0;
    for (Shelf shelf : shelves)
      for (String file : shelf.all()) {
        done += Files.size(shelf.path(file));
        read(shelf, file);
        progress.at(done, all);
      }
    return report.done();
  }

  /** What cannot be read costs nothing else. */
  private void read(Shelf shelf, String file) throws IndexAway {
    try {
      records(shelf, file);
    } catch (IndexAway away) {
      throw away;
    } catch (IOException unreadable) {
      report.problem(file, 0, "cannot be read");
    }
  }

  private void records(Shelf shelf, String file) throws IOException {
    try (Segment segment = Segment.write(shelf.path(file))) {
      Segment.Scan scan = segment.scan();
      report.files++;
      List<Kept> all = new ArrayList<>(scan.records());
      if (scan.torn() < segment.end()) {
        report.problem(file, scan.torn(), "no whole record");
        all.addAll(segment.behind(scan.torn()));
      }
      List<Kept> group = new ArrayList<>();
      for (Kept kept : all) {
        if (kept.header().state() == State.DEAD) report.dead += kept.header().length();
        else group.add(kept);
        if (group.size() == GROUP) add(shelf, file, segment, group);
      }
      add(shelf, file, segment, group);
    }
  }

  private void add(Shelf shelf, String file, Segment segment, List<Kept> group) throws IOException {
    List<Kept> whole = new ArrayList<>();
    List<Entry> entries = new ArrayList<>();
    for (Kept kept : group) {
      Entry entry = segment.isWhole(kept) ? Recovery.entry(shelf.id(), file, segment, kept, tags) : null;
      if (entry == null) report.problem(file, kept.contentAt(), "the content is damaged");
      else {
        whole.add(kept);
        entries.add(entry);
      }
    }
    group.clear();
    List<Known> known = added(entries);
    for (int i = 0; i < known.size(); i++) count(shelf, segment, whole.get(i), entries.get(i).located(), known.get(i));
  }

  /** Null for what the index refuses. */
  private List<Known> added(List<Entry> entries) throws IndexAway {
    try {
      return Eraser.get(index.addAgain(entries));
    } catch (RuntimeException refused) {
      List<Known> known = new ArrayList<>();
      if (entries.size() > 1) for (Entry each : entries) known.addAll(added(List.of(each)));
      else {
        report.problem(entries.get(0).located().file(), entries.get(0).located().offset(), "the index refuses it");
        known.add(null);
      }
      return known;
    }
  }

  private void count(Shelf shelf, Segment segment, Kept kept, Located mine, Known known) throws IOException {
    if (known != null && known.added()) {
      if (kept.header().state() == State.COPY) segment.mark(State.LIVE, kept.headerAt());
      report.instances++;
      report.bytes += mine.length();
      return;
    }
    if (known == null || known == Known.REMOVED) return;
    Duplicates duplicates = new Duplicates(shelf, index, died -> {});
    if (duplicates.isSame(mine, known.place())) {
      duplicates.discard(mine.file(), mine.offset(), mine.length());
      report.dead += mine.length();
    } else
      report.problem(mine.file(), mine.offset(), "another content of an instance that is in "
          + known.place().file());
  }
}
