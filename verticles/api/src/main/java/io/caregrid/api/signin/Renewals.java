package io.caregrid.api.signin;

import io.caregrid.api.signin.Provider.Tokens;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.WebSessions;
import io.caregrid.store.WebSessions.Claim;
import io.caregrid.store.WebSessions.Session;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Renews a session by its refresh token, <b>once in the cluster</b>: an issuer that rotates refresh tokens takes each of them once, and takes everything
 * back when one comes twice. Any thread.
 *
 * <p>Whoever gets the session's claim asks the issuer; everybody else, on this node or another, looks at the row until it has changed. What the issuer gave is
 * kept even when nobody waits for it any more, when its access token cannot be examined just now, and when the database stumbles meanwhile, since the
 * refresh token before is spent. A node that dies in between holds the claim for {@link WebSessions#CLAIM_SECONDS}; then the next asks, with a token that
 * may be spent: with an issuer that knows no mercy that person signs in again.
 */
final class Renewals {
  /** Longest that somebody waits for what another has been given to do. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final String RENEWING = "your session is being renewed; try again";
  private static final long LOOK_MILLIS = 100;
  private static final long AGAIN_MILLIS = 500;
  private static final int TRIES = 10;
  private final Vertx vertx;
  private final WebSessions kept;
  private final Provider provider;
  private final Function<String, Future<Caller>> examined;
  private final Clock clock;
  private final Map<Buffer, Future<Session>> underWay = new ConcurrentHashMap<>();

  /** @param examined whose an access token is, as every door examines it */
  Renewals(Vertx vertx, WebSessions kept, Provider provider, Function<String, Future<Caller>> examined, Clock clock) {
    this.vertx = vertx;
    this.kept = kept;
    this.provider = provider;
    this.examined = examined;
    this.clock = clock;
  }

  /** @return the session as it is then, null when it is over; fails with Busy when that cannot be known now */
  Future<Session> renewed(Seal seal, Session before) {
    Buffer id = seal.id();
    Future<Session> renewed = underWay.computeIfAbsent(id, first -> claimed(seal, before, patience()));
    renewed.onComplete(done -> underWay.remove(id, renewed));
    return renewed;
  }

  private static long patience() {
    return System.nanoTime() + PATIENCE.toNanos();
  }

  private Future<Session> claimed(Seal seal, Session before, long deadline) {
    return kept.claim(seal.id(), before)
        .compose(claim -> claim == null ? another(seal, before, deadline) : asked(seal, claim));
  }

  /** Somebody else renews it, or did, or it is over. */
  private Future<Session> another(Seal seal, Session before, long deadline) {
    return kept.find(seal.id()).compose(now -> {
      boolean changed = now == null || !now.until().equals(before.until());
      if (changed || clock.instant().isBefore(now.until())) return Future.succeededFuture(now);
      if (System.nanoTime() > deadline)
        return Future.failedFuture(new Failure.Busy(RENEWING));
      return vertx.timer(LOOK_MILLIS).compose(look -> claimed(seal, before, deadline));
    });
  }

  /** As somebody whose claim came after ours has left it. */
  private Future<Session> another(Seal seal) {
    return kept.find(seal.id())
        .compose(now -> now == null || clock.instant().isBefore(now.until())
            ? Future.succeededFuture(now)
            : Future.failedFuture(new Failure.Busy(RENEWING)));
  }

  private Future<Session> asked(Seal seal, Claim claim) {
    Tokens before = SealedSession.tokens(seal, claim.session());
    return provider.refreshed(before)
        .compose(tokens -> taken(seal, claim, tokens), refused -> missed(seal, claim, refused));
  }

  private Future<Session> missed(Seal seal, Claim claim, Throwable cause) {
    if (cause instanceof Failure.Unauthenticated) return over(seal, claim.session());
    return kept.release(seal.id(), claim).transform(released -> Future.failedFuture(cause));
  }

  private Future<Session> taken(Seal seal, Claim claim, Tokens tokens) {
    Session before = claim.session();
    return examined.apply(tokens.access()).compose(caller -> {
      if (!SealedSession.isOf(before, caller)) return over(seal, before);
      return stored(seal, claim, SealedSession.of(seal, caller, tokens, before.ends()), TRIES);
    }, cause -> {
      if (cause instanceof Failure.Unauthenticated) return over(seal, before);
      return stored(seal, claim, SealedSession.with(seal, before, tokens), TRIES)
          .transform(stored -> Future.failedFuture(cause));
    });
  }

  private Future<Session> stored(Seal seal, Claim claim, Session after, int tries) {
    return kept.renew(seal.id(), claim, after)
        .compose(done -> done ? Future.succeededFuture(after) : another(seal),
            cause -> cause instanceof Failure.Busy && tries > 1
                ? vertx.timer(AGAIN_MILLIS).compose(again -> stored(seal, claim, after, tries - 1))
                : Future.failedFuture(cause));
  }

  /** The issuer does not know this session any more; unless somebody whose claim came after ours has renewed it. */
  private Future<Session> over(Seal seal, Session before) {
    return kept.end(seal.id(), before).compose(ended -> ended ? Future.succeededFuture() : another(seal));
  }
}
