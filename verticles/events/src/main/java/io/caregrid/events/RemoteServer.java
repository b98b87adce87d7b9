package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.caregrid.cluster.TargetConfig;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Another FHIR server (R4, REST, JSON), asked one thing at a time within a time that ends. Redirects are not followed, and a token that is not taken is replaced
 * once. An answer is read up to 16 MB, and of those that are held together ({@link #letGo}) up to 32 MB. Any thread.
 */
final class RemoteServer {
  private static final int MOST = 16 << 20;
  /** So that one alone always has room. */
  private static final int MOST_HELD = 2 * MOST;
  /** What is longer is read off the event loop. */
  private static final int LONG = 100_000;
  private static final int CONNECTIONS = 8;
  private static final int CONNECT_MILLIS = 5_000;
  private static final String FHIR = "application/fhir+json";
  private static final Pattern VERSION = Pattern.compile("W/\"([A-Za-z0-9\\-.]{1,64})\"");

  /** @param path under the base address, empty: itself; @param form a body of application/x-www-form-urlencoded, else FHIR; @param body null: none */
  record Ask(HttpMethod method, String path, Map<String, String> headers, Buffer body, boolean form) {
    static Ask read(String path) {
      return new Ask(HttpMethod.GET, path, Map.of(), null, false);
    }

    /** By POST, since addresses stand in the logs of what is in between (FHIR R4 http.html#search). */
    static Ask search(String type, String system, String value) {
      String token = system == null || system.isEmpty() ? escaped(value) : escaped(system) + "|" + escaped(value);
      return new Ask(HttpMethod.POST, type + "/_search", Map.of(),
          Buffer.buffer("identifier=" + URLEncoder.encode(token, StandardCharsets.UTF_8)), true);
    }

    /** Of the others status and version say all. */
    boolean asksForContent() {
      return method == HttpMethod.GET || method == HttpMethod.POST;
    }

    /** What it is called where it is counted. */
    String kind() {
      if (method == HttpMethod.POST) return form ? "search" : "batch";
      return method == HttpMethod.GET ? "read" : method.name().toLowerCase(Locale.ROOT);
    }

    static Ask put(String path, Map<String, String> headers, Buffer body) {
      return new Ask(HttpMethod.PUT, path, headers, body, false);
    }

    /** FHIR R4 search.html#escaping. */
    private static String escaped(String value) {
      return value.replace("\\", "\\\\").replace("|", "\\|").replace(",", "\\,").replace("$", "\\$");
    }
  }

  /** @param version of the resource that was read or written, null when it is not said; @param body missing when it is no JSON, or of a PUT or DELETE */
  record Reply(int status, Duration retryAfter, String version, JsonNode body) {
    boolean isGood() {
      return status >= 200 && status < 300;
    }

    boolean isNone() {
      return status == 404 || status == 410;
    }
  }

  private final Vertx vertx;
  private final HttpClientAgent client;
  private final String base;
  private final RemoteToken token;
  private final Counted counted;
  private final Clock clock;
  /** Bytes of answers. */
  private final AtomicLong held = new AtomicLong();

  /** Told of each request, however it ended. */
  @FunctionalInterface
  interface Counted {
    /** @param status of HTTP; 0: no answer */
    void asked(String kind, int status, long nanos);
  }

  /** There is no room for all of these answers at once; alone, each has it. */
  static final class TooMuch extends RuntimeException {
    private static final long serialVersionUID = 1;

    private TooMuch() {
      super("what is there is too much to be read at once", null, false, false);
    }
  }

  RemoteServer(Vertx vertx, TargetConfig target, Counted counted, Duration patience, Clock clock) {
    HttpClientOptions options = new HttpClientOptions().setConnectTimeout(CONNECT_MILLIS)
        .setIdleTimeout(60)
        .setDecompressionSupported(false)
        .setName("tell-fhir");
    if (target.ca() != null) options.setTrustOptions(new PemTrustOptions().addCertPath(target.ca().toString()));
    this.vertx = vertx;
    this.client = vertx.createHttpClient(options, new PoolOptions().setHttp1MaxSize(CONNECTIONS));
    this.base = target.url().replaceAll("/+$", "");
    this.token = new RemoteToken(vertx, target, patience);
    this.counted = counted;
    this.clock = clock;
  }

  /** What was answered is needed no longer. */
  void letGo() {
    held.set(0);
  }

  /** @param end by System.nanoTime. Fails with {@link Unheard} or {@link TooMuch} */
  Future<Reply> ask(Ask ask, long end) {
    return bearer(end).compose(bearer -> once(ask, bearer, end).compose(reply -> {
      if (reply.status() != 401 || bearer == null) return Future.succeededFuture(reply);
      token.forget(bearer);
      return bearer(end).compose(fresh -> once(ask, fresh, end));
    }))
        .recover(cause -> Future.failedFuture(cause instanceof Unheard || cause instanceof TooMuch
            ? cause
            : new Unheard(HttpCourier.told(cause))));
  }

  private Future<String> bearer(long end) {
    return token.get()
        .timeout(left(end), TimeUnit.MILLISECONDS)
        .recover(cause -> Future.failedFuture(cause instanceof TimeoutException
            ? new Unheard("the token endpoint does not answer in time")
            : cause));
  }

  private Future<Reply> once(Ask ask, String bearer, long end) {
    if (System.nanoTime() - end >= 0) return Future.failedFuture(new Unheard("no answer in time"));
    RequestOptions options = new RequestOptions().setMethod(ask.method())
        .setAbsoluteURI(ask.path().isEmpty() ? base : base + "/" + ask.path())
        .setFollowRedirects(false)
        .putHeader(HttpHeaders.ACCEPT, FHIR)
        .putHeader(HttpHeaders.USER_AGENT, "caregrid");
    if (bearer != null) options.putHeader(HttpHeaders.AUTHORIZATION, "Bearer " + bearer);
    if (ask.body() != null)
      options.putHeader(HttpHeaders.CONTENT_TYPE, ask.form() ? "application/x-www-form-urlencoded" : FHIR);
    if (ask.body() != null && !ask.form()) options.putHeader("Prefer", "return=minimal");
    ask.headers().forEach(options::putHeader);
    Future<HttpClientRequest> connected = client.request(options);
    long begun = System.nanoTime();
    return connected.timeout(left(end), TimeUnit.MILLISECONDS)
        .onFailure(late -> connected.onSuccess(HttpClientRequest::reset))
        .compose(request -> sent(request, ask, end))
        .onComplete(done -> counted.asked(ask.kind(), done.succeeded() ? done.result().status() : 0,
            System.nanoTime() - begun));
  }

  private static long left(long end) {
    return Math.max(1, (end - System.nanoTime()) / 1_000_000);
  }

  private Future<Reply> sent(HttpClientRequest request, Ask ask, long end) {
    Promise<Reply> reply = Promise.promise();
    long late = vertx.setTimer(left(end), fired -> {
      reply.tryFail(new Unheard("no answer in time"));
      request.connection().close();
    });
    reply.future().onComplete(done -> vertx.cancelTimer(late));
    request.exceptionHandler(reply::tryFail);
    Future<HttpClientResponse> answered = ask.body() == null ? request.send() : request.send(ask.body());
    answered.onSuccess(response -> heard(request, response, ask.asksForContent(), reply)).onFailure(reply::tryFail);
    return reply.future();
  }

  /** On the connection's context, before anything of the body has come. @param isContent what is answered counts; else it is let go as it comes */
  private void heard(HttpClientRequest request, HttpClientResponse response, boolean isContent, Promise<Reply> reply) {
    Buffer all = Buffer.buffer();
    response.exceptionHandler(reply::tryFail);
    response.handler(chunk -> {
      if (!isContent) return;
      boolean isLong = all.length() + chunk.length() > MOST;
      if (!isLong && held.addAndGet(chunk.length()) <= MOST_HELD) {
        all.appendBuffer(chunk);
        return;
      }
      reply.tryFail(isLong ? new Unheard("its answer is longer than " + MOST + " bytes") : new TooMuch());
      request.connection().close();
    });
    response.endHandler(end -> {
      Future<JsonNode> body = all.length() > LONG
          ? vertx.executeBlocking(() -> body(all), false)
          : Future.succeededFuture(body(all));
      body.map(tree -> new Reply(response.statusCode(),
          HttpCourier.retryAfter(response.getHeader(HttpHeaders.RETRY_AFTER), clock.instant()),
          version(response.getHeader(HttpHeaders.ETAG)), tree)).onSuccess(reply::tryComplete).onFailure(reply::tryFail);
    });
  }

  private static JsonNode body(Buffer all) {
    try {
      return all.length() == 0 ? MissingNode.getInstance() : Trees.read(all);
    } catch (UncheckedIOException other) {
      return MissingNode.getInstance();
    }
  }

  /** FHIR R4 http.html#versioning. Null when it is none. */
  static String version(String etag) {
    Matcher weak = VERSION.matcher(etag == null ? "" : etag.strip());
    return weak.matches() ? weak.group(1) : null;
  }

  /** Precondition of a write, FHIR R4 http.html#concurrency and #cond-update. @param version null: it must not be there yet */
  static Map<String, String> unless(String version) {
    Map<String, String> headers = new HashMap<>();
    if (version == null) headers.put("If-None-Match", "*");
    else headers.put("If-Match", "W/\"" + version + "\"");
    return headers;
  }

  Future<Void> close() {
    token.close();
    return client.close();
  }
}
