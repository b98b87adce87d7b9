package io.caregrid.api.signin;

import io.caregrid.api.signin.Provider.Tokens;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Roles;
import io.caregrid.store.WebSessions.Session;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What stands in a session's row: who, in the clear, and what renews it, sealed. */
final class SealedSession {
  private SealedSession() {}

  static Session of(Seal seal, Caller caller, Tokens tokens, Instant ends) {
    JsonObject who = new JsonObject().put("subject", caller.subject())
        .put("issuer", caller.issuer())
        .put("name", caller.name())
        .put("roles", new JsonArray(new TreeSet<>(caller.roles()).stream().collect(Collectors.toList())));
    Instant until = caller.until().isBefore(ends) ? caller.until() : ends;
    return new Session(who, until, ends, secrets(seal, tokens));
  }

  /** The same, to be renewed by these. */
  static Session with(Seal seal, Session session, Tokens tokens) {
    return new Session(session.who(), session.until(), session.ends(), secrets(seal, tokens));
  }

  private static Buffer secrets(Seal seal, Tokens tokens) {
    return seal.sealed(
        new JsonObject().put("refresh", tokens.refresh()).put("identity", tokens.identity()).encode());
  }

  /** Without an access token, which is not kept; without all where the seal is not the row's. */
  static Tokens tokens(Seal seal, Session session) {
    JsonObject secrets = session.renewal() == null
        ? new JsonObject()
        : seal.opened(session.renewal()).map(JsonObject::new).orElse(new JsonObject());
    return new Tokens("", secrets.getString("refresh"), secrets.getString("identity"));
  }

  static boolean isOf(Session session, Caller caller) {
    return caller.subject().equals(session.who().getString("subject"))
        && caller.issuer().equals(session.who().getString("issuer"));
  }

  static Caller caller(Session session, Roles roles) {
    JsonObject who = session.who();
    Set<String> names = who.getJsonArray("roles").stream().map(String.class::cast).collect(Collectors.toSet());
    return new Caller(who.getString("subject"), who.getString("issuer"), who.getString("name"), names,
        roles.grants(names), session.until(), null, null);
  }
}
