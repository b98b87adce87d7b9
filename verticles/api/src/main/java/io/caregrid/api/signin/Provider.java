package io.caregrid.api.signin;

import io.caregrid.cluster.IssuerConfig;
import io.caregrid.cluster.SignInConfig;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.ext.auth.User;
import io.vertx.ext.auth.oauth2.OAuth2Auth;
import io.vertx.ext.auth.oauth2.OAuth2AuthorizationURL;
import io.vertx.ext.auth.oauth2.OAuth2FlowType;
import io.vertx.ext.auth.oauth2.OAuth2Options;
import io.vertx.ext.auth.oauth2.Oauth2Credentials;
import io.vertx.ext.auth.oauth2.providers.OpenIDConnectAuth;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The issuer, as the one that signs people in. It is asked what its addresses are when the first browser comes, and again when that failed. Any thread.
 *
 * <p>Fails with {@link Failure.Busy} when it cannot be asked, {@link Failure.Unauthenticated} when it refuses.
 */
final class Provider {
  private static final int PATIENCE_SECONDS = 5;
  /** Of a renewal, which is not to be given up while its answer may come: it would bring the only good refresh token. */
  private static final int RENEWAL_SECONDS = 11;
  private static final int CONNECT_MILLIS = 3_000;
  /** An issuer that could not be asked what its addresses are is left alone so long, whoever comes. */
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long BETWEEN_DROPS_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final Logger log = LoggerFactory.getLogger(Provider.class);
  /** RFC 6749 section 5.2; whatever else an issuer writes may hold anything. */
  private static final Pattern ERROR = Pattern.compile("[a-z_]{1,40}");
  private static final Failure AWAY = new Failure.Busy("the issuer that signs people in does not answer; try again");
  private final Vertx vertx;
  private final IssuerConfig issuer;
  private final SignInConfig config;
  private Future<OAuth2Auth> discovered;
  private long asked;
  private boolean hasDropped;
  private long droppedAt;

  Provider(Vertx vertx, IssuerConfig issuer, SignInConfig config) {
    this.vertx = vertx;
    this.issuer = issuer;
    this.config = config;
  }

  /** @param access token, @param refresh token, null when there is none, @param identity {@code id_token}, null when there is none */
  record Tokens(String access, String refresh, String identity) {
    private static Tokens of(User user) {
      JsonObject principal = user.principal();
      String access = principal.getString("access_token");
      if (access == null) throw new Failure.Unauthenticated("the issuer gave no access token");
      return new Tokens(access, principal.getString("refresh_token"), principal.getString("id_token"));
    }
  }

  private synchronized Future<OAuth2Auth> there() {
    if (discovered == null || discovered.failed() && System.nanoTime() - asked > PAUSE_NANOS) {
      asked = System.nanoTime();
      discovered = OpenIDConnectAuth.discover(vertx, options())
          .timeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
          .recover(cause -> Future.failedFuture(AWAY));
    }
    return discovered;
  }

  private OAuth2Options options() {
    HttpClientOptions http = new HttpClientOptions().setConnectTimeout(CONNECT_MILLIS)
        .setIdleTimeout(PATIENCE_SECONDS)
        .setVerifyHost(true);
    if (issuer.trust() != null)
      http.setTrustOptions(new PemTrustOptions().addCertPath(issuer.trust().toAbsolutePath().toString()));
    return new OAuth2Options().setSite(issuer.url())
        .setClientId(config.clientId())
        .setClientSecret(config.clientSecret().isEmpty() ? null : config.clientSecret())
        .setHttpClientOptions(http);
  }

  /** Where the browser is sent. @param back where it is to come back with a code */
  Future<String> authorization(Attempt attempt, String back) {
    return asked(there().map(issuer -> issuer.authorizeURL(new OAuth2AuthorizationURL().setScopes(config.scopes())
        .setState(attempt.state())
        .putAdditionalParameter("redirect_uri", back)
        .putAdditionalParameter("code_challenge", attempt.challenge())
        .putAdditionalParameter("code_challenge_method", "S256"))));
  }

  Future<Tokens> exchanged(String code, Attempt attempt, String back) {
    Oauth2Credentials credentials = new Oauth2Credentials().setFlow(OAuth2FlowType.AUTH_CODE)
        .setCode(code)
        .setRedirectUri(back)
        .setCodeVerifier(attempt.verifier());
    return asked(there().compose(issuer -> issuer.authenticate(credentials)).map(Tokens::of));
  }

  /** New ones; the issuer may keep the refresh token as it is. */
  Future<Tokens> refreshed(Tokens before) {
    User user = User.create(new JsonObject().put("refresh_token", before.refresh()));
    return asked(there().compose(issuer -> issuer.refresh(user)).map(Tokens::of), RENEWAL_SECONDS)
        .map(now -> new Tokens(now.access(), now.refresh() == null ? before.refresh() : now.refresh(),
            now.identity() == null ? before.identity() : now.identity()));
  }

  /** Where the browser goes to end the issuer's own session (OpenID Connect RP-Initiated Logout 1.0); null when there is no such place. */
  Future<String> farewell(String identity, String back) {
    JsonObject params = new JsonObject().put("client_id", config.clientId()).put("post_logout_redirect_uri", back);
    JsonObject principal = new JsonObject();
    if (identity != null) principal.put("id_token", identity);
    return asked(there().map(issuer -> issuer.endSessionURL(User.create(principal), params)));
  }

  private <T> Future<T> asked(Future<T> answer) {
    return asked(answer, PATIENCE_SECONDS);
  }

  private <T> Future<T> asked(Future<T> answer, int patience) {
    Future<OAuth2Auth> by = there();
    return answer.timeout(patience, TimeUnit.SECONDS).onFailure(cause -> {
      if (cause instanceof TimeoutException) dropped(by);
    }).recover(cause -> Future.failedFuture(told(cause)));
  }

  /**
   * An answer that was not over in time is listened to until the issuer ends it, and holds one of the five connections of its client: the next one is asked for by another
   * client. Once a minute at most, so that an issuer that goes on like this holds no more than five more a minute.
   */
  private synchronized void dropped(Future<OAuth2Auth> late) {
    boolean again = hasDropped && System.nanoTime() - droppedAt < BETWEEN_DROPS_NANOS;
    if (discovered != late || again) return;
    hasDropped = true;
    droppedAt = System.nanoTime();
    discovered = null;
  }

  /** Only {@code invalid_grant} speaks of whoever signs in (RFC 6749 section 5.2); all else is between the issuer and us, and may be over soon. */
  private static Throwable told(Throwable cause) {
    if (cause instanceof Failure) return cause;
    String error = String.valueOf(cause.getMessage());
    if (error.startsWith("invalid_grant")) return new Failure.Unauthenticated("the issuer refused: sign in again");
    log.warn("the issuer that signs people in cannot be asked cause={} error={}", cause.getClass().getSimpleName(),
        ERROR.matcher(error).matches() ? error : "");
    return AWAY;
  }
}
