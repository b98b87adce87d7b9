package io.caregrid.store.audit;

import io.caregrid.store.AuditEvents;
import io.caregrid.store.AuditPosition;
import io.caregrid.store.Cause;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a journal to the database, batch after batch, and removes files that have been there long enough. One batch at a time; while the database is away it
 * asks again ever more rarely, up to every {@value #LONGEST_MILLIS} ms, and nothing is lost or doubled: the files wait.
 */
final class Shipping {
  private static final Logger log = LoggerFactory.getLogger(Shipping.class);
  private static final long LOOK_MILLIS = 250;
  /** Large batches cost less an entry: while more than {@link #FEW} came, the next is waited for so long. */
  private static final long LINGER_MILLIS = 1000;
  private static final int FEW = 50;
  private static final long LONGEST_MILLIS = 15_000;
  private static final Duration APART = Duration.ofHours(1);
  private static final long TIDY_MILLIS = TimeUnit.MINUTES.toMillis(10);

  private final Vertx vertx;
  private final Journal journal;
  private final AuditEvents events;
  private final Duration keep;
  private final Retention retention;
  private final Clock clock;
  private final Context context;
  private AuditPosition shipped;
  private long pause = LOOK_MILLIS;
  private int came;
  private long timer = -1;
  private Promise<Void> draining;
  private long tidied = Long.MIN_VALUE;
  private volatile boolean closing;
  private volatile boolean away;
  private volatile boolean known;
  private Future<Void> running = Future.succeededFuture();

  Shipping(Vertx vertx, Journal journal, AuditEvents events, Duration keep, Retention retention, Clock clock) {
    this.vertx = vertx;
    this.journal = journal;
    this.events = events;
    this.keep = keep;
    this.retention = retention;
    this.clock = clock;
    this.context = vertx.getOrCreateContext();
  }

  /** On a context of its own. */
  void start() {
    context.runOnContext(begun -> again());
  }

  boolean isAway() {
    return away;
  }

  /** False: the database has not told yet where it is, so the backlog counts only what came since the start. */
  boolean isKnown() {
    return known;
  }

  /** Completes when all that is written now is in, or the database does not take it, or time is over. */
  Future<Void> drain(Duration within) {
    Promise<Void> done = Promise.promise();
    long late = vertx.setTimer(Math.max(1, within.toMillis()), over -> done.tryComplete());
    vertx.<Void>executeBlocking(() -> {
      journal.settle();
      return null;
    }, false).onComplete(settled -> context.runOnContext(hop -> {
      draining = done;
      if (timer != -1 && vertx.cancelTimer(timer)) again();
    }));
    return done.future().onComplete(over -> vertx.cancelTimer(late));
  }

  /** Completes when the batch under way is in or has failed. What is left is for the next start. */
  Future<Void> stop() {
    closing = true;
    return running;
  }

  private void again() {
    timer = -1;
    if (closing) return;
    Future<Boolean> round = round();
    running = round.<Void>mapEmpty().otherwiseEmpty();
    round.onComplete(done -> {
      if (done.failed()) failed(done.cause());
      else recovered();
      boolean more = done.succeeded() && (done.result() || draining != null && isBehind());
      if (!more && draining != null) draining.tryComplete();
      if (closing) return;
      if (more) context.runOnContext(hop -> again());
      else timer = vertx.setTimer(pause, look -> again());
    });
  }

  private boolean isBehind() {
    return shipped == null || shipped.compareTo(journal.written()) < 0;
  }

  private void failed(Throwable cause) {
    shipped = null;
    if (!away)
      log.warn("audit events wait for the database backlogBytes={} cause={}", journal.backlog(),
          Cause.withoutValues(cause));
    away = true;
    pause = Math.min(LONGEST_MILLIS, pause * 2);
  }

  private void recovered() {
    if (away) log.info("audit events reach the database again backlogBytes={}", journal.backlog());
    away = false;
    pause = draining == null && came > FEW ? LINGER_MILLIS : LOOK_MILLIS;
  }

  /** One batch. False: all that was written is in, or nearly. */
  private Future<Boolean> round() {
    AuditPosition until = journal.written();
    return position().compose(from -> {
      if (from.compareTo(until) < 0) return batch(from, until).map(full -> full || draining != null);
      came = 0;
      return tidy().map(false);
    });
  }

  private Future<AuditPosition> position() {
    if (shipped != null) return Future.succeededFuture(shipped);
    return events.position(journal.id(), journal.node())
        .compose(there -> there.compareTo(known ? journal.written() : journal.start()) > 0
            ? renamed(there)
            : vertx.executeBlocking(() -> begin(there), false))
        .onSuccess(there -> shipped = there);
  }

  /** The database is ahead of the files: they were removed, or the folder is an older one. What is written now would be taken for what is in. */
  private Future<AuditPosition> renamed(AuditPosition ahead) {
    log.error("audit files are gone that the database knows, going on as a new journal node={} database={} files={}",
        journal.node(), ahead, journal.written());
    return vertx.executeBlocking(() -> {
      journal.segments().rename();
      return null;
    }, false)
        .compose(done -> events.position(journal.id(), journal.node()))
        .compose(there -> vertx.executeBlocking(() -> begin(there), false));
  }

  /** Where the database stands may be before the first file: its backup is older than the files are kept. */
  private AuditPosition begin(AuditPosition there) throws IOException {
    Map<Long, Long> files = journal.recount(there);
    known = true;
    long first = files.keySet().stream().findFirst().orElse(there.segment());
    if (there.segment() > 0 && first > there.segment() + 1)
      log.error(
          "audit events are missing in the database and their files are gone: it is older than the files are kept node={} from={} to={}",
          journal.node(), there.segment(), first);
    return there;
  }

  /**
   * In the end {@code shipped} is where the next one begins; null when the database says that it is somewhere else.
   *
   * @return true: there was more than one batch holds
   */
  private Future<Boolean> batch(AuditPosition from, AuditPosition until) {
    return vertx.executeBlocking(() -> read(from, until), false).compose(batch -> {
      for (String place : batch.damaged())
        log.error("audit journal is damaged, what stood there is lost place={}", place);
      return keep(from, batch.next(), batch.lines()).map(moved -> {
        shipped = moved ? batch.next() : null;
        if (moved) journal.shipped(batch.bytes());
        else
          log.warn("audit events are shipped again from where the database is: it went back node={} at={}",
              journal.node(), from);
        came = batch.lines().size();
        return batch.next().compareTo(until) < 0;
      });
    });
  }

  /** A file that is written and of which nothing is there was removed or cut by somebody else: another one is begun. */
  private Batch read(AuditPosition from, AuditPosition until) throws IOException {
    Batch batch = Batch.read(journal.segments(), from, until);
    return batch.isLost(until) ? Batch.read(journal.segments(), from, journal.giveUp(until)) : batch;
  }

  /** What the database can never take is set aside, one line at a time: the rest must not wait behind it. */
  private Future<Boolean> keep(AuditPosition from, AuditPosition to, List<byte[]> lines) {
    return events.keep(journal.id(), from, to, lines).recover(cause -> {
      if (!AuditEvents.isRefusedForGood(cause) || lines.isEmpty()) return Future.failedFuture(cause);
      if (lines.size() == 1) {
        log.error("audit event is refused by the database and stays in its file only, before={} cause={}", to,
            Cause.withoutValues(cause));
        return keep(from, to, List.of());
      }
      int half = lines.size() / 2;
      return keep(from, from, lines.subList(0, half)).compose(
          first -> first ? keep(from, to, lines.subList(half, lines.size())) : Future.succeededFuture(false));
    });
  }

  private Future<Void> tidy() {
    long now = clock.millis();
    if (tidied != Long.MIN_VALUE && now >= tidied && now - tidied < TIDY_MILLIS) return Future.succeededFuture();
    tidied = now;
    return events.now()
        .compose(there -> agrees(there) ? tidy(shipped) : Future.succeededFuture())
        .recover(cause -> {
          log.warn("audit files and months that are old enough were not removed, tried again later minutes={} cause={}",
              TimeUnit.MILLISECONDS.toMinutes(TIDY_MILLIS), Cause.withoutValues(cause));
          return Future.succeededFuture();
        });
  }

  /** What is gone is gone: nothing is removed by a clock of which another one says that it is wrong. */
  private boolean agrees(Instant there) {
    Duration apart = Duration.between(there, clock.instant()).abs();
    if (apart.compareTo(APART) <= 0) return true;
    log.error("clocks of this node and the database differ, so no audit file or month is removed here hours={}",
        apart.toHours());
    return false;
  }

  private Future<Void> tidy(AuditPosition before) {
    return vertx.executeBlocking(() -> journal.segments().removeBefore(before, clock.instant().minus(keep)), false)
        .onSuccess(removed -> {
          if (removed > 0)
            log.info("audit files removed, all in the database files={} days={}", removed, keep.toDays());
        })
        .compose(removed -> retention.keepTo())
        .onSuccess(gone -> {
          if (!gone.isEmpty()) log.info("audit months removed, older than they are kept months={}", gone);
        })
        .mapEmpty();
  }
}
