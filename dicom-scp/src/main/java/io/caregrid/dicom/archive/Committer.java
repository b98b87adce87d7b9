package io.caregrid.dicom.archive;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.Group.Past;
import io.caregrid.dicom.archive.Group.Placed;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.store.Cause;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Known;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes instances durable in groups: one run of whole blocks and one fdatasync to the current segment, one insert, then every waiting sender is answered.
 * Data first, then row. While one group's rows are inserted the next one's bytes are written; so groups form by themselves under load, and a lone
 * instance waits for nobody.
 *
 * <p>When the database does not say what became of a group, it is asked again with the same places until it does: nothing written here is ever given
 * up in doubt. Meanwhile at most {@value #INSERTING} groups are kept, and whoever comes is told to come again.
 */
final class Committer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Committer.class);
  private static final int MOST = 64;
  private static final long MOST_BYTES = 16L << 20;
  static final int INSERTING = 2;
  private static final long PATIENCE_MILLIS = 20_000;
  private static final long AGAIN_MILLIS = 1_000;

  private final Vertx vertx;
  private final Shelf shelf;
  private final ImageIndex index;
  private final Duplicates duplicates;
  private final Readers readers;
  private final Executor disk;
  private final ArchiveMetrics metrics;
  private final Function<IOException, Refused> refused;
  private final long segmentBytes;
  private final LinkedBlockingQueue<Object> queue = new LinkedBlockingQueue<>();
  private final ByteBuffer stage = Blocks.stage();
  private final Semaphore inserting = new Semaphore(INSERTING);
  private final Thread thread = new Thread(this::run, "archive-commit");
  private final ArrayDeque<Arrival> waiting = new ArrayDeque<>();
  private volatile boolean indexAway;
  private volatile boolean closed;
  private boolean closing;
  private Current current;

  Committer(Vertx vertx, Shelf shelf, ImageIndex index, Duplicates duplicates, Readers readers, Executor disk,
      ArchiveMetrics metrics,
      Function<IOException, Refused> refused, long segmentBytes) {
    this.vertx = vertx;
    this.shelf = shelf;
    this.index = index;
    this.duplicates = duplicates;
    this.readers = readers;
    this.disk = disk;
    this.metrics = metrics;
    this.refused = refused;
    this.segmentBytes = segmentBytes;
    thread.start();
  }

  /** Any thread. The arrival is answered or failed later. */
  void commit(Arrival arrival) {
    queue.add(arrival);
  }

  /** True while the database does not answer. */
  boolean indexAway() {
    return indexAway;
  }

  private void run() {
    while (!closing || !waiting.isEmpty()) {
      try {
        if (waiting.isEmpty()) accept(queue.take());
        boolean may = inserting.tryAcquire(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        for (Object next = queue.poll(); next != null; next = queue.poll()) accept(next);
        if (may) commit();
        else turnAway();
      } catch (InterruptedException stop) {
        closing = true;
      } catch (RuntimeException | Error bug) {
        log.error("committing goes on after a bug cause={}", Cause.andPlace(bug));
      }
    }
  }

  private void accept(Object next) {
    if (next instanceof Arrival arrival) waiting.add(arrival);
    else closing = true;
  }

  private void fill(List<Arrival> group) {
    long bytes = 0;
    while (!waiting.isEmpty() && group.size() < MOST && bytes < MOST_BYTES) {
      Arrival next = waiting.poll();
      bytes += next.isLarge() ? 0 : next.header().length();
      group.add(next);
    }
  }

  private void turnAway() {
    for (Arrival arrival = waiting.poll(); arrival != null; arrival = waiting.poll())
      giveUp(arrival, new Refused(Why.OUT_OF_RESOURCES, "the index does not answer"));
  }

  /** Holds a permit of {@link #inserting}, which the answer gives back. */
  private void commit() {
    long began = System.nanoTime();
    List<Arrival> group = new ArrayList<>(MOST);
    List<Placed> placed;
    try {
      fill(group);
      placed = placed(group);
    } catch (RuntimeException | Error bug) {
      inserting.release();
      log.error("group not committed cause={}", Cause.andPlace(bug));
      for (Arrival arrival : group) giveUp(arrival, new Refused(Why.FAILED, "not stored"));
      return;
    }
    hold(placed);
    if (placed.isEmpty()) inserting.release();
    else insert(new Group(placed, began, Past.NONE, inserting::release));
  }

  /** Nobody has asked the index for it. */
  private void giveUp(Arrival arrival, Refused why) {
    if (arrival.isLarge()) disk.execute(() -> duplicates.discard(arrival.file(), RecordHeader.BYTES, -1));
    else arrival.releasePieces();
    arrival.fail(why);
  }

  private List<Placed> placed(List<Arrival> group) {
    List<Placed> placed = new ArrayList<>(group.size());
    List<Arrival> small = new ArrayList<>(group.size());
    for (Arrival arrival : group) {
      if (arrival.isLarge())
        placed.add(new Placed(arrival, arrival.described()
            .at(shelf.id(), arrival.file(), RecordHeader.BYTES, arrival.header()), null));
      else
        small.add(arrival);
    }
    if (!small.isEmpty()) placed.addAll(write(small));
    return placed;
  }

  /** Empty when it failed; then all of them are answered. */
  private List<Placed> write(List<Arrival> small) {
    long before = 0;
    boolean forcing = false;
    try {
      if (current == null) current = new Current(shelf, stage);
      before = current.segment().end();
      List<Placed> placed = append(small);
      forcing = true;
      current.segment().force();
      small.forEach(Arrival::releasePieces);
      current.begin();
      if (current.segment().end() >= segmentBytes) retire();
      return placed;
    } catch (IOException failed) {
      return notWritten(small, before, forcing || before > 0, refused.apply(failed), failed);
    } catch (RuntimeException | Error bug) {
      return notWritten(small, before, forcing, new Refused(Why.FAILED, "not stored"), bug);
    }
  }

  private List<Placed> notWritten(List<Arrival> small, long before, boolean spoiled, Refused why, Throwable cause) {
    rollBack(before, spoiled);
    log.warn("instances not written count={} cause={}", small.size(), Cause.andPlace(cause));
    for (Arrival arrival : small) {
      arrival.releasePieces();
      arrival.fail(why);
    }
    return List.of();
  }

  private List<Placed> append(List<Arrival> small) throws IOException {
    List<Placed> placed = new ArrayList<>(small.size());
    List<ByteBuffer> parts = new ArrayList<>();
    for (Arrival arrival : small) {
      current.segment().put(arrival.header());
      placed.add(new Placed(arrival,
          arrival.described().at(shelf.id(), current.file(), current.segment().end(), arrival.header()), current));
      arrival.pieces().into(parts);
      long content = current.segment().end();
      for (ByteBuffer part : parts) current.segment().put(part);
      parts.clear();
      if (current.segment().end() - content != arrival.header().length())
        throw new IllegalStateException("an instance is not as long as it came");
    }
    current.segment().fill();
    return placed;
  }

  /**
   * What was written of the group is cut off. A file that the system failed to force is not written again, whatever it says next time: it reports a lost
   * page once only. Nor is one that it failed to write, unless nothing is in it: it may fail at that place for ever.
   */
  private void rollBack(long before, boolean spoiled) {
    if (current == null) return;
    try {
      current.segment().cut(before);
      current.segment().force();
      if (spoiled) retire();
    } catch (IOException | RuntimeException | Error broken) {
      log.error("segment given up file={} cause={}", current.file(), Cause.andPlace(broken));
      current.giveUp();
      current = null;
    }
  }

  private void retire() {
    current.retire();
    current = null;
  }

  /**
   * Until the group has {@link #ended} nothing of it is erased. A row of which we do not know may be there and be deleted; were its bytes gone, and the
   * note of that, the insert that is repeated would point to nothing.
   */
  private void hold(List<Placed> placed) {
    for (Placed each : placed) readers.enter(each.entry().located().file(), each.entry().located().offset());
  }

  private void insert(Group group) {
    asked(group).onComplete(done -> {
      if (done.succeeded()) {
        indexAway = false;
        try {
          answer(group.placed(), done.result(), group.began());
        } finally {
          group.decided().run();
        }
      } else if (done.cause() instanceof Failure && !ImageIndex.refuses(done.cause())) {
        again(group, done.cause());
      } else if (group.placed().size() > 1) {
        oneByOne(group);
      } else {
        refuse(group, done.cause());
      }
    });
  }

  /** What is thrown here was thrown before the index was asked, or is the future's: it comes out as a failure. */
  private Future<List<Known>> asked(Group group) {
    return Future.succeededFuture().compose(go -> {
      List<Entry> entries = group.placed().stream().map(Placed::entry).toList();
      return group.past() == Past.NONE ? index.add(entries) : index.addAgain(entries);
    });
  }

  /** No answer, or none that is final. Senders wait only so long, the group stays. */
  private void again(Group group, Throwable cause) {
    indexAway = true;
    if (System.nanoTime() - group.began() > TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS))
      for (Placed each : group.placed())
        each.arrival().fail(new Refused(Why.OUT_OF_RESOURCES, "the index does not answer"));
    log.warn("index does not take instances count={} cause={}", group.placed().size(), cause.getMessage());
    vertx.timer(AGAIN_MILLIS, TimeUnit.MILLISECONDS).onComplete(now -> {
      if (!closed) insert(group.inDoubt()); // else the next start's business, which may have begun
    });
  }

  /** The database refuses the group for good. One of them is to blame: the others must not suffer for it. */
  private void oneByOne(Group group) {
    for (Placed each : group.placed()) {
      if (each.in() != null) each.in().begin();
      hold(List.of(each));
    }
    ended(group.placed());
    next(new ArrayDeque<>(group.placed()), group);
  }

  private void next(ArrayDeque<Placed> rest, Group of) {
    Placed one = rest.poll();
    Past past = of.past() == Past.NONE ? Past.REFUSED : of.past();
    insert(new Group(List.of(one), of.began(), past, rest.isEmpty() ? of.decided() : () -> next(rest, of)));
  }

  /** Bytes to which a row may point stay: an attempt that nobody heard of may have added it, and who refuses now may not even be the same database. */
  private void refuse(Group group, Throwable cause) {
    Placed one = group.placed().get(0);
    indexAway = false;
    log.error("index refuses an instance cause={}",
        ImageIndex.refuses(cause) ? Cause.withoutValues(cause) : Cause.andPlace(cause));
    try {
      disk.execute(() -> {
        try {
          if (group.past() == Past.IN_DOUBT || !ImageIndex.refuses(cause)) doubt(one);
          else forget(one);
        } finally {
          one.arrival().fail(new Refused(Why.FAILED, "the index refuses it"));
          ended(List.of(one));
        }
      });
    } finally {
      group.decided().run();
    }
  }

  private void doubt(Placed one) {
    shelf.doubt(one.entry().located().file());
    if (one.in() == null) shelf.settle(one.entry().located().file());
  }

  private void answer(List<Placed> placed, List<Known> known, long began) {
    List<Runnable> later = new ArrayList<>();
    for (int i = 0; i < placed.size(); i++) {
      Placed each = placed.get(i);
      Known there = known.get(i);
      if (there.added()) {
        if (each.in() == null) later.add(() -> shelf.settle(each.arrival().file()));
        metrics.stored(each.arrival().header().length());
        each.arrival().answer(Outcome.STORED, each.arrival().described().key());
      } else later.add(() -> duplicate(each, there));
    }
    metrics.committed(System.nanoTime() - began);
    if (later.isEmpty()) ended(placed);
    else disk.execute(() -> {
      try {
        later.forEach(Runnable::run);
      } finally {
        ended(placed);
      }
    });
  }

  private void duplicate(Placed mine, Known there) {
    try {
      Duplicates.Settled settled = duplicates.settle(mine.entry(), there, mine.in() == null);
      mine.arrival().answer(settled.outcome(), settled.key());
    } catch (Refused no) {
      mine.arrival().fail(no);
    }
  }

  private void forget(Placed mine) {
    var at = mine.entry().located();
    duplicates.discard(at.file(), at.offset(), mine.in() == null ? -1 : at.length());
  }

  private void ended(List<Placed> placed) {
    for (Placed each : placed) readers.leave(each.entry().located().file(), each.entry().located().offset());
    Current in = placed.stream().map(Placed::in).filter(each -> each != null).findFirst().orElse(null);
    if (in != null) in.end(disk);
  }

  /** Everything that was handed over is answered when this returns, or half a minute is over. */
  @Override
  public void close() {
    if (!thread.isAlive()) return;
    queue.add(this);
    try {
      thread.join(TimeUnit.SECONDS.toMillis(30));
      boolean all = inserting.tryAcquire(INSERTING, 30, TimeUnit.SECONDS);
      closed = !all;
      if (closed) return;
      inserting.release(INSERTING);
      if (current != null) retire();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
