package io.caregrid.store.audit;

import io.caregrid.cluster.AuditConfig;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.store.AuditPosition;
import io.vertx.core.Future;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's own record of accesses. Whoever records one copies its line into the {@link Stage}, which outlives this process; he calls no system and waits for no
 * other thread. From there a thread, {@code audit-journal}, brings lines to the journal's files, every {@value #MOVE_MILLIS} ms. Once a second another one,
 * {@code audit-force}, forces what was written to the disk.
 *
 * <p>What finds no room there, or the disk busy with being forced for longer than {@value #SLOW_MILLIS} ms, waits for {@code audit-journal}, which writes
 * all that waits at once: an event loop does not wait for a disk. With {@code audit.sync} everything goes there, and is forced group by group; while one group
 * is forced the next gathers.
 *
 * <p>After a failed write or fdatasync the file is never written again and the group is refused; its lines may be there all the same: then the trail names accesses
 * that were not answered, never the reverse. What is staged stays there until there is room for it again. Nothing is taken until a probe has been written.
 */
final class Journal implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Journal.class);
  private static final int GROUP = 1024;
  private static final long LOOK_MILLIS = 1000;
  private static final long MOVE_MILLIS = 50;
  private static final long SLOW_MILLIS = 50;
  private static final Duration STUCK = Duration.ofSeconds(5);
  private static final Duration SHUT = Duration.ofSeconds(10);
  private static final Future<Void> KEPT = Future.succeededFuture();

  private final Segments segments;
  private final AuditConfig config;
  private final String node;
  private final EventIds ids;
  private final Tape tape;
  private final Staging staging;
  private final Waiting waiting = new Waiting();
  private final AtomicLong backlog = new AtomicLong();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread writer;
  private final Thread forcer;
  private volatile boolean closing;
  private volatile boolean failed;
  /** When the write under way began, and the fdatasync, as nanoTime; 0: none is. */
  private volatile long writingSince;
  private volatile long forcingSince;

  private Journal(Segments segments, AuditConfig config, String node, Clock clock, long last, int stageBytes) {
    this.segments = segments;
    this.config = config;
    this.node = node;
    this.ids = new EventIds(clock);
    this.tape = new Tape(segments, (long) config.segmentMegabytes() << 20, clock, last);
    this.staging = new Staging(segments, tape, backlog, stageBytes);
    this.writer = new Thread(this::write, "audit-journal");
    this.forcer = new Thread(this::force, "audit-force");
    writer.setDaemon(true);
    forcer.setDaemon(true);
  }

  /** Begins behind what is there, with what a former process staged and did not bring to its files. The folder belongs to this process alone. */
  static Journal open(Path folder, AuditConfig config, String node, Clock clock) throws IOException {
    return open(folder, config, node, clock, Stage.BYTES);
  }

  /** @param stageBytes a power of two */
  static Journal open(Path folder, AuditConfig config, String node, Clock clock, int stageBytes) throws IOException {
    Segments segments = Segments.open(folder);
    var there = segments.all();
    Journal journal = new Journal(segments, config, node, clock, there.isEmpty() ? 0 : there.lastKey(), stageBytes);
    try {
      journal.tape.prepare();
      journal.renew();
    } catch (IOException | RuntimeException refused) {
      journal.broke(refused);
    }
    journal.writer.start();
    journal.forcer.start();
    return journal;
  }

  UUID id() {
    return segments.id();
  }

  String node() {
    return node;
  }

  Segments segments() {
    return segments;
  }

  /** Everything before it is kept; there may be nothing yet behind the start of its file. */
  AuditPosition written() {
    return tape.written();
  }

  /** Where this process began: what is before it was written by others before. */
  AuditPosition start() {
    return tape.start();
  }

  /** The file of this position is never written again. Blocks. @return what is written now */
  AuditPosition giveUp(AuditPosition until) {
    tape.hold();
    try {
      if (tape.written().segment() == until.segment()) tape.giveUp();
      return tape.written();
    } finally {
      tape.release();
    }
  }

  /** Any thread. The future is completed on the calling context, with Busy when it could not be kept. */
  Future<Void> append(Entry entry) {
    if (closing || !isKeeping()) return Future.failedFuture(Waiting.FULL);
    if (config.sync() || isSlow()) return waiting.add(entry);
    try {
      return staging.take(Line.of(entry, ids.next(), node)) ? KEPT : waiting.add(entry);
    } catch (InternalError fault) {
      staging.damaged(fault);
      failed = true;
      return Future.failedFuture(Waiting.FULL);
    }
  }

  /** Holding. Behind what was staged before. */
  private boolean append(byte[] lines, int bytes) {
    if (failed) return false;
    writingSince = System.nanoTime() | 1;
    try {
      staging.move();
      if (bytes == 0) return true;
      tape.append(lines, bytes, config.sync());
      backlog.addAndGet(bytes);
      return true;
    } catch (IOException | RuntimeException | Error refused) {
      failed(refused);
      return false;
    } finally {
      writingSince = 0;
    }
  }

  /** Brings what was staged so far to the files, unless nothing can be written. Blocks. */
  void settle() {
    tape.hold();
    try {
      append(null, 0);
    } finally {
      tape.release();
    }
  }

  private void renew() throws IOException {
    tape.hold();
    try {
      if (staging.isToRenew()) staging.renew(!config.sync());
    } finally {
      tape.release();
    }
  }

  boolean isKeeping() {
    return !failed && !isFull() && !isOver(writingSince, STUCK.toNanos()) && !isOver(forcingSince, STUCK.toNanos());
  }

  private boolean isSlow() {
    return isOver(forcingSince, TimeUnit.MILLISECONDS.toNanos(SLOW_MILLIS));
  }

  private static boolean isOver(long since, long nanos) {
    return since != 0 && System.nanoTime() - since > nanos;
  }

  /** Bytes that are not in the database yet, as far as this process knows. */
  long backlog() {
    return backlog.get();
  }

  /** Counts anew what is behind this position, while nobody writes. @return the files, number → bytes */
  SortedMap<Long, Long> recount(AuditPosition shipped) throws IOException {
    tape.hold();
    try {
      SortedMap<Long, Long> files = segments.all();
      long behind = files.tailMap(shipped.segment())
          .entrySet()
          .stream()
          .mapToLong(file -> file.getValue() - (file.getKey() == shipped.segment() ? shipped.offset() : 0))
          .map(bytes -> Math.max(0, bytes))
          .sum();
      staging.still(staged -> backlog.set(behind + staged));
      return files;
    } finally {
      tape.release();
    }
  }

  /** For tests: so much waits. */
  void backlog(long bytes) {
    backlog.set(bytes);
  }

  /** Told by who ships: so many bytes fewer. */
  void shipped(long bytes) {
    backlog.addAndGet(-bytes);
  }

  private boolean isFull() {
    return backlog.get() > (long) config.backlogMegabytes() << 20;
  }

  /** Whatever happens, this thread goes on: requests wait for it. */
  private void write() {
    boolean open = true;
    while (open) {
      try {
        List<Waiting.One> group = waiting.next(MOVE_MILLIS);
        open = group != null;
        for (int from = 0; open && from < group.size(); from += GROUP)
          write(group.subList(from, Math.min(group.size(), from + GROUP)));
        if (!staging.isEmpty()) settle();
      } catch (Error error) {
        failed = true;
      }
    }
  }

  private void write(List<Waiting.One> group) {
    boolean kept = false;
    try {
      ByteArrayOutputStream lines = lines(group);
      tape.hold();
      try {
        kept = append(lines.toByteArray(), lines.size());
      } finally {
        tape.release();
      }
    } catch (RuntimeException bug) {
      log.error("audit journal failed cause={}", bug.getClass().getName(), bug);
    } catch (Error error) {
      broke(error);
    } finally {
      for (Waiting.One one : group) one.ended(kept);
    }
  }

  private ByteArrayOutputStream lines(List<Waiting.One> group) {
    ByteArrayOutputStream lines = new ByteArrayOutputStream(group.size() * 512);
    for (Waiting.One one : group) {
      LineBytes line = Line.of(one.entry(), ids.next(), node);
      lines.write(line.array(), 0, line.length());
    }
    return lines;
  }

  private void broke(Throwable refused) {
    tape.hold();
    try {
      failed(refused);
    } finally {
      tape.release();
    }
  }

  /** Holding. */
  private void failed(Throwable refused) {
    boolean already = failed;
    failed = true;
    tape.giveUp();
    if (!already)
      log.error("audit journal cannot be written, {} folder={} cause={}",
          config.refusesWhenFull() ? "nothing is answered until it can" : "accesses go unrecorded", segments.folder,
          refused.toString());
  }

  private void force() {
    while (!closing) {
      try {
        pause();
        forceOnce();
      } catch (Error error) {
        failed = true;
      }
    }
  }

  private void forceOnce() {
    forcingSince = System.nanoTime() | 1;
    try {
      look();
    } catch (IOException | RuntimeException | Error refused) {
      broke(refused);
    } finally {
      forcingSince = 0;
    }
  }

  private void pause() {
    try {
      closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() throws IOException {
    if (failed) {
      segments.probe();
      renew();
      tape.prepare();
      failed = false;
      log.info("audit journal can be written again folder={}", segments.folder);
    } else {
      settle();
      tape.force();
      renew();
      tape.prepare();
    }
  }

  /** Blocks until all who came were answered. */
  @Override
  public void close() {
    closing = true;
    closed.countDown();
    waiting.close();
    try {
      writer.join(SHUT.toMillis());
      forcer.join(SHUT.toMillis());
      if (!writer.isAlive() && !forcer.isAlive()) shut();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void shut() throws InterruptedException {
    if (!tape.tryHold(SHUT)) return;
    try {
      staging.end();
      append(null, 0);
      if (!failed) tape.force();
      tape.close();
      staging.close();
    } catch (IOException late) {
      log.warn("audit journal did not close cleanly cause={}", late.toString());
    } finally {
      tape.release();
    }
  }
}
