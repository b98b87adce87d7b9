package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.pgclient.PgException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Lets what comes while others are on their way go together: group commit. Who comes while few are under way goes at once and alone, so where little is written
 * nobody waits for company; the busier it is, the more go in one statement. Beside a group of several another one begins only for several: a few wait for its
 * end, because two small groups cost the database nearly twice as much as one. Any thread; the result comes on the caller's context.
 *
 * <p>Who goes alone and has to wait for somebody else's lock gives his place to others before long, while there is room aside: the turnstile lets no more wait
 * there than there are connections to spare, of all kinds together. Beyond that he keeps his place. A group of several that takes as long keeps its place, but
 * keeps nobody waiting for company any more.
 *
 * <p>Whatever the database refuses was not done, by nobody of the group: then each of them goes alone, aside, and only who is at fault fails. When there is no answer
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
  private final Turnstile aside;
  private final Ways<W> ways;
  private final Deque<Waiting<W>> waiting = new ArrayDeque<>();
  private int underWay;
  /** Of those under way, the groups of several that others wait for. */
  private int gathered;

  /** How they go. */
  interface Ways<W> {
    String key(W one);

    int bytes(W one);

    /** Whether it may well be in vain: then whoever did not come out well in a group has lost a race, and does not go alone once more. */
    default boolean isGuess(W one) {
      return false;
    }

    /** The keys of those for whom it came out well; the others go alone once more. Waits for nobody else's transaction. */
    Future<Set<String>> together(List<W> many);

    /** True when it came out well, false when it lost a race. Waits as long as it has to. */
    Future<Boolean> alone(W one);
  }

  private record Waiting<W>(W one, Promise<Boolean> done) {}

  /** Under way; what changes is guarded by the Grouped. */
  private static final class Group<W> {
    final List<Waiting<W>> members;
    boolean isGathered;
    boolean isAside;
    boolean isOver;

    Group(List<Waiting<W>> members) {
      this.members = members;
    }
  }

  /** @param atOnce groups under way @param aside those who wait for others' locks, without a place */
  Grouped(Vertx vertx, int atOnce, Turnstile aside, Ways<W> ways) {
    this(vertx, atOnce, HELD_MILLIS, aside, ways);
  }

  /** @param heldMillis who takes longer waits for somebody's lock */
  Grouped(Vertx vertx, int atOnce, long heldMillis, Turnstile aside, Ways<W> ways) {
    this.vertx = (VertxInternal) vertx;
    this.atOnce = atOnce;
    this.heldMillis = heldMillis;
    this.aside = aside;
    this.ways = ways;
  }

  /** True when it came out well, false when it lost a race. */
  Future<Boolean> add(W one) {
    Promise<Boolean> done = vertx.promise();
    synchronized (this) {
      waiting.add(new Waiting<>(one, done));
    }
    begin();
    return done.future();
  }

  /** When somebody waits, there is a place, and no group worth waiting for. */
  private void begin() {
    synchronized (this) {
      if (waiting.isEmpty() || underWay >= atOnce || isForCompany()) return;
      underWay++;
    }
    go();
  }

  private boolean isForCompany() {
    return gathered > 0 && waiting.size() < COMPANY;
  }

  /** With one of the places under way. */
  private void go() {
    Group<W> group = next();
    if (group == null) return;
    if (group.members.size() == 1) one(group);
    else several(group);
  }

  /** Null, and the place given back, when nobody waits, or only a few beside a group of several. */
  private synchronized Group<W> next() {
    List<Waiting<W>> members = new ArrayList<>();
    Set<String> keys = new HashSet<>();
    long bytes = 0;
    Iterator<Waiting<W>> each = isForCompany() ? Collections.emptyIterator() : waiting.iterator();
    while (each.hasNext() && members.size() < MOST && bytes < MOST_BYTES) {
      Waiting<W> next = each.next();
      if (!keys.add(ways.key(next.one()))) continue;
      each.remove();
      members.add(next);
      bytes += ways.bytes(next.one());
    }
    if (members.isEmpty()) {
      underWay--;
      return null;
    }
    Group<W> group = new Group<>(members);
    group.isGathered = members.size() > 1;
    if (group.isGathered) gathered++;
    return group;
  }

  private void one(Group<W> group) {
    long timer = vertx.setPeriodic(heldMillis, late -> stepAside(group));
    alone(group.members.get(0)).onComplete(done -> {
      vertx.cancelTimer(timer);
      over(group);
    });
  }

  private void stepAside(Group<W> group) {
    synchronized (this) {
      if (group.isOver || group.isAside || !aside.enterNow()) return;
      group.isAside = true;
    }
    go();
  }

  private void several(Group<W> group) {
    long timer = vertx.setTimer(heldMillis, late -> isNoCompany(group));
    started(() -> ways.together(group.members.stream().map(Waiting::one).toList())).onComplete(done -> {
      vertx.cancelTimer(timer);
      if (done.succeeded()) split(group, done.result());
      else if (done.cause() instanceof PgException) refused(group);
      else {
        group.members.forEach(each -> each.done().tryFail(done.cause()));
        over(group);
      }
    });
  }

  private void split(Group<W> group, Set<String> well) {
    for (Waiting<W> each : group.members) {
      boolean isWell = well.contains(ways.key(each.one()));
      if (isWell || ways.isGuess(each.one())) each.done().tryComplete(isWell);
      else aside(each);
    }
    over(group);
  }

  /** Where the database refuses whatever comes, no more come meanwhile than go aside; but nobody waits long for one of them. */
  private void refused(Group<W> group) {
    isNoCompany(group);
    long timer = vertx.setTimer(heldMillis, late -> over(group));
    Future.join(group.members.stream().map(this::aside).toList()).onComplete(done -> {
      vertx.cancelTimer(timer);
      over(group);
    });
  }

  private void isNoCompany(Group<W> group) {
    synchronized (this) {
      leave(group);
    }
    begin();
  }

  private void leave(Group<W> group) {
    if (group.isGathered) gathered--;
    group.isGathered = false;
  }

  private void over(Group<W> group) {
    boolean wasAside;
    synchronized (this) {
      if (group.isOver) return;
      group.isOver = true;
      leave(group);
      wasAside = group.isAside;
    }
    if (wasAside) aside.leave();
    else go();
  }

  private Future<?> aside(Waiting<W> one) {
    return aside.pass(() -> alone(one)).onFailure(crowded -> one.done().tryFail(crowded)).otherwiseEmpty();
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
