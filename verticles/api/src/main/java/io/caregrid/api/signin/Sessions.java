package io.caregrid.api.signin;

import io.caregrid.api.signin.Provider.Tokens;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Roles;
import io.caregrid.contract.Stay;
import io.caregrid.store.WebSessions;
import io.caregrid.store.WebSessions.Session;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Who a session's cookie stands for. An access token is good for minutes; a session renews it by its refresh token ({@link Renewals}), so that somebody
 * whose rights are taken away, or who is locked out at the issuer, is out here within those minutes. Any thread.
 */
final class Sessions {
  /** The issuer is asked so long before it has to be: meanwhile nobody waits for it. */
  static final Duration EARLY = Duration.ofSeconds(20);
  private static final long PATIENCE_SECONDS = 6;
  private final WebSessions kept;
  private final Function<String, Future<Caller>> examined;
  private final Roles roles;
  private final Duration longest;
  private final Clock clock;
  private final Renewals renewals;
  private final Stays stays;

  /**
   * @param examined whose an access token is, as every door examines it
   * @param longest  after that somebody has to sign in again
   */
  Sessions(Vertx vertx, WebSessions kept, Provider provider, Function<String, Future<Caller>> examined, Roles roles,
      Duration longest, Clock clock) {
    this.kept = kept;
    this.examined = examined;
    this.roles = roles;
    this.longest = longest;
    this.clock = clock;
    this.renewals = new Renewals(vertx, kept, provider, examined, clock);
    this.stays = new Stays(vertx, kept);
  }

  /** @param cookie to be given to the browser */
  record Begun(String cookie, Caller caller) {}

  /** Fails with Unauthenticated when the access token is not good here. */
  Future<Begun> begin(Tokens tokens) {
    return examined.apply(tokens.access()).compose(caller -> {
      Seal seal = Seal.fresh();
      Session session = SealedSession.of(seal, caller, tokens, clock.instant().plus(longest));
      return kept.begin(seal.id(), session).map(begun -> new Begun(seal.cookie(), caller));
    });
  }

  /** Null when the cookie stands for nobody, or for nobody any more; Busy when that cannot be known now. */
  Future<Caller> find(String cookie) {
    Optional<Seal> seal = Seal.of(cookie);
    if (seal.isEmpty()) return Future.succeededFuture();
    return kept.find(seal.get().id())
        .compose(session -> session == null ? Future.succeededFuture() : current(seal.get(), session))
        .map(session -> session == null ? over(seal.get()) : SealedSession.caller(session, roles));
  }

  /** How long whoever came with this cookie may stay. */
  Stay stay(String cookie) {
    return Seal.of(cookie).map(seal -> stays.of(seal.id())).orElse(Stay.UNTIL_PROOF_ENDS);
  }

  private Caller over(Seal seal) {
    stays.over(seal.id());
    return null;
  }

  private Future<Session> current(Seal seal, Session session) {
    Instant now = clock.instant();
    boolean good = now.isBefore(session.until());
    if (now.isBefore(session.ends()) && now.isBefore(session.until().minus(EARLY)))
      return Future.succeededFuture(session);
    boolean renewable = now.isBefore(session.ends()) && SealedSession.tokens(seal, session).refresh() != null;
    if (!renewable) return good ? Future.succeededFuture(session) : kept.end(seal.id()).map(ended -> null);
    Future<Session> renewed = renewals.renewed(seal, session);
    return good
        ? Future.succeededFuture(session)
        : renewed.timeout(PATIENCE_SECONDS, TimeUnit.SECONDS).recover(Sessions::late);
  }

  private static Future<Session> late(Throwable cause) {
    return Future.failedFuture(cause instanceof TimeoutException
        ? new Failure.Busy("the issuer that signs people in does not answer; try again")
        : cause);
  }

  /** @param wasThere somebody was signed in by it, @param identity what the issuer called him, null when it did not say */
  record Ended(boolean wasThere, Caller caller, String identity) {}

  Future<Ended> end(String cookie) {
    Optional<Seal> seal = Seal.of(cookie);
    if (seal.isEmpty()) return Future.succeededFuture(new Ended(false, null, null));
    return kept.end(seal.get().id()).map(session -> {
      over(seal.get());
      return session == null
          ? new Ended(false, null, null)
          : new Ended(true, SealedSession.caller(session, roles), SealedSession.tokens(seal.get(), session).identity());
    });
  }
}
