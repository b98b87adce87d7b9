package io.caregrid.store.audit;

import io.caregrid.cluster.AuditConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Failure;
import io.caregrid.store.AuditPosition;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's own record of accesses, appended by one thread: what waits is written by one write and, with {@code audit.sync}, one fdatasync; then all who wait go
 * on. While one group is forced the next one gathers, so nobody waits for company.
 *
 * <p>After a failed write or fdatasync the file is never written again (Linux reports a lost page once) and the group is refused; its lines may be there all the
 * same: then the trail names accesses that were not answered, never the reverse. Nothing is taken until a probe has been written.
 */
final class Journal implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Journal.class);
  private static final int GROUP = 1024;
  /** Waiting for the disk; each is a request under way. */
  private static final int MOST_WAITING = 100_000;
  private static final long LOOK_MILLIS = 1000;
  private static final Duration STUCK = Duration.ofSeconds(5);
  private static final Failure.Busy FULL = new Failure.Busy(Audit.CLOSED);

  private record Waiting(Entry entry, Promise<Void> kept) {}

  private final Segments segments;
  private final AuditConfig config;
  private final String node;
  private final EventIds ids;
  private final AtomicLong backlog = new AtomicLong();
  private final Thread writer;
  private List<Waiting> waiting = new ArrayList<>();
  private boolean closing;
  private volatile boolean failed;
  private volatile AuditPosition written;
  private FileChannel file;
  private long number;
  private long length;
  private boolean unforced;
  /** When the group under way went to the disk, 0 when none is. */
  private volatile long busySince;
  private long looked = System.nanoTime();

  private Journal(Segments segments, AuditConfig config, String node, Clock clock, long last) {
    this.segments = segments;
    this.config = config;
    this.node = node;
    this.ids = new EventIds(clock);
    this.number = last;
    this.written = new AuditPosition(last + 1, 0);
    this.writer = new Thread(this::run, "audit-journal");
    writer.setDaemon(true);
  }

  /** Begins behind what is there. The folder belongs to this process alone. */
  static Journal open(Path folder, AuditConfig config, String node, Clock clock) throws IOException {
    Segments segments = Segments.open(folder);
    var there = segments.all();
    Journal journal = new Journal(segments, config, node, clock, there.isEmpty() ? 0 : there.lastKey());
    journal.writer.start();
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
    return written;
  }

  /** Any thread. The future is completed on the calling context, with Busy when it could not be kept. */
  Future<Void> append(Entry entry) {
    Context context = Vertx.currentContext();
    Promise<Void> kept = context == null ? Promise.promise() : ((ContextInternal) context).promise();
    synchronized (this) {
      if (closing || isFull() || isStuck() || waiting.size() >= MOST_WAITING) {
        kept.fail(FULL);
      } else {
        waiting.add(new Waiting(entry, kept));
        if (waiting.size() == 1) notifyAll();
      }
    }
    return kept.future();
  }

  boolean isKeeping() {
    return !failed && !isFull() && !isStuck();
  }

  private boolean isStuck() {
    long since = busySince;
    return since != 0 && System.nanoTime() - since > STUCK.toNanos();
  }

  /** Bytes that are not in the database yet, as far as this process knows. */
  long backlog() {
    return backlog.get();
  }

  /** Told by who ships, who has counted. */
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

  private void run() {
    List<Waiting> group = next();
    while (group != null) {
      for (int from = 0; from < group.size(); from += GROUP)
        write(group.subList(from, Math.min(group.size(), from + GROUP)));
      if (System.nanoTime() - looked >= TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS)) look();
      group = next();
    }
    shut();
  }

  /** Empty: nobody came for a while. Null: it is closed, and all who came were answered. */
  private synchronized List<Waiting> next() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS);
    while (waiting.isEmpty()) {
      if (closing) return null;
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) return List.of();
      try {
        wait(left);
      } catch (InterruptedException stopped) {
        closing = true;
      }
    }
    List<Waiting> group = waiting;
    waiting = new ArrayList<>();
    return group;
  }

  private void write(List<Waiting> group) {
    if (failed) {
      group.forEach(one -> one.kept.fail(FULL));
      return;
    }
    try {
      byte[] lines = lines(group);
      busySince = System.nanoTime() | 1;
      open(lines.length);
      append(lines);
      busySince = 0;
      written = new AuditPosition(number, length);
      backlog.addAndGet(lines.length);
      group.forEach(one -> one.kept.tryComplete());
    } catch (IOException refused) {
      fail(refused);
      group.forEach(one -> one.kept.fail(FULL));
    } catch (RuntimeException bug) {
      log.error("audit journal failed cause={}", bug.getClass().getName(), bug);
      group.forEach(one -> one.kept.tryFail(FULL));
    }
  }

  private byte[] lines(List<Waiting> group) {
    ByteArrayOutputStream lines = new ByteArrayOutputStream(group.size() * 512);
    group.forEach(one -> lines.writeBytes(Line.of(one.entry, ids.next(), node)));
    return lines.toByteArray();
  }

  private void open(int more) throws IOException {
    if (file != null && length + more <= (long) config.segmentMegabytes() << 20) return;
    leave();
    number++; // before it is made: a number that failed is not tried again
    length = 0;
    file = segments.create(number);
  }

  private void append(byte[] lines) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(lines);
    while (bytes.hasRemaining()) file.write(bytes);
    unforced = true;
    if (config.sync()) force();
    length += lines.length;
  }

  private void force() throws IOException {
    file.force(false);
    unforced = false;
  }

  private void fail(IOException refused) {
    if (!failed)
      log.error("audit journal cannot be written, {} folder={} cause={}",
          config.refusesWhenFull() ? "nothing is answered until it can" : "accesses go unrecorded", segments.folder,
          refused.toString());
    failed = true;
    busySince = 0;
    FileChannel broken = file;
    file = null;
    if (broken == null) return;
    try (broken) {
      broken.truncate(length);
    } catch (IOException torn) {
      log.warn("audit journal ends in a torn line file={} cause={}", segments.file(number), torn.toString());
    }
  }

  /** About once a second. */
  private void look() {
    looked = System.nanoTime();
    busySince = looked | 1;
    try {
      if (failed) {
        segments.probe();
        failed = false;
        log.info("audit journal can be written again folder={}", segments.folder);
      } else if (unforced && file != null) {
        force();
      }
    } catch (IOException still) {
      fail(still);
    } finally {
      busySince = 0;
    }
  }

  private void leave() throws IOException {
    if (file == null) return;
    FileChannel full = file;
    file = null;
    try (full) {
      if (unforced) full.force(false);
      unforced = false;
    }
  }

  private void shut() {
    try {
      leave();
    } catch (IOException late) {
      log.warn("audit journal did not close cleanly cause={}", late.toString());
    }
  }

  /** Blocks until all who came were answered. */
  @Override
  public void close() {
    synchronized (this) {
      closing = true;
      notifyAll();
    }
    try {
      writer.join(TimeUnit.SECONDS.toMillis(10));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
