package io.caregrid.api.signin;

import io.caregrid.api.signin.Provider.Tokens;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Roles;
import io.caregrid.store.WebSessions;
import io.caregrid.store.WebSessions.Session;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Who a session's cookie stands for. An access token is good for minutes; a session renews it by its refresh token, so that somebody whose rights are
 * taken away, or who is locked out at the issuer, is out here within those minutes. Any thread.
 */
final class Sessions {
  /** The issuer is asked so long before it has to be. */
  static final Duration EARLY = Duration.ofSeconds(20);
  private final WebSessions kept;
  private final Provider provider;
  private final Function<String, Future<Caller>> examined;
  private final Roles roles;
  private final Duration longest;
  private final Clock clock;
  private final Map<Buffer, Future<Caller>> renewing = new ConcurrentHashMap<>();

  /**
   * @param examined whose an access token is, as every door examines it
   * @param longest  after that somebody has to sign in again
   */
  Sessions(WebSessions kept, Provider provider, Function<String, Future<Caller>> examined, Roles roles,
      Duration longest, Clock clock) {
    this.kept = kept;
    this.provider = provider;
    this.examined = examined;
    this.roles = roles;
    this.longest = longest;
    this.clock = clock;
  }

  /** @param cookie to be given to the browser */
  record Begun(String cookie, Caller caller) {}

  /** Fails with Unauthenticated when the access token is not good here. */
  Future<Begun> begin(Tokens tokens) {
    return examined.apply(tokens.access()).compose(caller -> {
      Seal seal = Seal.fresh();
      Session session = session(seal, caller, tokens, clock.instant().plus(longest));
      return kept.begin(seal.id(), session).map(begun -> new Begun(seal.cookie(), caller));
    });
  }

  private static Session session(Seal seal, Caller caller, Tokens tokens, Instant ends) {
    JsonObject who = new JsonObject().put("subject", caller.subject())
        .put("issuer", caller.issuer())
        .put("name", caller.name())
        .put("roles", new JsonArray(new TreeSet<>(caller.roles()).stream().collect(Collectors.toList())));
    Instant until = caller.until().isBefore(ends) ? caller.until() : ends;
    return new Session(who, until, ends, seal.sealed(secrets(tokens).encode()));
  }

  private static JsonObject secrets(Tokens tokens) {
    return new JsonObject().put("refresh", tokens.refresh()).put("identity", tokens.identity());
  }

  /** Null when the cookie stands for nobody, or for nobody any more; Busy when that cannot be known now. */
  Future<Caller> find(String cookie) {
    Optional<Seal> seal = Seal.of(cookie);
    if (seal.isEmpty()) return Future.succeededFuture();
    return kept.find(seal.get().id())
        .compose(session -> session == null ? Future.succeededFuture() : current(seal.get(), session));
  }

  private Future<Caller> current(Seal seal, Session session) {
    Instant now = clock.instant();
    if (!now.isBefore(session.ends())) return kept.end(seal.id()).map(ended -> null);
    if (now.isBefore(session.until().minus(EARLY))) return Future.succeededFuture(caller(session));
    Buffer id = seal.id();
    Future<Caller> renewed = renewing.computeIfAbsent(id, first -> renewed(seal, session));
    renewed.onComplete(done -> renewing.remove(id, renewed));
    return renewed.recover(cause -> cause instanceof Failure.Busy && now.isBefore(session.until())
        ? Future.succeededFuture(caller(session))
        : Future.failedFuture(cause));
  }

  private Caller caller(Session session) {
    JsonObject who = session.who();
    var names = who.getJsonArray("roles").stream().map(String.class::cast).collect(Collectors.toSet());
    return new Caller(who.getString("subject"), who.getString("issuer"), who.getString("name"), names,
        roles.grants(names), session.until(), null, null);
  }

  private Future<Caller> renewed(Seal seal, Session before) {
    JsonObject secrets = seal.opened(before.renewal()).map(JsonObject::new).orElse(new JsonObject());
    if (secrets.getString("refresh") == null) return lost(seal, before);
    Tokens old = new Tokens("", secrets.getString("refresh"), secrets.getString("identity"));
    return provider.refreshed(old)
        .compose(tokens -> examined.apply(tokens.access()).compose(caller -> keep(seal, before, caller, tokens)))
        .recover(cause -> cause instanceof Failure.Unauthenticated ? lost(seal, before) : Future.failedFuture(cause));
  }

  private Future<Caller> keep(Seal seal, Session before, Caller caller, Tokens tokens) {
    boolean same = caller.subject().equals(before.who().getString("subject"))
        && caller.issuer().equals(before.who().getString("issuer"));
    if (!same) return Future.failedFuture(new Failure.Unauthenticated("the issuer speaks of somebody else"));
    Session after = session(seal, caller, tokens, before.ends());
    return kept.renew(seal.id(), before, after)
        .compose(done -> done
            ? Future.succeededFuture(caller(after))
            : lost(seal, before));
  }

  /** Another node may have renewed it meanwhile, and with some issuers our refresh token was worth nothing after that. */
  private Future<Caller> lost(Seal seal, Session before) {
    return kept.find(seal.id()).compose(now -> {
      if (now == null) return Future.succeededFuture();
      if (!now.until().equals(before.until()) || clock.instant().isBefore(now.until()))
        return Future.succeededFuture(caller(now));
      return kept.end(seal.id()).map(ended -> null);
    });
  }

  /** @param wasThere somebody was signed in by it, @param identity what the issuer called him, null when it did not say */
  record Ended(boolean wasThere, Caller caller, String identity) {}

  Future<Ended> end(String cookie) {
    Optional<Seal> seal = Seal.of(cookie);
    if (seal.isEmpty()) return Future.succeededFuture(new Ended(false, null, null));
    return kept.end(seal.get().id())
        .map(session -> session == null
            ? new Ended(false, null, null)
            : new Ended(true, caller(session), seal.get()
                .opened(session.renewal())
                .map(text -> new JsonObject(text).getString("identity"))
                .orElse(null)));
  }
}
