package io.caregrid.store;

import io.caregrid.cluster.Addresses;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives changes their place in the feed. Every node runs one; in each pass only the one that gets the feed's head row works, the others see in no time
 * that it is taken. So there is one sequencer at any moment, nobody has to notice that another died, and a frozen node holds nothing for longer than
 * one statement.
 *
 * <p>A pass takes what was committed when it began: nobody waits for an unrelated open transaction. Belongs to one Vert.x context.
 */
public final class Sequencer {
  private static final Logger log = LoggerFactory.getLogger(Sequencer.class);
  private static final String PASS = "select stamp_changes($1) as stamped";
  static final int MOST = 10_000;
  private static final long BUSY_MILLIS = 50;
  private static final long IDLE_MILLIS = 200;
  private static final Duration PRUNING = Duration.ofMinutes(1);

  private final Database database;
  private final ChangeFeed feed;
  private final Vertx vertx;
  private final Context context;
  private final Promise<Void> stopped = Promise.promise();
  private long timer;
  private long pruned = System.nanoTime();
  private boolean running = true;
  private boolean working;
  private boolean failing;

  private Sequencer(Database database) {
    this.database = database;
    this.feed = new ChangeFeed(database);
    this.vertx = database.vertx();
    this.context = vertx.getOrCreateContext();
  }

  /** Runs until it is stopped. The first pass is under way when this returns. */
  public static Sequencer start(Database database) {
    Sequencer sequencer = new Sequencer(database);
    sequencer.context.runOnContext(now -> sequencer.work());
    return sequencer;
  }

  /** Any thread. Completes when the pass under way is done. */
  public Future<Void> stop() {
    context.runOnContext(now -> {
      running = false;
      if (!working) stopped.tryComplete();
      vertx.cancelTimer(timer);
    });
    return stopped.future();
  }

  private void work() {
    if (!running) return;
    working = true;
    pass(database).compose(this::prune).onComplete(done -> {
      working = false;
      if (failing != done.failed()) report(done.cause());
      if (running) again(done.succeeded() ? done.result() : 0);
      else stopped.tryComplete();
    });
  }

  /** Stamps at most {@link #MOST} changes, gives how many, and tells the nodes. */
  static Future<Integer> pass(Database database) {
    return database.ask(PASS, Tuple.of(MOST)).map(rows -> {
      int stamped = rows.iterator().next().getInteger("stamped");
      if (stamped > 0) database.vertx().eventBus().publish(Addresses.CHANGES, null);
      return stamped;
    });
  }

  private Future<Integer> prune(int stamped) {
    if (System.nanoTime() - pruned < PRUNING.toNanos()) return Future.succeededFuture(stamped);
    return feed.prune().map(gone -> {
      if (gone == 0) pruned = System.nanoTime();
      return stamped;
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
    if (stamped == MOST) work();
    else timer = vertx.setTimer(stamped > 0 ? BUSY_MILLIS : IDLE_MILLIS, fired -> work());
  }
}
