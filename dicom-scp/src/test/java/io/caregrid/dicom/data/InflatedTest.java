package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;

class InflatedTest {
  private static final int LONG = Inflated.KEPT + (3 << 20);
  private final List<Watched> made = new ArrayList<>();

  /** Knows whether its memory was given back. */
  private static final class Watched extends Inflater {
    private boolean ended;

    Watched() {
      super(true);
    }

    @Override
    public void end() {
      ended = true;
      super.end();
    }
  }

  private Inflater watched() {
    Watched inflater = new Watched();
    made.add(inflater);
    return inflater;
  }

  private Inflated whole(byte[] deflated) {
    return Inflated.whole(Source.of(ByteBuffer.wrap(deflated)), 0, 1 << 30, this::watched);
  }

  private long alive() {
    return made.stream().filter(each -> !each.ended).count();
  }

  private static byte[] noise() {
    byte[] bytes = new byte[LONG];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private static byte[] deflated(byte[] bytes) {
    return deflated(bytes, new Deflater(1, true));
  }

  private static byte[] deflated(byte[] bytes, Deflater how) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(out, how)) {
      deflater.write(bytes);
    } catch (IOException never) {
      throw new AssertionError(never);
    } finally {
      how.end();
    }
    return out.toByteArray();
  }

  private static byte[] read(Source from, long position, int count) throws IOException {
    byte[] bytes = new byte[count];
    from.read(position, ByteBuffer.wrap(bytes));
    return bytes;
  }

  @Test
  void theInflaterIsEndedWhenAllIsRead() throws IOException {
    byte[] bytes = noise();
    Inflated inflated = whole(deflated(bytes));

    assertArrayEquals(bytes, read(inflated, 0, LONG));
    read(inflated, LONG - 1, 1);
    assertEquals(2, made.size(), "one to count, one to read");
    inflated.close();
    assertEquals(0, alive());
  }

  @Test
  void theInflaterIsEndedWhenReadingGoesBack() throws IOException {
    Inflated inflated = whole(deflated(noise()));
    for (int n = 0; n < 3; n++) {
      read(inflated, LONG - 1000, 10);
      read(inflated, Inflated.KEPT, 10);
    }

    assertEquals(1, alive());
    inflated.close();
    assertEquals(0, alive());
    assertThrows(IOException.class, () -> read(inflated, Inflated.KEPT, 10), "no new one after the end");
    assertEquals(0, alive());
  }

  @Test
  void theInflaterIsEndedWithTheFileItReads() throws IOException {
    ByteBuffer file = ByteBuffer.wrap(deflated(noise()));
    List<Runnable> closing = new ArrayList<>();
    Source source = new Source() {
      @Override
      public long size() {
        return file.limit();
      }

      @Override
      public void read(long position, ByteBuffer into) {
        into.put(file.slice((int) position, into.remaining()));
      }

      @Override
      public void whenClosed(Runnable then) {
        closing.add(then);
      }
    };
    read(Inflated.whole(source, 0, 1 << 30, this::watched), Inflated.KEPT, 10);

    assertEquals(1, alive());
    closing.forEach(Runnable::run);
    assertEquals(0, alive());
  }

  @Test
  void theInflaterIsEndedWhenTheStreamIsNoneOrBrokenOrCutOffOrTooLong() {
    byte[] good = deflated(noise());
    byte[] broken = good.clone();
    broken[0] = (byte) 0xFF;
    Deflater zlib = new Deflater();
    zlib.setDictionary(new byte[] {1, 2, 3});
    for (byte[] bad : List.of(broken, Arrays.copyOf(good, good.length / 2), new byte[0], deflated(new byte[10], zlib)))
      assertThrows(DicomException.class, () -> whole(bad).size());
    Inflated small = Inflated.whole(Source.of(ByteBuffer.wrap(good)), 0, 1 << 20, this::watched);
    assertThrows(DicomException.TooLarge.class, small::size);

    assertEquals(5, made.size());
    assertEquals(0, alive());
  }

  @Test
  void aHeadIsReadAsFarAsItMayAndNotBeyond() throws IOException {
    byte[] bytes = noise();
    int reach = Inflated.KEPT + (1 << 20);
    Inflated head = Inflated.head(Source.of(ByteBuffer.wrap(deflated(bytes))), 0, reach, 1L << 40, this::watched);

    assertEquals(1L << 40, head.size());
    assertArrayEquals(Arrays.copyOfRange(bytes, reach - 1000, reach), read(head, reach - 1000, 1000));
    assertThrows(DicomException.TooLarge.class, () -> read(head, reach - 10, 11));
    head.close();
    assertEquals(0, alive());
    assertEquals(LONG, Inflated.head(Source.of(ByteBuffer.wrap(deflated(bytes))), 0, 64 << 20, 1L << 40).size());
  }

  @Test
  void aLookJustBehindDoesNotStartOver() throws IOException {
    byte[] bytes = noise();
    Inflated inflated = whole(deflated(bytes));

    for (int at = Inflated.KEPT + 70_000; at < LONG - 1000; at += 5_000) {
      assertArrayEquals(Arrays.copyOfRange(bytes, at, at + 100), read(inflated, at, 100));
      assertArrayEquals(Arrays.copyOfRange(bytes, at - 50_000, at - 49_000), read(inflated, at - 50_000, 1000));
    }
    assertEquals(2, made.size(), "one to count, one to read");
    inflated.close();
  }

  @Test
  void whoReadsToAndFroIsStopped() throws IOException {
    Inflated inflated = Inflated.whole(Source.of(ByteBuffer.wrap(deflated(new byte[LONG]))), 0, LONG, this::watched);

    assertThrows(DicomException.TooLarge.class, () -> {
      for (int n = 0; n < 20; n++) {
        read(inflated, LONG - 10, 10);
        read(inflated, Inflated.KEPT, 10);
      }
    });
    assertEquals(0, alive());
  }
}
