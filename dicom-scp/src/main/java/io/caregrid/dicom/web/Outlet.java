package io.caregrid.dicom.web;

import io.caregrid.contract.Departed;
import io.caregrid.dicom.InTurn;
import io.caregrid.dicom.data.Source;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;

/**
 * The way out of one answer: whatever its size, a few pieces of it are in memory, and no thread waits for the client. On the request's context.
 *
 * <p>A write fails with {@link Departed} when the client has gone, and with it everything behind it.
 */
final class Outlet {
  /** Read from the disk at a time; two of them are on their way to the client. */
  private static final int PIECE = 128 << 10;

  private final Vertx vertx;
  private final HttpServerResponse response;
  private Future<Void> last = Future.succeededFuture();

  Outlet(Vertx vertx, HttpServerResponse response) {
    this.vertx = vertx;
    this.response = response;
  }

  /**
   * Completes when the next may be written: when what came before this one has gone out. Vert.x's own idea of a full queue begins at 16 pieces of any size.
   */
  Future<Void> write(Buffer bytes) {
    if (response.closed()) return Future.failedFuture(new Departed());
    Future<Void> before = last;
    last = response.write(bytes).recover(broken -> Future.failedFuture(new Departed()));
    return before;
  }

  Future<Void> copy(Source source, long from, long length) {
    return pieces(from, length, (at, count) -> vertx.executeBlocking(read(source, at, count), false));
  }

  /** All of it, which is closed then. */
  Future<Void> send(Spool made) {
    return pieces(0, made.size(),
        (at, count) -> made.isInMemory()
            ? now(read(made, at, count))
            : vertx.executeBlocking(read(made, at, count), false))
        .onComplete(sent -> made.close());
  }

  private interface Reads {
    Future<Buffer> at(long position, int count);
  }

  private Future<Void> pieces(long from, long length, Reads reads) {
    Iterator<Long> places = LongStream.iterate(from, at -> at < from + length, at -> at + PIECE).iterator();
    return InTurn.each(places,
        at -> reads.at(at, (int) Math.min(PIECE, from + length - at)).compose(this::write));
  }

  private static Callable<Buffer> read(Source source, long from, int length) {
    return () -> {
      byte[] bytes = new byte[length];
      source.read(from, ByteBuffer.wrap(bytes));
      return Buffer.buffer(bytes);
    };
  }

  private static Future<Buffer> now(Callable<Buffer> read) {
    try {
      return Future.succeededFuture(read.call());
    } catch (Exception failed) {
      return Future.failedFuture(failed);
    }
  }
}
