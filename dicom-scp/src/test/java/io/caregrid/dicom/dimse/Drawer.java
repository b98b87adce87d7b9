package io.caregrid.dicom.dimse;

import io.caregrid.dicom.archive.Incoming;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

/** An archive without a disk: keeps in memory whatever comes, and answers what the test wants. Looks at no data set. */
final class Drawer implements Supplier<Incoming> {
  /** SOP Instance UID → file as it came. */
  final Map<String, byte[]> files = new ConcurrentHashMap<>();
  final AtomicInteger abandoned = new AtomicInteger();
  /** What becomes of an instance; default: kept at once. */
  volatile Function<Incoming.Expected, Future<Incoming.Receipt>> answer = Drawer::kept;

  static Future<Incoming.Receipt> kept(Incoming.Expected expected) {
    InstanceKey key = new InstanceKey("1.2.3", "1.2.3.4", expected.sopInstance());
    return Future.succeededFuture(new Incoming.Receipt(Incoming.Outcome.STORED, key, expected.sopClass(), "P-7"));
  }

  /** The data set as it came, without the file meta information. */
  byte[] dataSet(String sopInstance) {
    byte[] file = files.get(sopInstance);
    return Arrays.copyOfRange(file, (int) part10(sopInstance).body(), file.length);
  }

  Part10 part10(String sopInstance) {
    return Part10.read(Source.of(ByteBuffer.wrap(files.get(sopInstance))));
  }

  @Override
  public Incoming get() {
    return new Incoming() {
      private final ByteArrayOutputStream came = new ByteArrayOutputStream();

      @Override
      public boolean write(ByteBuf bytes) {
        byte[] piece = new byte[bytes.readableBytes()];
        bytes.readBytes(piece).release();
        came.writeBytes(piece);
        return true;
      }

      @Override
      public Future<Void> drained() {
        return Future.succeededFuture();
      }

      @Override
      public Future<Receipt> finish(Expected expected) {
        return answer.apply(expected).onSuccess(kept -> files.put(expected.sopInstance(), came.toByteArray()));
      }

      @Override
      public void abandon() {
        abandoned.incrementAndGet();
      }
    };
  }
}
