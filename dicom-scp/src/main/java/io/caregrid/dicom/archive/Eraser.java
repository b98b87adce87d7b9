package io.caregrid.dicom.archive;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.store.ImageFiles;
import io.caregrid.store.ImageFiles.Garbage;
import io.caregrid.store.ImageFiles.Share;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageIndex.Place;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes deleted pictures disappear from disk, and gives their room back. Blocking; one thread at a time.
 *
 * <p>Rows went and a garbage note came in one transaction; here the bytes are zeroed, and only then the note goes. A crash in between makes it happen
 * again, which changes nothing. A segment in which everything is erased is removed; one that is more than half dead is copied together.
 */
final class Eraser {
  private static final Logger log = LoggerFactory.getLogger(Eraser.class);
  private static final int PAGE = 500;
  /** Looked at in one round. */
  private static final int MOST_FILES = 500;
  private static final int DEADLINE_SECONDS = 60;

  private final Shelf shelf;
  private final ImageFiles index;
  private final Readers readers;
  private final ArchiveMetrics metrics;
  private final Set<String> touched = new ConcurrentSkipListSet<>();
  private final Set<Garbage> damaged = new HashSet<>();
  private final Set<String> unreadable = new HashSet<>();
  private final Set<String> unknown = new HashSet<>();
  private volatile boolean stopped;

  Eraser(Shelf shelf, ImageFiles index, Readers readers, ArchiveMetrics metrics) {
    this.shelf = shelf;
    this.index = index;
    this.readers = readers;
    this.metrics = metrics;
  }

  /** Any thread. It ends at the next record; what is left is the next start's. */
  void stop() {
    stopped = true;
  }

  /** Somebody waits for our end. */
  private static final class Stopped extends IOException {
    private static final long serialVersionUID = 1;
  }

  private void goOn() throws Stopped {
    if (stopped) throw new Stopped();
  }

  /** @throws IndexAway no answer, or none that is final; a refusal for good is what it is */
  static <T> T get(Future<T> answer) throws IndexAway {
    try {
      return answer.await(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      throw new IndexAway("the index did not answer within " + DEADLINE_SECONDS + " s", late);
    } catch (Failure failure) {
      if (failure instanceof Failure.Invalid) throw failure;
      throw new IndexAway(failure.getMessage(), failure);
    }
  }

  /** Everything of this writer that is noted as garbage, except what is being read just now, and what the disk does not let go. */
  void erase() throws IOException {
    long after = 0;
    while (!stopped) {
      List<Garbage> page = get(index.garbage(shelf.id(), shelf.prefix(), after, PAGE));
      if (page.isEmpty()) return;
      after = page.get(page.size() - 1).id();
      Map<String, List<Garbage>> byFile = new LinkedHashMap<>();
      for (Garbage each : page) byFile.computeIfAbsent(each.file(), file -> new ArrayList<>()).add(each);
      for (Map.Entry<String, List<Garbage>> file : byFile.entrySet())
        each(file.getKey(), name -> erase(name, file.getValue()));
    }
  }

  private interface Work {
    void on(String file) throws IOException;
  }

  /** One file the disk does not give costs no other. */
  private void each(String file, Work work) throws IndexAway {
    try {
      work.on(file);
      unreadable.remove(file);
    } catch (IndexAway away) {
      throw away;
    } catch (IOException failed) {
      if (unreadable.add(file))
        log.error("a segment cannot be read or written, what was deleted in it stays file={} cause={}", file,
            failed.toString());
    }
  }

  private void erase(String file, List<Garbage> garbage) throws IOException {
    List<Garbage> done = garbage;
    try (Segment segment = Segment.write(shelf.path(file))) {
      done = new ArrayList<>();
      for (Garbage each : garbage) if (!stopped && erase(segment, each)) done.add(each);
      segment.force();
    } catch (NoSuchFileException removed) {
      // nothing left of it
    }
    if (done.isEmpty()) return;
    touched.add(file);
    get(index.erased(done.stream().map(Garbage::id).toList()));
    metrics.erased(done.stream().mapToLong(Garbage::length).sum());
  }

  private boolean erase(Segment segment, Garbage garbage) throws IOException {
    long headerAt = garbage.offset() - RecordHeader.BYTES;
    synchronized (readers) {
      if (readers.isRead(garbage.file(), garbage.offset())) return false;
      if (headerAt >= segment.end()) return true;
      RecordHeader header = segment.header(headerAt);
      if (header == null || header.length() != garbage.length()) return isStrange(garbage);
      segment.mark(State.DEAD, headerAt);
    }
    segment.zero(garbage.offset(), garbage.length());
    return true;
  }

  /** Whose bytes these are nobody can say any more: they stay until nothing in the file lives. The others must not wait for them. */
  private boolean isStrange(Garbage garbage) {
    if (damaged.add(garbage))
      log.error(
          "a deleted instance is not erased, its header is damaged file={} offset={}: run 'caregrid dicom verify'",
          garbage.file(), garbage.offset());
    return false;
  }

  /** Removes settled segments without life, and copies together those that are more than half dead. */
  void tidy() throws IOException {
    List<String> compact = new ArrayList<>();
    for (String file : touched.stream().filter(shelf::isSettled).limit(MOST_FILES).toList()) {
      if (stopped) return;
      touched.remove(file);
      try {
        each(file, name -> tidy(name, compact));
      } catch (IOException | RuntimeException | Error later) {
        touched.add(file);
        touched.addAll(compact);
        throw later;
      }
    }
    try {
      if (!compact.isEmpty()) compact(compact);
    } catch (Stopped later) {
      // the next start sorts it out, as after a crash
    }
  }

  private void tidy(String file, List<String> compact) throws IOException {
    if (!Files.exists(shelf.path(file))) return;
    Share live = get(index.live(shelf.id(), file));
    if (live.instances() == 0) remove(file);
    else
      if (live.bytes() < Files.size(shelf.path(file)) / 2)
        try (Segment readable = Segment.read(shelf.path(file))) {
          readable.header(0); // fails here for itself, or there for all that are copied together with it
          compact.add(file);
        }
  }

  private enum Rest {
    NOTHING,
    /** What is noted as garbage: being read just now, or damaged. Whoever erases it touches the file. */
    NOTED,
    UNKNOWN
  }

  /** Only when all that ever was in it is erased: an index that was lost, or is older than the files, says that nothing lives. */
  private void remove(String file) throws IOException {
    Rest rest = rest(file);
    if (rest == Rest.NOTHING) shelf.remove(file);
    if (rest == Rest.UNKNOWN && unknown.add(file))
      log.error("a segment holds instances that the index does not know, it stays file={}: run 'caregrid dicom verify'",
          file);
  }

  private Rest rest(String file) throws IOException {
    try (Segment segment = Segment.read(shelf.path(file))) {
      Segment.Scan scan = segment.scan();
      List<Segment.Kept> all = new ArrayList<>(scan.records());
      if (scan.torn() < segment.end()) {
        if (!isNoted(file, scan.torn())) return Rest.UNKNOWN;
        all.addAll(segment.behind(scan.torn()));
      }
      all.removeIf(kept -> kept.header().state() == State.DEAD);
      for (Segment.Kept kept : all) if (!isNoted(file, kept.headerAt())) return Rest.UNKNOWN;
      return all.isEmpty() ? Rest.NOTHING : Rest.NOTED;
    }
  }

  private boolean isNoted(String file, long headerAt) throws IndexAway {
    return get(index.isGarbage(shelf.id(), file, headerAt + RecordHeader.BYTES));
  }

  /** After a start: nobody remembers in which files something died. */
  void touchAll() throws IOException {
    touched.addAll(shelf.all());
  }

  /** Something in the file died without a note: a duplicate. Any thread. */
  void touch(String file) {
    touched.add(file);
  }

  private void compact(List<String> files) throws IOException {
    String to = shelf.create();
    try (Segment target = Segment.write(shelf.path(to))) {
      for (String file : files)
        try (Segment from = Segment.read(shelf.path(file))) {
          compact(file, from, to, target);
        }
      shelf.settle(to);
    } catch (IOException | RuntimeException | Error failed) {
      touched.addAll(files);
      shelf.doubt(to); // what was copied by halves is sorted out by the next start
      shelf.settle(to);
      throw failed;
    } finally {
      if (Files.size(shelf.path(to)) == 0) shelf.remove(to);
    }
  }

  /** Copies are durable before a row points to them, and named as copies until it does: see {@link Recovery}. */
  private void compact(String file, Segment from, String to, Segment target) throws IOException {
    long after = -1;
    while (true) {
      List<Located> page = get(index.in(shelf.id(), file, after, PAGE));
      if (page.isEmpty()) return;
      after = page.get(page.size() - 1).offset();
      Map<Located, Place> copies = copies(page, from, to, target);
      moved(copies, target);
      target.force();
    }
  }

  private Map<Located, Place> copies(List<Located> page, Segment from, String to, Segment target) throws IOException {
    Map<Located, Place> copies = new LinkedHashMap<>();
    long before = target.end();
    try {
      for (Located each : page) {
        goOn();
        Place copy = copy(each, from, to, target);
        if (copy != null) copies.put(each, copy);
      }
      target.force();
      return copies;
    } catch (IOException fullOrStopped) {
      target.cut(before);
      throw fullOrStopped;
    }
  }

  /** Null: it is damaged, and stays where it is. */
  private Place copy(Located each, Segment from, String to, Segment target) throws IOException {
    if (!isWhole(each, from)) {
      log.error("an instance is damaged and not moved file={} offset={}: run 'caregrid dicom verify'", each.file(),
          each.offset());
      return null;
    }
    RecordHeader header = new RecordHeader(State.COPY, each.length(), each.crc32c(),
        each.storedAt().toInstant().toEpochMilli());
    target.append(new ByteBuffer[] {header.bytes()}, RecordHeader.BYTES);
    long offset = target.end();
    target.take(from, each.offset(), each.length());
    if (target.crc32c(offset, each.length()) != each.crc32c())
      throw new IOException("a copy is not what was copied, in " + to + " at " + offset);
    return new Place(each.node(), to, offset, each.length(), each.crc32c());
  }

  private static boolean isWhole(Located each, Segment from) {
    try {
      return from.crc32c(each.offset(), each.length()) == each.crc32c();
    } catch (IOException unreadable) {
      return false;
    }
  }

  /** When one move fails nobody knows of that one; the copies behind it are nobody's, and must not outlive a deletion. */
  private void moved(Map<Located, Place> copies, Segment target) throws IOException {
    Iterator<Map.Entry<Located, Place>> left = copies.entrySet().iterator();
    try {
      while (left.hasNext()) {
        goOn();
        moved(left.next(), target);
      }
    } catch (IOException | RuntimeException | Error failed) {
      while (left.hasNext()) giveUp(left.next().getValue(), target);
      target.force();
      throw failed;
    }
  }

  private void moved(Map.Entry<Located, Place> copy, Segment target) throws IOException {
    if (get(index.move(copy.getKey(), copy.getValue())))
      target.mark(State.LIVE, copy.getValue().offset() - RecordHeader.BYTES);
    else
      giveUp(copy.getValue(), target);
  }

  private static void giveUp(Place copy, Segment target) throws IOException {
    target.mark(State.DEAD, copy.offset() - RecordHeader.BYTES);
    target.zero(copy.offset(), copy.length());
  }
}
