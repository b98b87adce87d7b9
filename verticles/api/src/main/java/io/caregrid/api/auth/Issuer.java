package io.caregrid.api.auth;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One issuer and the keys it signs with now. Any thread.
 *
 * <p>Keys are asked for at the start, every {@link #EVERY} (every {@link #PAUSE} while it does not answer), and when a token names one that is not
 * known: the issuer has changed keys. That last is bounded, since anybody can make such tokens: one question at a time, and none within
 * {@link #PAUSE} of the one before. While the issuer cannot be reached, the keys we have go on verifying for {@code keysFor}; afterwards, and before it
 * was ever reached, its tokens are answered 503.
 */
final class Issuer {
  static final Duration EVERY = Duration.ofMinutes(10);
  static final Duration PAUSE = Duration.ofSeconds(5);
  private static final Logger log = LoggerFactory.getLogger(Issuer.class);

  private final Terms terms;
  private final Supplier<Future<KeySet>> source;
  private final Clock clock;
  private final Runnable changed;
  private KeySet keys;
  private Instant fetched;
  private Instant asked = Instant.MIN;
  private Future<KeySet> pending;
  private boolean away;

  /**
   * @param source  asks the issuer
   * @param changed told when a key is gone or new: what was verified before is to be verified again
   */
  Issuer(Terms terms, Supplier<Future<KeySet>> source, Clock clock, Runnable changed) {
    this.terms = terms;
    this.source = source;
    this.clock = clock;
    this.changed = changed;
  }

  /** An issuer whose keys are here already, and stay. */
  static Issuer fixed(Terms terms, KeySet keys, Clock clock) {
    Issuer issuer = new Issuer(terms, () -> Future.succeededFuture(keys), clock, () -> {});
    issuer.keys = keys;
    issuer.fetched = Instant.MAX;
    issuer.asked = Instant.MAX;
    return issuer;
  }

  /** Asks now and then, and more often one that did not answer. @return the timer's id */
  long follow(Vertx vertx) {
    refresh();
    return vertx.setPeriodic(PAUSE.toMillis(), look -> {
      if (isDue()) refresh();
    });
  }

  private synchronized boolean isDue() {
    return away || fetched != null && !clock.instant().isBefore(fetched.plus(EVERY));
  }

  Terms terms() {
    return terms;
  }

  /** False while the issuer cannot be asked: for {@code /health/ready}. */
  synchronized boolean isThere() {
    return !away && keys != null;
  }

  /** Fails with Unauthenticated when no key of this issuer fits, Busy when we cannot know. */
  Future<PublicKey> keyFor(Jws jws) {
    Optional<PublicKey> known = known(jws);
    if (known.isPresent()) return Future.succeededFuture(known.get());
    Future<KeySet> answer = askedNow();
    if (answer == null) return Future.failedFuture(unknown());
    return answer.transform(done -> known(jws).map(Future::succeededFuture)
        .orElseGet(() -> Future.failedFuture(unknown())));
  }

  private synchronized Optional<PublicKey> known(Jws jws) {
    return isGood() ? keys.keyFor(jws) : Optional.empty();
  }

  private boolean isGood() {
    return keys != null && (fetched == Instant.MAX || clock.instant().isBefore(fetched.plus(terms.keysFor())));
  }

  private synchronized Failure unknown() {
    return isGood()
        ? InvalidToken.because("no key of its issuer is known that fits it")
        : new Failure.Busy("the issuer of this token cannot be asked for its keys right now; try again");
  }

  /** Null when it was asked just before. */
  private synchronized Future<KeySet> askedNow() {
    if (pending != null) return pending;
    if (asked == Instant.MAX || asked != Instant.MIN && clock.instant().isBefore(asked.plus(PAUSE))) return null;
    return refresh();
  }

  synchronized Future<KeySet> refresh() {
    if (pending != null) return pending;
    asked = clock.instant();
    Future<KeySet> taken = source.get().transform(done -> {
      if (done.failed()) return missed(done.cause());
      came(done.result());
      return Future.succeededFuture(done.result());
    });
    if (!taken.isComplete()) pending = taken;
    return taken;
  }

  private void came(KeySet now) {
    boolean differs;
    synchronized (this) {
      pending = null;
      differs = keys != null && !keys.equals(now);
      if (away) log.info("issuer is back issuer={}", terms.issuer());
      away = false;
      keys = now;
      fetched = clock.instant();
    }
    if (differs) {
      log.info("issuer changed its keys issuer={} keys={}", terms.issuer(), now.keys().size());
      changed.run();
    }
  }

  private synchronized Future<KeySet> missed(Throwable cause) {
    pending = null;
    if (!away)
      log.warn("issuer cannot be asked for its keys issuer={} known={} cause={}", terms.issuer(), keys != null,
          cause instanceof IllegalStateException ? cause.getMessage() : cause.toString());
    away = true;
    return Future.failedFuture(cause);
  }
}
