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
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Reads every file of an archive and compares it with the index, both ways; changes nothing. Blocking. A node may be at work in the folder: what differs
 * is looked at again after a moment, and counts only when it still differs then.
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
    Map<Long, Located> rows = rows(file);
    try (Segment segment = Segment.read(folder.resolve(file))) {
      Segment.Scan scan = segment.scan();
      report.files++;
      for (Kept kept : scan.records()) verify(file, segment, kept, rows.remove(kept.contentAt()));
      if (scan.torn() < segment.channel().size() && isStill(() -> segment.scan().torn() == scan.torn()))
        report.problem(file, scan.torn(), "no whole record; the next start of the node cuts it off");
    } catch (NoSuchFileException removed) {
      // then there must be no rows
    }
    for (Located row : rows.values())
      if (isStill(() -> isThere(row)))
        report.problem(file, row.offset(), "the index has an instance, the file has not");
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

  private void verify(String file, Segment segment, Kept kept, Located row) throws IOException {
    RecordHeader header = kept.header();
    if (header.state() == State.DEAD) {
      report.dead += header.length();
      if (row != null && isStill(() -> isThere(row)))
        report.problem(file, row.offset(), "the index has an instance that was deleted");
      return;
    }
    if (isDamaged(segment, kept) && isStill(() -> isDamaged(segment, kept))) {
      report.problem(file, kept.contentAt(), "the content is damaged");
    } else if (row == null) {
      if (isStill(() -> isUnknown(file, segment, kept)))
        report.problem(file, kept.contentAt(), "the file has an instance, the index has not");
    } else if (row.length() != header.length() || row.crc32c() != header.crc32c()) {
      report.problem(file, row.offset(), "length or digest in the index are others");
    } else {
      report.instances++;
      report.bytes += header.length();
    }
  }

  private static boolean isDamaged(Segment segment, Kept kept) throws IOException {
    RecordHeader now = segment.header(kept.headerAt());
    return now != null && now.state() != State.DEAD
        && segment.crc32c(kept.contentAt(), now.length()) != now.crc32c();
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

  private interface Question {
    boolean isSo() throws IOException;
  }

  /** A node at work makes what it began come true within a moment. */
  private static boolean isStill(Question difference) throws IOException {
    for (int look = 0; look < LOOKS; look++) {
      if (look > 0) pause();
      if (!difference.isSo()) return false;
    }
    return true;
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
