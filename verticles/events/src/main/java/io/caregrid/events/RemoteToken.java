package io.caregrid.events;

import io.caregrid.cluster.TargetConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.ext.auth.User;
import io.vertx.ext.auth.oauth2.OAuth2Auth;
import io.vertx.ext.auth.oauth2.OAuth2FlowType;
import io.vertx.ext.auth.oauth2.OAuth2Options;
import io.vertx.ext.auth.oauth2.Oauth2Credentials;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * What lets this house in at another server: an access token by client credentials (RFC 6749 4.4), asked for once for all who need it, kept until a little before
 * it ends, and asked for anew when the server does not take it. Any thread.
 */
final class RemoteToken {
  /** Of a token that does not say how long it is good. */
  private static final long USUAL_SECONDS = 300;
  /** It ends that much earlier for us: a fifth of its time, a minute at most. */
  private static final long EARLY_SECONDS = 60;
  private final OAuth2Auth issuer;
  private final Oauth2Credentials credentials;
  private final Duration patience;
  private Future<String> token;
  /** By System.nanoTime. */
  private long until;

  /** @param patience longest that an answer of the token endpoint is waited for */
  RemoteToken(Vertx vertx, TargetConfig target, Duration patience) {
    this.patience = patience;
    this.credentials = new Oauth2Credentials().setFlow(OAuth2FlowType.CLIENT);
    if (!target.scopes().isEmpty()) credentials.setScopes(target.scopes());
    this.issuer = target.tokenEndpoint().isEmpty() ? null : OAuth2Auth.create(vertx, options(target, patience));
  }

  private static OAuth2Options options(TargetConfig target, Duration patience) {
    HttpClientOptions http = new HttpClientOptions().setConnectTimeout((int) patience.toMillis())
        .setIdleTimeout(60)
        .setName("tell-token");
    if (target.ca() != null) http.setTrustOptions(new PemTrustOptions().addCertPath(target.ca().toString()));
    OAuth2Options options = new OAuth2Options().setSite(target.tokenEndpoint())
        .setTokenPath(target.tokenEndpoint())
        .setClientId(target.clientId())
        .setClientSecret(target.secret())
        .setUserAgent("caregrid")
        .setHttpClientOptions(http);
    if (!target.audience().isEmpty())
      options.setExtraParameters(new JsonObject().put("resource", target.audience()));
    return options;
  }

  /** Null: the server asks for none. Fails with {@link Unheard}. */
  synchronized Future<String> get() {
    if (issuer == null) return Future.succeededFuture();
    boolean good = token != null && !token.failed() && (!token.isComplete() || System.nanoTime() - until < 0);
    if (!good) token = asked();
    return token;
  }

  /** It was not taken: the next one who needs one gets another. */
  synchronized void forget(String refused) {
    if (token != null && token.succeeded() && token.result().equals(refused)) token = null;
  }

  private Future<String> asked() {
    return issuer.authenticate(credentials)
        .timeout(patience.toMillis(), TimeUnit.MILLISECONDS)
        .compose(this::taken)
        .recover(cause -> Future.failedFuture(new Unheard(told(cause))));
  }

  private synchronized Future<String> taken(User user) {
    String text = user.principal().getString("access_token");
    if (text == null || !text.matches("[!-~]{1,16384}"))
      return Future.failedFuture(new Unheard("the token endpoint answers without an access token"));
    Long ends = user.attributes().getLong("exp");
    long seconds = ends == null ? USUAL_SECONDS : ends - System.currentTimeMillis() / 1_000;
    until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds - Math.min(EARLY_SECONDS, seconds / 5));
    return Future.succeededFuture(text);
  }

  /** Never what the endpoint said. */
  private static String told(Throwable cause) {
    if (cause instanceof Unheard) return cause.getMessage();
    if (cause instanceof TimeoutException) return "the token endpoint does not answer in time";
    if (cause instanceof UnknownHostException) return "the name of the token endpoint's host is not known";
    if (cause instanceof ConnectException) return "nobody answers at the token endpoint";
    if (cause instanceof SSLException) return "TLS failed at the token endpoint: its certificate is not trusted";
    return "the token endpoint gives no token: see to clientId, secret, scopes and audience";
  }

  void close() {
    if (issuer != null) issuer.close();
  }
}
