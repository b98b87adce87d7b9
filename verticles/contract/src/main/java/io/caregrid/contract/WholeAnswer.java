package io.caregrid.contract;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import java.util.concurrent.TimeoutException;

/** How another server is asked for something small: its answer is read whole, in time, and no more of it than it may have; whoever goes on is hung up on. */
public final class WholeAnswer {
  private WholeAnswer() {}

  /** There is one, and it is not to be used. The message says why, in words of the house only. */
  public static final class Unusable extends IllegalStateException {
    private static final long serialVersionUID = 1;
    public final boolean isTooLong;

    private Unusable(String why, boolean isTooLong) {
      super(why);
      this.isTooLong = isTooLong;
    }
  }

  /**
   * The body of a 200. On the request's own context.
   *
   * @param body     to send; null for none
   * @param maxBytes of the answer's body
   * @param end      when it must be over, by {@link System#nanoTime()}
   * @return fails with {@link Unusable} when it has another status or is longer, with TimeoutException, or as the connection does
   */
  public static Future<Buffer> of(Vertx vertx, HttpClientRequest request, Buffer body, int maxBytes, long end) {
    Promise<Buffer> whole = Promise.promise();
    long left = Math.max(1, (end - System.nanoTime()) / 1_000_000);
    long late = vertx.setTimer(left, fired -> whole.tryFail(new TimeoutException("its answer is not over in time")));
    whole.future()
        .onComplete(done -> vertx.cancelTimer(late))
        .onFailure(cause -> request.connection().close());
    request.exceptionHandler(whole::tryFail);
    Future<HttpClientResponse> answered = body == null ? request.send() : request.send(body);
    answered.onSuccess(response -> heard(response, maxBytes, whole)).onFailure(whole::tryFail);
    return whole.future();
  }

  /** Before anything of the body has come. */
  private static void heard(HttpClientResponse response, int maxBytes, Promise<Buffer> whole) {
    Buffer all = Buffer.buffer();
    response.exceptionHandler(whole::tryFail);
    response.handler(part -> {
      if (all.length() + part.length() <= maxBytes) all.appendBuffer(part);
      else whole.tryFail(new Unusable("its answer is larger than " + maxBytes + " bytes", true));
    });
    response.endHandler(over -> whole.tryComplete(all));
    if (response.statusCode() != 200)
      whole.tryFail(new Unusable("it answers with status " + response.statusCode(), false));
  }
}
