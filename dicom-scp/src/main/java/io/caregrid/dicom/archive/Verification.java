package io.caregrid.dicom.archive;

import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.dicom.archive.Segment.Kept;
import io.caregrid.store.ImageFiles;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Located;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads every file of an archive and compares it with the index, both ways; changes nothing. Blocking. A node may be at work in the folder: a file in which
 * something differs is read again after a moment, and only what differs every time counts.
 */
public final class Verification {
  private static final int PAGE = 1000;
  private static final int LOOKS = 4;
  private static final long PAUSE_MILLIS = 1_000;

  private final Path folder;
  private final String id;
  private final ImageFiles index;
  private final Report.Draft report = new Report.Draft();

  private Verification(Path folder, ImageIndex index) throws IOException {
    this.folder = folder;
    this.id = Shelf.knownId(folder);
    this.index = index.files();
  }

  /** @throws io.caregrid.cluster.ConfigException there is no archive in the folder */
  public static Report run(Path folder, ImageIndex index, Report.Progress progress) throws IOException {
    return new Verification(folder, index).run(progress);
  }

  private Report run(Report.Progress progress) throws IOException {
    TreeSet<String> files = new TreeSet<>(Shelf.files(folder));
    long all = 0;
    for (String file : files) all += size(file);
    for (String after = "";;) {
      Map<String, ImageFiles.Share> named = Eraser.get(index.files(id, after, PAGE));
      files.addAll(named.keySet());
      if (named.size() < PAGE) break;
      after = List.copyOf(named.keySet()).get(PAGE - 1);
    }
    long done = 0;
    for (String file : files) {
      done += size(file);
      verify(file);
      progress.at(Math.min(done, all), all);
    }
    return report.done();
  }

  private long size(String file) throws IOException {
    try {
      return Files.size(folder.resolve(file));
    } catch (NoSuchFileException removed) {
      return 0;
    }
  }

  private void verify(String file) throws IOException {
    Look look = look(file);
    Set<Problem> lasting = new LinkedHashSet<>(look.problems);
    for (int again = 1; again < LOOKS && !lasting.isEmpty(); again++) {
      pause();
      look = look(file);
      lasting.retainAll(look.problems);
    }
    report.files += look.files;
    report.instances += look.instances;
    report.bytes += look.bytes;
    report.dead += look.dead;
    for (Problem each : lasting) report.problem(file, each.offset, each.what);
  }

  private record Problem(long offset, String what) {}

  /** What one reading of a file gave. */
  private static final class Look {
    private final String file;
    private final Set<Problem> problems = new LinkedHashSet<>();
    private int files;
    private long instances;
    private long bytes;
    private long dead;

    Look(String file) {
      this.file = file;
    }

    void problem(long offset, String what) {
      problems.add(new Problem(offset, what));
    }
  }

  private Look look(String file) throws IOException {
    Look look = new Look(file);
    Map<Long, Located> rows = rows(file);
    try (Segment segment = Segment.read(folder.resolve(file))) {
      look.files = 1;
      Segment.Scan scan = segment.scan();
      for (Kept kept : scan.records()) compare(look, segment, kept, rows.remove(kept.contentAt()));
      if (scan.torn() < segment.end()) {
        List<Kept> behind = segment.behind(scan.torn());
        for (Kept kept : behind) compare(look, segment, kept, rows.remove(kept.contentAt()));
        if (!behind.isEmpty() || !Shelf.isOnItsWay(folder, file)) look.problem(scan.torn(), "no whole record");
      }
    } catch (NoSuchFileException removed) {
      // then there must be no rows
    } catch (IndexAway away) {
      throw away;
    } catch (IOException damaged) {
      look.problem(0, "cannot be read");
    }
    for (Located row : rows.values())
      if (isThere(row)) look.problem(row.offset(), "the index has an instance, the file has not");
    return look;
  }

  private Map<Long, Located> rows(String file) throws IOException {
    Map<Long, Located> rows = new HashMap<>();
    for (long after = -1;;) {
      List<Located> page = Eraser.get(index.in(id, file, after, PAGE));
      for (Located each : page) rows.put(each.offset(), each);
      if (page.size() < PAGE) return rows;
      after = page.get(page.size() - 1).offset();
    }
  }

  private void compare(Look look, Segment segment, Kept kept, Located row) throws IOException {
    RecordHeader header = kept.header();
    boolean copy = header.state() == State.COPY && row == null; // until the row points to it the other one counts
    if (header.state() == State.DEAD || copy) {
      look.dead += header.length();
      if (row != null && isThere(row)) look.problem(row.offset(), "the index has an instance that was deleted");
    } else if (isDamaged(segment, kept)) {
      look.problem(kept.contentAt(), "the content is damaged");
    } else if (row == null) {
      if (isUnknown(look.file, segment, kept))
        look.problem(kept.contentAt(), "the file has an instance, the index has not");
    } else if (row.length() != header.length() || row.crc32c() != header.crc32c()) {
      look.problem(row.offset(), "length or digest in the index are others");
    } else {
      look.instances++;
      look.bytes += header.length();
    }
  }

  private static boolean isDamaged(Segment segment, Kept kept) {
    try {
      RecordHeader now = segment.header(kept.headerAt());
      return now != null && now.state() != State.DEAD
          && segment.crc32c(kept.contentAt(), now.length()) != now.crc32c();
    } catch (IOException unreadable) {
      return true;
    }
  }

  private boolean isThere(Located row) throws IOException {
    Located now = Eraser.get(index.at(row.instance()));
    return now != null && now.file().equals(row.file()) && now.offset() == row.offset();
  }

  /** Neither in the index nor noted as garbage. */
  private boolean isUnknown(String file, Segment segment, Kept kept) throws IOException {
    RecordHeader now = segment.header(kept.headerAt());
    if (now == null || now.state() == State.DEAD) return false;
    List<Located> row = Eraser.get(index.in(id, file, kept.contentAt() - 1, 1));
    if (!row.isEmpty() && row.get(0).offset() == kept.contentAt()) return false;
    return !Eraser.get(index.isGarbage(id, file, kept.contentAt()));
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped", stop);
    }
  }
}
