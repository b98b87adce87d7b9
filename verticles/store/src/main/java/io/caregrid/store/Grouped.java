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
import java.util.function.Function;

/**
 * Lets what comes while others are on their way go together: group commit. Who comes while few are under way goes at once and alone, so nobody ever waits for
 * company; the busier it is, the more go in one statement. Any thread; the result comes on the caller's context.
 *
 * <p>Whatever the database refuses was not done, by nobody of the group: then each of them goes alone, and only who is at fault fails. When there is no answer
 * at all, all of them have none: done or not, nobody knows.
 *
 * @param <W> what goes: two of the same key never go in one group
 */
final class Grouped<W> {
  private static final int MOST = 256;
  private static final int MOST_BYTES = 4 << 20;

  private final VertxInternal vertx;
  private final int atOnce;
  private final Ways<W> ways;
  private final Deque<Waiting<W>> waiting = new ArrayDeque<>();
  private int underWay;

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
    this.vertx = (VertxInternal) vertx;
    this.atOnce = atOnce;
    this.ways = ways;
  }

  /** True when it came out well, false when it lost a race. */
  Future<Boolean> add(W one) {
    Promise<Boolean> done = vertx.promise();
    synchronized (this) {
      waiting.add(new Waiting<>(one, done));
      if (underWay >= atOnce) return done.future();
      underWay++;
    }
    go();
    return done.future();
  }

  /** With one of the places under way. */
  private void go() {
    List<Waiting<W>> group = next();
    if (group.isEmpty()) return;
    sent(group).onComplete(done -> go());
  }

  /** Gives the place back when nobody waits. */
  private synchronized List<Waiting<W>> next() {
    List<Waiting<W>> group = new ArrayList<>();
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
    return group;
  }

  private Future<?> sent(List<Waiting<W>> group) {
    if (group.size() == 1) return alone(group.get(0));
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
