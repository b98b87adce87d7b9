package io.caregrid.ingest;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;

/**
 * One request's body while it arrives: counted as it comes, never more of it in memory than allowed. On the request's context.
 *
 * <p>A body that is refused half way is answered at once, and what still comes is thrown away for {@link #PATIENCE}: closing with bytes unread would
 * reset the connection, and the client would not see its answer.
 */
final class Upload {
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Vertx vertx;
  private final HttpServerRequest request;
  private final int maxBytes;
  private final Budget budget;
  private final Promise<Buffer> complete = Promise.promise();
  private Buffer body = Buffer.buffer();
  private long taken;

  Upload(Vertx vertx, HttpServerRequest request, int maxBytes, Budget budget) {
    this.vertx = vertx;
    this.request = request;
    this.maxBytes = maxBytes;
    this.budget = budget;
  }

  /** @return fails with {@link Failure.TooLarge} beyond {@code maxBytes}, with {@link Failure.Busy} when the node's budget is spent */
  Future<Buffer> read() {
    if (declared() > maxBytes) return Future.failedFuture(tooLarge());
    if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) request.response().writeContinue();
    request
        .exceptionHandler(gone -> complete.tryFail(new Failure.Invalid("the connection broke before the body ended")));
    request.handler(this::take);
    request.endHandler(ended -> complete.tryComplete(body));
    request.resume(); // a handler before this one may have paused it
    return complete.future();
  }

  /** 0 when it is not told. */
  private long declared() {
    String length = request.getHeader("Content-Length");
    try {
      return length == null ? 0 : Long.parseLong(length);
    } catch (NumberFormatException absurd) {
      return Long.MAX_VALUE;
    }
  }

  private void take(Buffer chunk) {
    if (complete.future().isComplete()) return;
    if (body.length() + chunk.length() > maxBytes) refuse(tooLarge());
    else if (!charge(chunk.length())) refuse(busy());
    else body.appendBuffer(chunk);
  }

  private void refuse(Failure why) {
    body = null;
    complete.fail(why);
  }

  /** Takes so many bytes more from the budget, e.g. for what a packed body became. */
  boolean charge(long bytes) {
    if (!budget.take(bytes)) return false;
    taken += bytes;
    return true;
  }

  /** The request is answered: nothing of it is in memory any more. */
  void release() {
    budget.giveBack(taken);
    taken = 0;
    body = null;
  }

  /** Lets the rest of a refused body run out. Call before the answer is sent. */
  static void linger(Vertx vertx, HttpServerRequest request) {
    if (request.isEnded()) return;
    boolean ownConnection = request.version() != HttpVersion.HTTP_2;
    if (ownConnection) request.response().putHeader("Connection", "close");
    request.handler(ignored -> {});
    request.exceptionHandler(gone -> {});
    request.resume();
    long timer = vertx.setTimer(PATIENCE.toMillis(), late -> cutOff(request, ownConnection));
    request.endHandler(ended -> {
      vertx.cancelTimer(timer);
      if (ownConnection) request.connection().close();
    });
  }

  /** In HTTP/2 other requests share the connection, so only this one's stream ends. */
  private static void cutOff(HttpServerRequest request, boolean ownConnection) {
    if (ownConnection) request.connection().close();
    else request.response().reset();
  }

  private Failure tooLarge() {
    return new Failure.TooLarge(
        "the body is larger than ingest.maxBodyBytes, " + maxBytes + ": send several smaller ones");
  }

  static Failure busy() {
    return new Failure.Busy("more bodies are being read than ingest.bufferBytes allows. " + Handover.AGAIN);
  }
}
