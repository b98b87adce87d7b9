package io.caregrid.dicom.web;

import io.caregrid.dicom.data.Source;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * The way out of one answer: whatever its size, a few pieces of it are in memory. On the request's context, but for {@link #piped}.
 *
 * <p>A write fails when the client has gone, and with it everything behind it.
 */
final class Outlet {
  /** Read from the disk at a time; two of them are on their way to the client. */
  private static final int PIECE = 128 << 10;
  /** Made on a worker and not yet with the client, per answer: a slice of 512 x 512 pixels does not wait for it. */
  private static final int AHEAD = 1 << 20;
  private static final int PIPED_PIECE = 128 << 10;
  private static final int PATIENCE_SECONDS = 30;

  private final Vertx vertx;
  private final WorkerExecutor pipes;
  private final HttpServerResponse response;
  private Future<Void> last = Future.succeededFuture();

  /** @param pipes for what writes itself, and waits for the client */
  Outlet(Vertx vertx, WorkerExecutor pipes, HttpServerResponse response) {
    this.vertx = vertx;
    this.pipes = pipes;
    this.response = response;
  }

  /**
   * Completes when the next may be written: when what came before this one has gone out. Vert.x's own idea of a full queue begins at 16 pieces of any size.
   */
  Future<Void> write(Buffer bytes) {
    if (response.closed()) return Future.failedFuture(new IOException("the client has gone"));
    Future<Void> before = last;
    last = response.write(bytes);
    return before;
  }

  Future<Void> copy(Source source, long from, long length) {
    Iterator<Long> pieces = LongStream.iterate(from, at -> at < from + length, at -> at + PIECE)
        .iterator();
    return InTurn.each(pieces, at -> piece(source, at, (int) Math.min(PIECE, from + length - at)));
  }

  private Future<Void> piece(Source source, long from, int length) {
    return vertx.executeBlocking(() -> {
      byte[] bytes = new byte[length];
      source.read(from, ByteBuffer.wrap(bytes));
      return Buffer.buffer(bytes);
    }, false).compose(this::write);
  }

  /** Something that writes itself, blocking, on a worker. */
  interface Writes {
    void to(OutputStream out) throws IOException;
  }

  /** The worker waits while the client is slower, for {@value #PATIENCE_SECONDS} s without any progress at most. */
  Future<Void> piped(Writes what) {
    Pipe pipe = new Pipe(vertx.getOrCreateContext());
    return pipes.executeBlocking(() -> {
      try (pipe) {
        what.to(pipe);
      }
      return null;
    }, false).compose(made -> pipe.handedOver());
  }

  private final class Pipe extends OutputStream {
    private final Context context;
    private final Semaphore room = new Semaphore(AHEAD);
    private volatile boolean gone;
    private byte[] piece = new byte[PIPED_PIECE];
    private int filled;

    Pipe(Context context) {
      this.context = context;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      while (length > 0) {
        int now = Math.min(length, piece.length - filled);
        System.arraycopy(bytes, from, piece, filled, now);
        filled += now;
        from += now;
        length -= now;
        if (filled == piece.length) hand();
      }
    }

    @Override
    public void close() throws IOException {
      if (filled > 0) hand();
    }

    private void hand() throws IOException {
      Buffer full = Buffer.buffer(filled == piece.length ? piece : Arrays.copyOf(piece, filled));
      piece = new byte[PIPED_PIECE];
      filled = 0;
      await(full.length());
      context.runOnContext(now -> send(full));
    }

    /** Completes behind the last piece. */
    Future<Void> handedOver() {
      Promise<Void> behind = Promise.promise();
      context.runOnContext(now -> {
        if (gone) behind.fail(new IOException("the client has gone"));
        else behind.complete();
      });
      return behind.future();
    }

    private void await(int bytes) throws IOException {
      try {
        if (!room.tryAcquire(bytes, PATIENCE_SECONDS, TimeUnit.SECONDS))
          throw new IOException("the client reads too slowly");
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      }
      if (gone) throw new IOException("the client has gone");
    }

    private void send(Buffer full) {
      Future<Void> sent = response.closed() ? Future.failedFuture(new IOException()) : response.write(full);
      sent.onComplete(result -> {
        gone |= result.failed();
        room.release(full.length());
      });
    }
  }
}
