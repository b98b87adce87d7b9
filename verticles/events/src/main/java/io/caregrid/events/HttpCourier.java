package io.caregrid.events;

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
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/**
 * By POST to the one address that the configuration names. Redirects are not followed. From connecting to the end of the answer {@code patience} may pass; of its body a kilobyte is read at
 * most, and none of it is kept: whatever does not end, or is longer, is hung up on, and counts as far as it was heard.
 */
final class HttpCourier implements Courier {
  static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration MOMENT = Duration.ofSeconds(1);
  private static final int READ = 1_024;
  private static final int CONNECT_MILLIS = 5_000;
  /** Bytes of resources in one sending: a megabyte takes milliseconds to sign. */
  private static final int LARGE = 64 << 10;

  private final Vertx vertx;
  private final HttpClientAgent client;
  private final RequestOptions to;
  private final Form form;
  private final Duration patience;
  private final Clock clock;

  HttpCourier(Vertx vertx, TargetConfig target, Form form, Duration patience, Clock clock) {
    HttpClientOptions options = new HttpClientOptions().setConnectTimeout(CONNECT_MILLIS)
        .setIdleTimeout(60)
        .setName("tell");
    if (target.ca() != null) options.setTrustOptions(new PemTrustOptions().addCertPath(target.ca().toString()));
    this.vertx = vertx;
    this.client = vertx.createHttpClient(options, new PoolOptions().setHttp1MaxSize(form.atOnce() + 1));
    this.to = new RequestOptions().setMethod(HttpMethod.POST)
        .setAbsoluteURI(target.url())
        .setFollowRedirects(false)
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.USER_AGENT, "caregrid");
    this.form = form;
    this.patience = patience;
    this.clock = clock;
  }

  @Override
  public Future<List<Answer>> send(List<Letter> letters) {
    return posted(letters).map(answer -> Collections.nCopies(letters.size(), answer));
  }

  private Future<Answer> posted(List<Letter> letters) {
    long end = System.nanoTime() + patience.toNanos();
    return worded(letters).transform(worded -> {
      if (worded.succeeded())
        return worded.result() == null ? Future.succeededFuture(Answer.TAKEN) : posted(worded.result(), end);
      return Future.succeededFuture(worded.cause() instanceof TimeoutException
          ? Answer.none("it was not put into words in time")
          : new Answer(422, null, "it cannot be put into words (" + worded.cause().getClass().getSimpleName() + ")"));
    });
  }

  /** What is large is written and signed off the event loop. */
  private Future<Form.Message> worded(List<Letter> letters) {
    long bytes = letters.stream().mapToLong(one -> one.resource() == null ? 0 : one.resource().length()).sum();
    if (bytes > LARGE)
      return vertx.executeBlocking(() -> form.of(letters, clock.instant()), false)
          .timeout(patience.toMillis(), TimeUnit.MILLISECONDS);
    try {
      return Future.succeededFuture(form.of(letters, clock.instant()));
    } catch (RuntimeException unsayable) {
      return Future.failedFuture(unsayable);
    }
  }

  private Future<Answer> posted(Form.Message message, long end) {
    RequestOptions options = new RequestOptions(to);
    message.headers().forEach(options::putHeader);
    Future<HttpClientRequest> connected = client.request(options);
    return connected.timeout(Math.max(1, left(end).toMillis()), TimeUnit.MILLISECONDS)
        .onFailure(late -> connected.onSuccess(HttpClientRequest::reset))
        .compose(request -> sent(request, message.body(), end))
        .otherwise(cause -> Answer.none(told(cause)));
  }

  private Future<Answer> sent(HttpClientRequest request, Buffer body, long end) {
    Promise<Answer> answer = Promise.promise();
    long late = hangUpAfter(left(end), request, answer,
        () -> Answer.none("no answer within " + patience.toMillis() / 1000.0 + " s"));
    request.exceptionHandler(broken -> answer.tryFail(broken));
    request.send(body).onComplete(done -> {
      if (done.succeeded()) heard(request, done.result(), answer, late, end);
      else if (answer.tryFail(done.cause())) vertx.cancelTimer(late);
    });
    return answer.future();
  }

  private long hangUpAfter(Duration wait, HttpClientRequest request, Promise<Answer> answer, Supplier<Answer> then) {
    return vertx.setTimer(Math.max(1, wait.toMillis()), fired -> {
      answer.tryComplete(then.get());
      request.connection().close();
    });
  }

  private static Duration left(long end) {
    return Duration.ofNanos(end - System.nanoTime());
  }

  /** On the connection's context, before anything of the body has come. A body nobody reads gets no more than a moment, so that the connection is free again. */
  private void heard(HttpClientRequest request, HttpClientResponse response, Promise<Answer> answer, long unheard,
      long end) {
    Answer said = said(response);
    boolean reads = form.reads() && said.isTaken();
    vertx.cancelTimer(unheard);
    Buffer start = Buffer.buffer();
    long late = hangUpAfter(reads ? left(end) : patience.compareTo(MOMENT) < 0 ? patience : MOMENT, request, answer,
        () -> judged(said, start));
    long[] length = {0};
    response.exceptionHandler(broken -> over(answer, said, start, late));
    response.handler(chunk -> {
      if (reads && start.length() < READ) start.appendBuffer(chunk, 0, Math.min(chunk.length(), READ - start.length()));
      length[0] += chunk.length();
      if (length[0] <= READ) return;
      over(answer, said, start, late);
      request.connection().close();
    });
    response.endHandler(all -> over(answer, said, start, late));
    if (!reads) answer.tryComplete(said);
  }

  private void over(Promise<Answer> answer, Answer said, Buffer start, long late) {
    vertx.cancelTimer(late);
    answer.tryComplete(judged(said, start));
  }

  /** @param start of the body, as far as it has come */
  private Answer judged(Answer said, Buffer start) {
    Answer wrong = said.isTaken() && form.reads() ? form.wrong(start.toString(StandardCharsets.UTF_8)) : null;
    return wrong == null ? said : wrong;
  }

  private Answer said(HttpClientResponse response) {
    int status = response.statusCode();
    if (status >= 200 && status < 300) return new Answer(status, null, null);
    String problem = status >= 300 && status < 400
        ? "HTTP " + status + ": redirects are not followed, tell.targets has to name the address itself"
        : "HTTP " + status;
    return new Answer(status, retryAfter(response.getHeader(HttpHeaders.RETRY_AFTER), clock.instant()), problem);
  }

  /** RFC 9110 10.2.3: seconds or a date. Null when there is none, or it is neither. */
  static Duration retryAfter(String header, Instant now) {
    if (header == null) return null;
    String text = header.strip();
    if (text.matches("\\d{1,9}")) return Duration.ofSeconds(Long.parseLong(text));
    try {
      Duration until = Duration.between(now,
          ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
      return until.isNegative() ? Duration.ZERO : until;
    } catch (DateTimeParseException none) {
      return null;
    }
  }

  /** Without the address, which may be a secret. */
  static String told(Throwable cause) {
    if (cause instanceof TimeoutException) return "no connection in time";
    if (cause instanceof UnknownHostException) return "its host's name is not known";
    if (cause instanceof ConnectException) return "nobody answers at its address";
    if (cause instanceof SSLException) return "TLS failed: its certificate is not trusted, or not for this name";
    return "the connection broke (" + cause.getClass().getSimpleName() + ")";
  }

  @Override
  public int most() {
    return form.most();
  }

  @Override
  public int atOnce() {
    return form.atOnce();
  }

  @Override
  public Duration spacing() {
    return form.spacing();
  }

  @Override
  public Future<Void> close() {
    return client.close();
  }
}
