package io.caregrid.dicom.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpillTest {
  private static final int BYTES = 10_000;

  @Test
  void anErrorWhileWritingIsToldAndWhoeverWaitsIsCalled(@TempDir Path folder) throws Exception {
    try (Shelf shelf = Shelf.open(folder)) {
      Memory memory = new Memory(1 << 20);
      Spill spill = new Spill(shelf, memory, Runnable::run, 0);
      List<String> called = new ArrayList<>();
      ByteBuf[] each = {good(), poor(), good()};
      for (ByteBuf next : each) {
        memory.take(BYTES);
        spill.add(next);
      }
      spill.whenFlushed(() -> called.add("flushed"));

      spill.whenWritten(() -> called.add("written"));

      assertEquals(List.of("flushed", "written"), called);
      assertNotNull(spill.failed());
      assertEquals(0, memory.used());
      for (ByteBuf buffer : each) assertEquals(0, buffer.refCnt());
      assertTrue(Shelf.files(folder).isEmpty(), "nothing of it is kept");
    }
  }

  @Test
  void whoeverThrowsWhenCalledStopsNoOther(@TempDir Path folder) throws Exception {
    try (Shelf shelf = Shelf.open(folder)) {
      List<Runnable> later = new ArrayList<>();
      Spill spill = new Spill(shelf, new Memory(1 << 20), later::add, 0);
      List<String> called = new ArrayList<>();
      spill.add(good());
      spill.whenFlushed(() -> {
        throw new IllegalStateException("a context that is closed");
      });
      spill.whenFlushed(() -> called.add("flushed"));
      spill.whenWritten(() -> called.add("written"));

      later.remove(0).run();

      assertEquals(List.of("flushed", "written"), called);
      spill.discard();
    }
  }

  private static ByteBuf good() {
    return UnpooledByteBufAllocator.DEFAULT.buffer(BYTES).writeZero(BYTES);
  }

  /** Whoever writes it is out of memory. */
  private static ByteBuf poor() {
    return new UnpooledHeapByteBuf(UnpooledByteBufAllocator.DEFAULT, BYTES, BYTES) {
      @Override
      public ByteBuffer[] nioBuffers() {
        throw new OutOfMemoryError("no direct memory, says a test");
      }
    }.writeZero(BYTES);
  }
}
