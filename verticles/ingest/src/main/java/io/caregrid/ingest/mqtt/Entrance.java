package io.caregrid.ingest.mqtt;

import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Grants;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who may send. Known are callers by an access token, which stands where MQTT has the password; by a certificate, which {@code mqtt.tls.clientCa} has signed; and on a
 * node that asks nobody, whoever comes. The user name says nothing. Refusals are audited as those of HTTP are.
 */
final class Entrance {
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*");
  private static final String WHAT = "urn:caregrid:mqtt";

  private final Tokens tokens;
  private final boolean asks;
  private final Set<String> roles;
  private final Grants grants;
  private final Audit audit;

  /** Whose access tokens are. */
  @FunctionalInterface
  public interface Tokens {
    /**
     * May complete on any thread; fails as {@link io.caregrid.contract.Doorman} does.
     *
     * @param from address that sent it
     */
    Future<Caller> who(String token, String from);
  }

  /**
   * @param asks   false: who shows nothing is let in
   * @param roles  of who shows a certificate
   * @param grants what these roles allow
   */
  Entrance(Tokens tokens, boolean asks, Set<String> roles, Grants grants, Audit audit) {
    this.tokens = tokens;
    this.asks = asks;
    this.roles = roles;
    this.grants = grants;
    this.audit = audit;
  }

  /**
   * May complete on any thread; fails with Unauthenticated, Forbidden or Busy.
   *
   * @param password    null when there is none
   * @param certificate its subject; null when none was shown, or none is asked for
   */
  Future<Caller> who(byte[] password, String certificate, String address) {
    return known(password, certificate, address)
        .map(caller -> caller.from(address))
        .compose(caller -> caller.may(Access.TELEMETRY_SEND)
            ? Future.succeededFuture(caller)
            : refused(caller, new Failure.Forbidden("this needs " + Access.TELEMETRY_SEND
                + ", which your roles do not give, as Telemetry Sender does")),
            cause -> refused(Caller.unknown().from(address), cause));
  }

  private Future<Caller> known(byte[] password, String certificate, String address) {
    String token = password == null ? "" : new String(password, StandardCharsets.ISO_8859_1);
    if (TOKEN.matcher(token).matches()) return tokens.who(token, address);
    if (certificate != null)
      return Future.succeededFuture(
          new Caller("mqtt:" + certificate, null, certificate, roles, grants, null, address, null));
    if (!asks) return Future.succeededFuture(Caller.LOCAL);
    return Future.failedFuture(
        new Failure.Unauthenticated("who are you? Send an access token as the password, or show a certificate"));
  }

  private Future<Caller> refused(Caller caller, Throwable cause) {
    if (!(cause instanceof Failure failure) || failure.status >= 500) return Future.failedFuture(cause);
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.REQUEST, WHAT)
        .asking("MQTT CONNECT needs " + Access.TELEMETRY_SEND)
        .ended(failure);
    return audit.record(entry).transform(kept -> Future.failedFuture(cause));
  }
}
