package io.caregrid.api.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.cluster.IssuerConfig;
import io.caregrid.contract.WholeAnswer;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Asks one issuer for its keys (OpenID Connect Discovery 1.0 section 4). Fails within {@link #PATIENCE}, with a sentence for the log, and hangs up on whoever goes on then. */
final class Discovery {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int CONNECT_MILLIS = 3_000;
  private static final int MOST_BYTES = 512 << 10;
  private static final ObjectMapper JSON = new ObjectMapper();
  private final IssuerConfig issuer;
  private final Vertx vertx;
  private final Context context;
  private final HttpClient client;
  private final Duration patience;
  private volatile JsonNode metadata;

  Discovery(Vertx vertx, IssuerConfig issuer) {
    this(vertx, issuer, PATIENCE);
  }

  /** @param patience for all of its answers together */
  Discovery(Vertx vertx, IssuerConfig issuer, Duration patience) {
    this.vertx = vertx;
    this.patience = patience;
    this.issuer = issuer;
    this.context = vertx.getOrCreateContext();
    HttpClientOptions options = new HttpClientOptions().setConnectTimeout(CONNECT_MILLIS)
        .setIdleTimeout((int) PATIENCE.toSeconds())
        .setVerifyHost(true);
    if (issuer.trust() != null)
      options.setTrustOptions(new PemTrustOptions().addCertPath(issuer.trust().toAbsolutePath().toString()));
    client = vertx.createHttpClient(options);
  }

  String url() {
    return issuer.url();
  }

  /** What the issuer has said of itself last; null when it has not answered yet. */
  JsonNode metadata() {
    return metadata;
  }

  /** Any thread. It works on one context: on another thread an answer may be over before anybody listens to it. */
  Future<KeySet> keys() {
    Promise<KeySet> keys = Promise.promise();
    long end = System.nanoTime() + patience.toNanos();
    context.runOnContext(now -> asked(end).onComplete(keys));
    return keys.future().timeout(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  private Future<KeySet> asked(long end) {
    String url = issuer.url().replaceAll("/+$", "") + "/.well-known/openid-configuration";
    return json(url, end).compose(found -> {
      String keys = keysAddress(found);
      metadata = found;
      return json(keys, end);
    }).map(KeySet::of).map(Discovery::notEmpty);
  }

  private String keysAddress(JsonNode metadata) {
    if (!metadata.path("issuer").asText().equals(issuer.url()))
      throw new IllegalStateException("its discovery document is of another issuer than security.issuers names");
    String address = metadata.path("jwks_uri").asText();
    boolean asSafe = address.startsWith("https://") || !issuer.url().startsWith("https://")
        && address.startsWith("http://");
    if (!asSafe) throw new IllegalStateException("its discovery document has no jwks_uri that is https");
    return address;
  }

  private static KeySet notEmpty(KeySet keys) {
    if (keys.keys().isEmpty()) throw new IllegalStateException("it publishes no key that can be used");
    return keys;
  }

  private Future<JsonNode> json(String address, long end) {
    URI there;
    try {
      there = URI.create(address);
    } catch (IllegalArgumentException unusable) {
      return Future.failedFuture(new IllegalStateException("its jwks_uri is no address"));
    }
    return client
        .request(new RequestOptions().setMethod(HttpMethod.GET)
            .setAbsoluteURI(there.toString())
            .putHeader("Accept", "application/json, application/jwk-set+json"))
        .compose(request -> WholeAnswer.of(vertx, request, null, MOST_BYTES, end))
        .map(Discovery::parsed);
  }

  private static JsonNode parsed(Buffer body) {
    try {
      return JSON.readTree(body.getBytes());
    } catch (IOException unreadable) {
      throw new IllegalStateException("its answer is no JSON");
    }
  }

  Future<Void> close() {
    return client.close();
  }
}
