package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A process with a small heap that stores one huge instance, reads it back, and says {@code STORED} and {@code identical}. */
final class HugeSender {
  private static final int PIECE = 64 * 1024;

  private HugeSender() {}

  /** @param words see {@link StoringNode#java}; the last is how many bytes of pixels */
  public static void main(String[] words) throws IOException, TimeoutException {
    try (Vault vault = new Vault(StoringNode.database(words), Path.of(words[5]), DicomConfig.DEFAULT, 8 << 20)) {
      huge(vault, Long.parseLong(words[6]));
    }
  }

  private static void huge(Vault vault, long pixels) throws IOException, TimeoutException {
    System.out.println(vault.storing(hugeImage(pixels), Expected.ANYTHING).await(5, TimeUnit.MINUTES).outcome().name());
    try (Opened opened = get(vault.archive.open(vault.instances(1).get(0)))) {
      Random random = new Random(1);
      byte[] expected = new byte[PIECE];
      long head = opened.length() - pixels;
      for (long at = 0; at < pixels; at += PIECE) {
        random.nextBytes(expected);
        int count = (int) Math.min(PIECE, pixels - at);
        ByteBuffer found = ByteBuffer.allocate(count);
        opened.source().read(head + at, found);
        if (!found.flip().equals(ByteBuffer.wrap(expected, 0, count))) throw new AssertionError("differs at " + at);
      }
    }
    System.out.println("identical");
  }

  /** A multi-frame whose pixels are never in memory as a whole. */
  private static Iterator<ByteBuf> hugeImage(long pixels) {
    var attributes = Phantom.attributes(1, 1).putNumbers(Tag.NUMBER_OF_FRAMES, pixels / 256);
    byte[] set = DataSetWriter.bytes(attributes, TransferSyntax.EXPLICIT_LE);
    ByteBuffer header = Part10.header(Phantom.CT, Phantom.instance(1, 1), TransferSyntax.EXPLICIT_LE, "TEST");
    ByteBuffer element = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    element.putShort((short) 0x7FE0).putShort((short) 0x10).put((byte) 'O').put((byte) 'B').putShort((short) 0);
    element.putInt((int) pixels).flip();
    Random random = new Random(1);
    return new Iterator<>() {
      private long left = pixels;
      private boolean begun;

      @Override
      public boolean hasNext() {
        return !begun || left > 0;
      }

      @Override
      public ByteBuf next() {
        if (!hasNext()) throw new NoSuchElementException();
        ByteBuf piece = PooledByteBufAllocator.DEFAULT.directBuffer(PIECE);
        if (!begun) {
          begun = true;
          return piece.writeBytes(header).writeBytes(set).writeBytes(element);
        }
        byte[] noise = new byte[PIECE];
        random.nextBytes(noise);
        int count = (int) Math.min(PIECE, left);
        left -= count;
        return piece.writeBytes(noise, 0, count);
      }
    };
  }
}
