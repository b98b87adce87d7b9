package io.caregrid.dicom.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Senders cut an instance as they like (PS3.8 9.3.5): what it costs us must not depend on that. */
class CrumbsTest {
  private static final PooledByteBufAllocator ALLOCATOR = PooledByteBufAllocator.DEFAULT;

  private static ByteBuf copy(byte[] bytes, int at, int count) {
    return ALLOCATOR.directBuffer(count).writeBytes(bytes, at, count);
  }

  private static byte[] noise(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  /** Cuts in turn as long as these. */
  private static Pieces pieces(byte[] bytes, int... lengths) {
    Pieces pieces = new Pieces();
    for (int at = 0, n = 0; at < bytes.length; n++) {
      int count = Math.min(lengths[n % lengths.length], bytes.length - at);
      pieces.add(copy(bytes, at, count));
      at += count;
    }
    return pieces;
  }

  @Test
  void anInstanceInMemoryTakesLittleMoreThanItsBytesHoweverItIsCut() throws IOException {
    byte[] bytes = noise(1_000_000);
    for (int[] cut : new int[][] {{16}, {1, 1024}, {1, 1100, 500}, {1023}, {3, 5_000, 2}}) {
      long before = ALLOCATOR.pinnedDirectMemory();
      Pieces pieces = pieces(bytes, cut);
      long held = ALLOCATOR.pinnedDirectMemory() - before;

      ByteBuffer read = ByteBuffer.allocate(bytes.length);
      pieces.read(0, read);
      assertArrayEquals(bytes, read.array());
      pieces.release();
      assertTrue(held < 2 * bytes.length, held + " bytes held, cut after " + cut[0]);
      assertEquals(before, ALLOCATOR.pinnedDirectMemory(), "all given back");
    }
  }

  @Test
  void aVerySmallInstanceTakesNoSixteenKilobytes() {
    long before = ALLOCATOR.pinnedDirectMemory();
    Pieces pieces = pieces(noise(300), 100);

    long held = ALLOCATOR.pinnedDirectMemory() - before;
    pieces.release();
    assertTrue(held <= 4096, held + " bytes held");
  }

  @Test
  void aLargeInstanceInSmallPiecesIsWrittenInLargeOnes(@TempDir Path folder) throws Exception {
    byte[] bytes = noise(20_000_000);
    for (int cut : new int[] {16, 1_500}) {
      Memory memory = new Memory(1 << 30);
      AtomicInteger runs = new AtomicInteger();
      try (Shelf shelf = Shelf.open(folder.resolve("shelf" + cut))) {
        // a disk that is quicker than the sender: every buffer would be written alone
        Spill spill = new Spill(shelf, memory, run -> {
          runs.incrementAndGet();
          run.run();
        }, 1 << 20);
        for (int at = 0; at < bytes.length; at += cut) {
          int count = Math.min(cut, bytes.length - at);
          memory.take(count);
          spill.add(copy(bytes, at, count));
        }
        boolean[] written = new boolean[1];
        spill.whenWritten(() -> written[0] = true);

        assertTrue(written[0]);
        assertNull(spill.failed());
        assertEquals(0, memory.used());
        assertEquals(0, spill.unflushed());
        byte[] file = Files.readAllBytes(shelf.path(spill.file()));
        assertArrayEquals(bytes, java.util.Arrays.copyOfRange(file, RecordHeader.BYTES, file.length));
        spill.discard();
        assertTrue(runs.get() < 1_000, runs.get() + " writes of 20 MB in pieces of " + cut);
      }
    }
  }
}
