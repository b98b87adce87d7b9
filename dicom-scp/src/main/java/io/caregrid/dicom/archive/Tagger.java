package io.caregrid.dicom.archive;

import io.caregrid.cluster.Addresses;
import io.caregrid.contract.Failure;
import io.caregrid.dicom.InTurn;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.store.Cause;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageTags;
import io.caregrid.store.ImageTags.Listed;
import io.caregrid.store.ImageTags.Piece;
import io.caregrid.store.ImageTags.Tagged;
import io.caregrid.store.ImageTags.ToRead;
import io.caregrid.store.Lease;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.MessageConsumer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows the extended query tags, and indexes by them what was here before they were: reads the files of one archive folder, some hundred instances at a
 * time, and keeps what it read together with how far it came. Of the nodes that share a folder one does so, who holds the lease. Killed anywhere, the next
 * one goes on behind the last piece that was kept; a piece that is read twice gives the same.
 *
 * <p>On a Vert.x context of its own; files are read on worker threads, one at a time: pictures that come in go first.
 */
final class Tagger {
  private static final Logger log = LoggerFactory.getLogger(Tagger.class);
  /** Instances read for one piece. */
  static final int PIECE = 100;
  /** A disk or a share may fail for a moment, and another process may just move a file. */
  private static final int READINGS = 3;
  private static final int SWEPT = 5_000;
  /** Taken anew for each piece. Where one takes longer, two nodes read the same, which changes nothing. */
  private static final Duration LEASE = Duration.ofSeconds(15);
  private static final int STOP_SECONDS = 5;
  private static final long BUSY_MILLIS = 5;
  private static final long IDLE_MILLIS = 1_000;

  private final Vertx vertx;
  private final ImageTags tags;
  private final Lease lease;
  private final String folder;
  private final Callable<Boolean> isThere;
  private final Function<Located, Future<Opened>> opening;
  private final Context context;
  private volatile Listed listed = Listed.UNREAD;
  private MessageConsumer<Object> news;
  private long timer = -1;
  private boolean working;
  private boolean leased;
  private Future<Boolean> turning = Future.succeededFuture(false);
  private volatile boolean stopped;
  private boolean failing;
  private int readings;
  private IOException unreadable;

  /**
   * @param folder  the archive folder's own id
   * @param isThere false while the folder as such cannot be seen; may block
   */
  Tagger(Vertx vertx, ImageIndex index, String folder, Callable<Boolean> isThere,
      Function<Located, Future<Opened>> opening) {
    this.vertx = vertx;
    this.tags = index.tags();
    this.lease = index.lease("image-tags-" + folder);
    this.folder = folder;
    this.isThere = isThere;
    this.opening = opening;
    this.context = vertx.getOrCreateContext();
  }

  /** As far as this node knows. Any thread. */
  Listed listed() {
    return listed;
  }

  /** What the database said last wins, in whichever order answers come. */
  synchronized Listed look(Listed now) {
    // the same object as long as it is the same list: what is made of it need not be made again
    if (now.epoch() >= listed.epoch() && !now.equals(listed)) listed = now;
    return listed;
  }

  void start() {
    context.runOnContext(now -> {
      news = vertx.eventBus().consumer(Addresses.IMAGE_TAGS, told -> wake());
      turn();
    });
  }

  /** Any thread that may block. What is under way is not kept, and read again by the next, who need not wait until the lease runs out. */
  void stop() throws InterruptedException {
    stopped = true;
    CountDownLatch left = new CountDownLatch(1);
    context.runOnContext(now -> {
      vertx.cancelTimer(timer);
      if (news != null) news.unregister();
      turning.transform(over -> leased ? lease.release() : Future.<Void>succeededFuture())
          .onFailure(later -> log.debug("the lease on extended query tags runs out by itself"))
          .onComplete(over -> left.countDown());
    });
    left.await(STOP_SECONDS, TimeUnit.SECONDS);
  }

  Future<Void> changed() {
    return tags.list().map(now -> {
      look(now);
      vertx.eventBus().publish(Addresses.IMAGE_TAGS, null);
      return null;
    });
  }

  private void wake() {
    if (working || stopped) return;
    vertx.cancelTimer(timer);
    turn();
  }

  private void turn() {
    if (stopped) return;
    working = true;
    turning = tags.list().compose(this::mine).onComplete(done -> {
      working = false;
      report(done.cause());
      boolean more = done.succeeded() && done.result();
      if (!stopped) timer = vertx.setTimer(more ? BUSY_MILLIS : IDLE_MILLIS, fired -> turn());
    });
  }

  /** Nobody holds the lease as long as there is nothing to do. */
  private Future<Boolean> mine(Listed now) {
    look(now);
    if (now.epoch() == 0) return Future.succeededFuture(false);
    return tags.waits(folder)
        .compose(waits -> waits && !stopped ? lease.take(LEASE) : Future.succeededFuture(false))
        .compose(held -> {
          leased = held;
          return held ? work() : Future.succeededFuture(false);
        });
  }

  /** One piece: what came with an older list first, for that is missed by searches; and some of what removed tags left. True: there is more. */
  private Future<Boolean> work() {
    return tags.due(folder, PIECE)
        .compose(due -> due.isEmpty()
            ? tags.walk(folder, PIECE)
            : Future.succeededFuture(new Piece(due, List.of(), 0)))
        .compose(piece -> (piece == null ? Future.<Void>succeededFuture() : read(piece))
            .compose(done -> tags.sweep(SWEPT))
            .map(swept -> piece != null || swept > 0));
  }

  /** By a list that was asked for after the piece: it has all tags the piece is walked for, or they are no more. */
  private Future<Void> read(Piece piece) {
    return tags.list().compose(listedNow -> {
      Listed now = look(listedNow);
      unreadable = null;
      Map<Long, Tagged> read = new HashMap<>();
      return InTurn.each(piece.instances().iterator(), one -> read(one, now).map(tagged -> {
        read.put(one.sid(), tagged);
        return null;
      })).compose(all -> stopped ? Future.<Void>succeededFuture() : kept(piece, read));
    });
  }

  /** What a file does not give is asked for again, a second later, before it is listed as an error. */
  private Future<Void> kept(Piece piece, Map<Long, Tagged> read) {
    if (unreadable != null && ++readings < READINGS) return Future.failedFuture(unreadable);
    return tags.put(folder, piece, read).onSuccess(done -> readings = 0);
  }

  private Future<Tagged> read(ToRead one, Listed by) {
    if (stopped) return Future.failedFuture(new Failure.Busy("the archive is being closed"));
    return opening.apply(one.where())
        .compose(file -> vertx.executeBlocking(() -> read(file, one.where(), by), false)
            .onComplete(over -> file.close()))
        .recover(cause -> unread(cause, by));
  }

  /** What is not as it should be is listed with the tags' errors and stands in nobody's way. */
  private static Tagged read(Opened file, Located where, Listed by) throws IOException {
    try {
      return Described.tagged(file.source(), by);
    } catch (UncheckedIOException broken) {
      throw broken.getCause();
    } catch (DicomException broken) {
      return Tagging.unreadable(by, "it cannot be read");
    } catch (RuntimeException bug) {
      log.error("an instance is not indexed by extended query tags file={} offset={} cause={}", where.file(),
          where.offset(), Cause.andPlace(bug));
      return Tagging.unreadable(by, "it cannot be read");
    }
  }

  /** A damaged file is listed, too, but not while all of them are away: then, and when nobody can be asked, it is tried again. */
  private Future<Tagged> unread(Throwable cause, Listed by) {
    if (cause instanceof Failure.NotFound) return Future.succeededFuture(new Tagged(by.epoch(), List.of()));
    if (!(cause instanceof IOException broken)) return Future.failedFuture(cause);
    return vertx.executeBlocking(isThere, false).compose(there -> {
      if (!there) return Future.failedFuture(cause);
      unreadable = broken;
      return Future.succeededFuture(Tagging.unreadable(by, "its file is damaged"));
    });
  }

  /** Once when it begins to fail, once when it works again. */
  private void report(Throwable cause) {
    if (stopped || failing == (cause != null)) return;
    failing = cause != null;
    if (failing) log.warn("extended query tags fall behind, trying again cause={}", Cause.withoutValues(cause));
    else log.info("extended query tags are indexed again");
  }
}
