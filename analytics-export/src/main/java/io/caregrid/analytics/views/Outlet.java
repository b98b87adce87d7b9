package io.caregrid.analytics.views;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/**
 * A worker thread's way into an HTTP answer: waits while the client does not read, so at most two of its parts are in memory. The answer's head leaves with
 * the first part, so what fails before that can still be an OperationOutcome.
 */
final class Outlet extends OutputStream {
  private static final int PART_BYTES = 64 << 10;
  private final Context context;
  private final HttpServerResponse response;
  private volatile String type;
  private Buffer part = Buffer.buffer(PART_BYTES);
  /** Completed when the client is gone. */
  private final CompletableFuture<Void> gone = new CompletableFuture<>();

  /** The client does not want the rest. */
  static final class HungUp extends IOException {
    private static final long serialVersionUID = 1;

    HungUp() {
      super("the client is gone");
    }
  }

  /** On the event loop. */
  Outlet(Context context, HttpServerResponse response) {
    this.context = context;
    this.response = response;
    response.closeHandler(closed -> gone.complete(null));
    response.exceptionHandler(broken -> gone.complete(null));
  }

  @Override
  public void write(int one) throws IOException {
    part.appendByte((byte) one);
    if (part.length() >= PART_BYTES) send();
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    part.appendBytes(bytes, from, count);
    if (part.length() >= PART_BYTES) send();
  }

  /** Content-Type of the answer; before anything is written. */
  void type(String type) {
    this.type = type;
  }

  boolean isGone() {
    return gone.isDone();
  }

  /** The rest. */
  void end() throws IOException {
    Buffer last = part;
    hand(done -> {
      head();
      response.end(last).onComplete(ended -> done.complete(null));
    });
  }

  private void send() throws IOException {
    Buffer full = part;
    part = Buffer.buffer(PART_BYTES);
    hand(done -> {
      head();
      response.write(full);
      if (response.writeQueueFull()) response.drainHandler(drained -> done.complete(null));
      else done.complete(null);
    });
  }

  private void head() {
    if (response.headWritten()) return;
    response.setChunked(true)
        .putHeader(HttpHeaders.CONTENT_TYPE, type)
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
  }

  /** Has it done on the event loop, and waits until it says that it is done or the client is gone. */
  private void hand(Consumer<CompletableFuture<Void>> work) throws IOException {
    CompletableFuture<Void> done = new CompletableFuture<>();
    context.runOnContext(loop -> {
      if (!gone.isDone() && !response.closed()) work.accept(done);
      else gone.complete(null);
    });
    try {
      CompletableFuture.anyOf(done, gone).get();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new HungUp();
    } catch (ExecutionException impossible) {
      throw new IOException(impossible);
    }
    if (!done.isDone()) throw new HungUp();
  }
}
