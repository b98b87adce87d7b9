package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.cluster.TargetConfig;
import io.caregrid.contract.WholeAnswer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * What lets this house in at another server: an access token by client credentials (RFC 6749 4.4), the client named by HTTP Basic, asked for once for all who need it,
 * kept until a little before it ends, and asked for anew when the server does not take it. Any thread.
 *
 * <p>Of an answer 64 kB are read, until {@code patience} is over; whoever goes on is hung up on. Redirects are not followed: the secret goes to nobody else.
 */
final class RemoteToken {
  private static final int MOST = 64 << 10;
  /** Of a token that does not say how long it is good. */
  private static final long USUAL_SECONDS = 300;
  private static final long LONGEST_SECONDS = 86_400;
  /** It ends that much earlier for us: a fifth of its time, a minute at most. */
  private static final long EARLY_SECONDS = 60;
  private final Vertx vertx;
  /** Null: the server asks for no token. */
  private final HttpClientAgent client;
  private final RequestOptions to;
  private final Buffer form;
  private final Duration patience;
  private Future<String> token;
  /** By System.nanoTime. */
  private long until;

  /** @param patience longest that an answer of the token endpoint is waited for */
  RemoteToken(Vertx vertx, TargetConfig target, Duration patience) {
    this.vertx = vertx;
    this.patience = patience;
    boolean asks = !target.tokenEndpoint().isEmpty();
    this.client = asks ? vertx.createHttpClient(options(target, patience)) : null;
    this.to = asks ? to(target) : null;
    this.form = form(target);
  }

  private static HttpClientOptions options(TargetConfig target, Duration patience) {
    HttpClientOptions http = new HttpClientOptions().setConnectTimeout((int) patience.toMillis())
        .setIdleTimeout(60)
        .setDecompressionSupported(false)
        .setName("tell-token");
    if (target.ca() != null) http.setTrustOptions(new PemTrustOptions().addCertPath(target.ca().toString()));
    return http;
  }

  private static RequestOptions to(TargetConfig target) {
    byte[] who = (target.clientId() + ":" + target.secret()).getBytes(StandardCharsets.UTF_8);
    return new RequestOptions().setMethod(HttpMethod.POST)
        .setAbsoluteURI(target.tokenEndpoint())
        .setFollowRedirects(false)
        .putHeader(HttpHeaders.AUTHORIZATION, "Basic " + Base64.getEncoder().encodeToString(who))
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/x-www-form-urlencoded")
        .putHeader(HttpHeaders.ACCEPT, "application/json")
        .putHeader(HttpHeaders.USER_AGENT, "caregrid");
  }

  private static Buffer form(TargetConfig target) {
    return Buffer.buffer("grant_type=client_credentials" + parameter("scope", String.join(" ", target.scopes()))
        + parameter("resource", target.audience()));
  }

  private static String parameter(String name, String value) {
    return value.isEmpty() ? "" : "&" + name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  /** Null: the server asks for none. Fails with {@link Unheard}. */
  synchronized Future<String> get() {
    if (client == null) return Future.succeededFuture();
    boolean good = token != null && !token.failed() && (!token.isComplete() || System.nanoTime() - until < 0);
    if (!good) token = asked();
    return token;
  }

  /** It was not taken: the next one who needs one gets another. */
  synchronized void forget(String refused) {
    if (token != null && token.succeeded() && token.result().equals(refused)) token = null;
  }

  private Future<String> asked() {
    long end = System.nanoTime() + patience.toNanos();
    Future<HttpClientRequest> connected = client.request(new RequestOptions(to));
    return connected.timeout(patience.toMillis(), TimeUnit.MILLISECONDS)
        .onFailure(late -> connected.onSuccess(HttpClientRequest::reset))
        .compose(request -> WholeAnswer.of(vertx, request, form.copy(), MOST, end))
        .compose(this::taken)
        .recover(cause -> Future.failedFuture(new Unheard(told(cause))));
  }

  private synchronized Future<String> taken(Buffer answer) {
    JsonNode said = read(answer);
    String text = said.path("access_token").asText("");
    if (!text.matches("[!-~]{1,16384}"))
      return Future.failedFuture(new Unheard("the token endpoint answers without an access token"));
    long ends = said.path("expires_in").asLong();
    long seconds = ends > 0 ? Math.min(ends, LONGEST_SECONDS) : USUAL_SECONDS;
    until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds - Math.min(EARLY_SECONDS, seconds / 5));
    return Future.succeededFuture(text);
  }

  /** An empty object when it is no JSON. */
  private static JsonNode read(Buffer answer) {
    try {
      return Trees.read(answer);
    } catch (UncheckedIOException other) {
      return Trees.object();
    }
  }

  /** Never what the endpoint said. */
  private static String told(Throwable cause) {
    if (cause instanceof Unheard) return cause.getMessage();
    if (cause instanceof WholeAnswer.Unusable answer && answer.isTooLong)
      return "the token endpoint answers more than " + MOST + " bytes: gives it tokens?";
    if (cause instanceof TimeoutException) return "the token endpoint does not answer in time";
    if (cause instanceof UnknownHostException) return "the name of the token endpoint's host is not known";
    if (cause instanceof ConnectException) return "nobody answers at the token endpoint";
    if (cause instanceof SSLException) return "TLS failed at the token endpoint: its certificate is not trusted";
    return "the token endpoint gives no token: see to clientId, secret, scopes and audience";
  }

  void close() {
    if (client != null) client.close();
  }
}
