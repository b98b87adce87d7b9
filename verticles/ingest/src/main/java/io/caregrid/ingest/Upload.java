package io.caregrid.ingest;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/**
 * One request's body while it arrives: counted as it comes, never more of it in memory than allowed. On the request's context.
 *
 * <p>A body that is refused half way is answered at once, and what still comes is thrown away ({@link io.caregrid.contract.Lingering}).
 */
public final class Upload {
  private final HttpServerRequest request;
  private final int maxBytes;
  private final Budget budget;
  private final String setting;
  private final Promise<Buffer> complete = Promise.promise();
  private Buffer body = Buffer.buffer();
  private long taken;

  Upload(HttpServerRequest request, int maxBytes, Budget budget) {
    this(request, maxBytes, budget, "ingest.maxBodyBytes");
  }

  /** @param setting that {@code maxBytes} comes from */
  public Upload(HttpServerRequest request, int maxBytes, Budget budget, String setting) {
    this.setting = setting;
    this.request = request;
    this.maxBytes = maxBytes;
    this.budget = budget;
  }

  /** @return fails with {@link Failure.TooLarge} beyond {@code maxBytes}, with {@link Failure.Busy} when the node's budget is spent */
  public Future<Buffer> read() {
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
  public void release() {
    budget.giveBack(taken);
    taken = 0;
    body = null;
  }

  private Failure tooLarge() {
    return new Failure.TooLarge(
        "the body is larger than " + setting + ", " + maxBytes + ": send several smaller ones");
  }

  static Failure busy() {
    return new Failure.Busy("more bodies are being read than ingest.bufferBytes allows. " + Handover.AGAIN);
  }
}
