package io.caregrid.store;

import io.caregrid.cluster.Addresses;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives changes their place in the feed. Every node runs one; in each pass only the one that gets the feed's head row works, the others see in no time
 * that it is taken. So there is one sequencer at any moment, nobody has to notice that another died, and a frozen node holds nothing for longer than
 * one statement.
 *
 * <p>A pass takes what was committed when it began: nobody waits for an unrelated open transaction. What all listeners have seen is pruned beside that, once
 * a minute: neither waits for the other. Belongs to one Vert.x context.
 */
public final class Sequencer {
  private static final Logger log = LoggerFactory.getLogger(Sequencer.class);
  /** The position is that before: PostgreSQL takes it before it begins. */
  private static final String PASS = "select position, stamp_changes($1) as stamped from feed_head";
  static final int MOST = 10_000;
  private static final long BUSY_MILLIS = 50;
  private static final long IDLE_MILLIS = 200;
  private static final long PRUNING_MILLIS = Duration.ofMinutes(1).toMillis();

  private final Database database;
  private final ChangeFeed feed;
  private final IndexLists lists;
  private final Vertx vertx;
  private final Context context;
  private Future<Integer> passing = Future.succeededFuture();
  private Future<Integer> pruning = Future.succeededFuture();
  private Future<Integer> picturing = Future.succeededFuture();
  private long nextPass;
  private long nextPictures;
  private long nextPruning;
  private boolean running = true;
  private boolean failing;
  private boolean unpruned;
  private boolean picturesFailing;

  private Sequencer(Database database) {
    this.database = database;
    this.feed = new ChangeFeed(database);
    this.lists = new IndexLists(database);
    this.vertx = database.vertx();
    this.context = vertx.getOrCreateContext();
  }

  /** Runs until it is stopped. The first pass is under way when this returns. */
  public static Sequencer start(Database database) {
    Sequencer sequencer = new Sequencer(database);
    sequencer.context.runOnContext(now -> {
      sequencer.work();
      sequencer.pictures();
      sequencer.pruneIn(PRUNING_MILLIS);
    });
    return sequencer;
  }

  /** Any thread. Completes when what is under way is done. */
  public Future<Void> stop() {
    Promise<Void> stopped = Promise.promise();
    context.runOnContext(now -> {
      running = false;
      vertx.cancelTimer(nextPass);
      vertx.cancelTimer(nextPictures);
      vertx.cancelTimer(nextPruning);
      Future.join(passing.transform(passed -> lists.sorting()), pruning, picturing)
          .onComplete(done -> stopped.complete());
    });
    return stopped.future();
  }

  private void work() {
    if (!running) return;
    passing = pass(database, lists).onComplete(done -> {
      if (failing != done.failed()) report(done.cause());
      lists.sortIn();
      if (running) again(done.succeeded() ? done.result() : 0);
    });
  }

  /** The feed of pictures has a head of its own: neither waits for the other. Whoever reads it gives places himself, so this need not hurry: few passes of many cost senders less. */
  private void pictures() {
    if (!running) return;
    picturing = ImageChanges.stamp(database, false).onComplete(done -> {
      if (picturesFailing != done.failed()) reportPictures(done.cause());
      boolean more = done.succeeded() && done.result() >= ImageChanges.MOST;
      if (running) nextPictures = vertx.setTimer(more ? BUSY_MILLIS : IDLE_MILLIS, fired -> pictures());
    });
  }

  private void reportPictures(Throwable cause) {
    picturesFailing = cause != null;
    if (picturesFailing)
      log.warn("pictures get no place in their change feed, trying again cause={}",
          Cause.withoutValues(Failures.of(cause)));
    else
      log.info("pictures get their place in their change feed again");
  }

  /** Stamps at most {@link #MOST} changes, gives how many, and tells the nodes. */
  static Future<Integer> pass(Database database) {
    return pass(database, new IndexLists(database));
  }

  private static Future<Integer> pass(Database database, IndexLists lists) {
    return database.ask(PASS, Tuple.of(MOST)).map(rows -> {
      Row row = rows.iterator().next();
      int stamped = row.getInteger("stamped");
      if (stamped == 0) return 0;
      lists.written(row.getLong("position"));
      database.vertx().eventBus().publish(Addresses.CHANGES, null);
      return stamped;
    });
  }

  private void pruneIn(long millis) {
    nextPruning = vertx.setTimer(millis, fired -> prune());
  }

  private void prune() {
    pruning = feed.prune().onComplete(done -> {
      if (done.failed() && !unpruned)
        log.warn("the feed keeps what all have seen, trying again cause={}", Cause.withoutValues(done.cause()));
      unpruned = done.failed();
      boolean more = done.succeeded() && done.result() >= ChangeFeed.MOST_PRUNED;
      if (running) pruneIn(more ? BUSY_MILLIS : PRUNING_MILLIS);
    });
  }

  /** Once when it begins to fail, once when it works again. */
  private void report(Throwable cause) {
    failing = cause != null;
    if (failing)
      log.warn("changes get no place in the feed, trying again cause={}", Cause.withoutValues(Failures.of(cause)));
    else
      log.info("changes get their place in the feed again");
  }

  private void again(int stamped) {
    if (stamped >= MOST) work();
    else nextPass = vertx.setTimer(stamped > 0 ? BUSY_MILLIS : IDLE_MILLIS, fired -> work());
  }
}
