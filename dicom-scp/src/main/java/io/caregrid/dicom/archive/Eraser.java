package io.caregrid.dicom.archive;

import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.store.ImageFiles;
import io.caregrid.store.ImageFiles.Garbage;
import io.caregrid.store.ImageFiles.Share;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageIndex.Place;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Makes deleted pictures disappear from disk, and gives their room back. Blocking; one thread at a time.
 *
 * <p>Rows went and a garbage note came in one transaction; here the bytes are zeroed, and only then the note goes. A crash in between makes it happen
 * again, which changes nothing. A segment in which nothing lives is removed; one that is more than half dead is copied together.
 */
final class Eraser {
  private static final int PAGE = 500;
  private static final int DEADLINE_SECONDS = 60;

  private final Shelf shelf;
  private final ImageFiles index;
  private final Readers readers;
  private final ArchiveMetrics metrics;
  private final Set<String> touched = new ConcurrentSkipListSet<>();

  Eraser(Shelf shelf, ImageFiles index, Readers readers, ArchiveMetrics metrics) {
    this.shelf = shelf;
    this.index = index;
    this.readers = readers;
    this.metrics = metrics;
  }

  static <T> T get(Future<T> answer) throws IOException {
    try {
      return answer.await(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      throw new IOException("the index did not answer within " + DEADLINE_SECONDS + " s", late);
    }
  }

  /** Everything of this writer that is noted as garbage, except what is being read just now. */
  void erase() throws IOException {
    long after = 0;
    while (true) {
      List<Garbage> page = get(index.garbage(shelf.id(), shelf.prefix(), after, PAGE));
      if (page.isEmpty()) return;
      after = page.get(page.size() - 1).id();
      Map<String, List<Garbage>> byFile = new LinkedHashMap<>();
      for (Garbage each : page) byFile.computeIfAbsent(each.file(), file -> new ArrayList<>()).add(each);
      for (Map.Entry<String, List<Garbage>> file : byFile.entrySet()) erase(file.getKey(), file.getValue());
    }
  }

  private void erase(String file, List<Garbage> garbage) throws IOException {
    List<Garbage> done = garbage;
    try (Segment segment = Segment.write(shelf.path(file))) {
      done = new ArrayList<>();
      for (Garbage each : garbage) if (erase(segment, each)) done.add(each);
      segment.force();
      touched.add(file);
    } catch (NoSuchFileException removed) {
      // nothing left of it
    }
    if (done.isEmpty()) return;
    get(index.erased(done.stream().map(Garbage::id).toList()));
    metrics.erased(done.stream().mapToLong(Garbage::length).sum());
  }

  private boolean erase(Segment segment, Garbage garbage) throws IOException {
    long headerAt = garbage.offset() - RecordHeader.BYTES;
    synchronized (readers) {
      if (readers.isRead(garbage.file(), garbage.offset())) return false;
      RecordHeader header = segment.header(headerAt);
      if (header == null || header.length() != garbage.length())
        throw new IOException("no record of " + garbage.length() + " bytes in " + garbage.file() + " at " + headerAt);
      segment.mark(State.DEAD, headerAt);
    }
    segment.zero(garbage.offset(), garbage.length());
    return true;
  }

  /** Removes settled segments without life, and copies together those that are more than half dead. */
  void tidy() throws IOException {
    List<String> compact = new ArrayList<>();
    for (String file : List.copyOf(touched)) {
      if (!shelf.isSettled(file)) continue;
      touched.remove(file);
      if (!Files.exists(shelf.path(file))) continue;
      Share live = get(index.live(shelf.id(), file));
      if (live.instances() == 0) shelf.remove(file);
      else if (live.bytes() < Files.size(shelf.path(file)) / 2) compact.add(file);
    }
    if (!compact.isEmpty()) compact(compact);
  }

  /** Something in the file died without a note: a duplicate. Any thread. */
  void touch(String file) {
    touched.add(file);
  }

  private void compact(List<String> files) throws IOException {
    String to = shelf.create();
    try (Segment target = Segment.write(shelf.path(to))) {
      for (String file : files) {
        compact(file, to, target);
        if (get(index.live(shelf.id(), file)).instances() == 0) shelf.remove(file);
      }
    }
    if (get(index.live(shelf.id(), to)).instances() == 0) shelf.remove(to);
    shelf.settle(to);
  }

  /** Copies are durable before a row points to them, and named as copies until it does: see {@link Recovery}. */
  private void compact(String file, String to, Segment target) throws IOException {
    long after = -1;
    while (true) {
      List<Located> page = get(index.in(shelf.id(), file, after, PAGE));
      if (page.isEmpty()) return;
      after = page.get(page.size() - 1).offset();
      List<Place> copies = new ArrayList<>(page.size());
      try (Segment from = Segment.read(shelf.path(file))) {
        for (Located each : page) copies.add(copy(each, from, to, target));
      }
      target.force();
      for (int i = 0; i < page.size(); i++) moved(page.get(i), copies.get(i), target);
      target.force();
    }
  }

  private Place copy(Located each, Segment from, String to, Segment target) throws IOException {
    RecordHeader header = new RecordHeader(State.COPY, each.length(), each.crc32c(),
        each.storedAt().toInstant().toEpochMilli());
    target.append(new java.nio.ByteBuffer[] {header.bytes()}, RecordHeader.BYTES);
    long offset = target.end();
    target.take(from, each.offset(), each.length());
    if (target.crc32c(offset, each.length()) != each.crc32c())
      throw new IOException("damaged content in " + each.file() + " at " + each.offset() + ": not copied");
    return new Place(each.node(), to, offset, each.length(), each.crc32c());
  }

  private void moved(Located from, Place to, Segment target) throws IOException {
    long headerAt = to.offset() - RecordHeader.BYTES;
    if (get(index.move(from, to))) {
      target.mark(State.LIVE, headerAt);
      return;
    }
    target.mark(State.DEAD, headerAt);
    target.zero(to.offset(), to.length());
  }
}
