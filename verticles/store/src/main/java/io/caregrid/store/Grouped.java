package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.pgclient.PgException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Lets what comes while others are on their way go together: group commit. Who comes while few are under way goes at once and alone, so where little is written
 * nobody waits for company; the busier it is, the more go in one statement. Beside a group of several another one begins only for several: a few wait for its
 * end, because two small groups cost the database nearly twice as much as one. Any thread; the result comes on the caller's context.
 *
 * <p>Who has to wait for somebody else's lock gives his place to others before long.
 *
 * <p>Whatever the database refuses was not done, by nobody of the group: then each of them goes alone, and only who is at fault fails. When there is no answer
 * at all, all of them have none: done or not, nobody knows.
 *
 * @param <W> what goes: two of the same key never go in one group
 */
final class Grouped<W> {
  private static final int MOST = 256;
  private static final int MOST_BYTES = 4 << 20;
  /** For so many a group of their own begins beside another. */
  private static final int COMPANY = 4;
  /** Longer than a commit takes. */
  private static final long HELD_MILLIS = 100;

  private final VertxInternal vertx;
  private final int atOnce;
  private final long heldMillis;
  private final Ways<W> ways;
  private final Deque<Waiting<W>> waiting = new ArrayDeque<>();
  private int underWay;
  /** Of those under way, the groups of several. */
  private int gathered;

  /** How they go. */
  interface Ways<W> {
    String key(W one);

    int bytes(W one);

    /** The keys of those for whom it came out well; the others go alone once more. Waits for nobody else's transaction. */
    Future<Set<String>> together(List<W> many);

    /** True when it came out well, false when it lost a race. Waits as long as it has to. */
    Future<Boolean> alone(W one);
  }

  private record Waiting<W>(W one, Promise<Boolean> done) {}

  /** @param atOnce groups under way */
  Grouped(Vertx vertx, int atOnce, Ways<W> ways) {
    this(vertx, atOnce, HELD_MILLIS, ways);
  }

  /** @param heldMillis who goes alone and takes longer gives his place to others */
  Grouped(Vertx vertx, int atOnce, long heldMillis, Ways<W> ways) {
    this.vertx = (VertxInternal) vertx;
    this.atOnce = atOnce;
    this.heldMillis = heldMillis;
    this.ways = ways;
  }

  /** True when it came out well, false when it lost a race. */
  Future<Boolean> add(W one) {
    Promise<Boolean> done = vertx.promise();
    synchronized (this) {
      waiting.add(new Waiting<>(one, done));
      if (underWay >= atOnce || gathered > 0 && waiting.size() < COMPANY) return done.future();
      underWay++;
    }
    go(0);
    return done.future();
  }

  /** With one of the places under way. @param before so many it had until now */
  private void go(int before) {
    List<Waiting<W>> group = next(before);
    if (group.isEmpty()) return;
    sent(group).onComplete(done -> go(group.size()));
  }

  /** Gives the place back when nobody waits, or only a few beside a group of several. */
  private synchronized List<Waiting<W>> next(int before) {
    List<Waiting<W>> group = new ArrayList<>();
    if (before > 1) gathered--;
    if (gathered > 0 && waiting.size() < COMPANY) {
      underWay--;
      return group;
    }
    Set<String> keys = new HashSet<>();
    long bytes = 0;
    for (Iterator<Waiting<W>> each = waiting.iterator(); each.hasNext() && group.size() < MOST && bytes < MOST_BYTES;) {
      Waiting<W> next = each.next();
      if (!keys.add(ways.key(next.one()))) continue;
      each.remove();
      group.add(next);
      bytes += ways.bytes(next.one());
    }
    if (group.isEmpty()) underWay--;
    if (group.size() > 1) gathered++;
    return group;
  }

  private Future<?> sent(List<Waiting<W>> group) {
    if (group.size() == 1) return alone(group.get(0)).timeout(heldMillis, TimeUnit.MILLISECONDS).otherwiseEmpty();
    Future<Set<String>> together = started(() -> ways.together(group.stream().map(Waiting::one).toList()));
    return together.onSuccess(well -> {
      for (Waiting<W> each : group) {
        if (well.contains(ways.key(each.one()))) each.done().tryComplete(true);
        else alone(each);
      }
    })
        .mapEmpty()
        .recover(cause -> {
          if (cause instanceof PgException) return Future.join(group.stream().map(this::alone).toList()).mapEmpty();
          group.forEach(each -> each.done().tryFail(cause));
          return Future.succeededFuture();
        });
  }

  private Future<?> alone(Waiting<W> one) {
    return started(() -> ways.alone(one.one())).onComplete(done -> {
      if (done.succeeded()) one.done().tryComplete(done.result());
      else one.done().tryFail(done.cause());
    }).otherwiseEmpty();
  }

  private static <T> Future<T> started(java.util.function.Supplier<Future<T>> work) {
    return Future.succeededFuture().compose(now -> work.get());
  }

  /** @param make makes the group of a key once */
  static <W> Function<String, Grouped<W>> byKey(Function<String, Grouped<W>> make) {
    java.util.Map<String, Grouped<W>> made = new java.util.concurrent.ConcurrentHashMap<>();
    return key -> made.computeIfAbsent(key, make);
  }
}
