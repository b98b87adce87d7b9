package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** PS3.5 annex G, and whatever somebody sends in its name. */
class RleTest {

  @Test
  void packedRunsLiteralsAndNothingsUnfold() {
    // 3 literals, no-op, a run of 4, a run of 1 that is padding
    byte[] frame = frame(new byte[] {2, 10, 20, 30, -128, -3, 7, 0, 99});

    assertArrayEquals(new byte[] {10, 20, 30, 7, 7, 7, 7}, Rle.decode(frame, format(1, 7, 1, 8, false)));
  }

  @Test
  void theMostSignificantByteComesFirst() {
    byte[] frame = frame(new byte[] {1, 0x12, 0x34}, new byte[] {1, 0x56, 0x78});

    assertArrayEquals(new byte[] {0x56, 0x12, 0x78, 0x34}, Rle.decode(frame, format(1, 2, 1, 16, false)));
  }

  @Test
  void whatIsEncodedDecodesToTheSameInEveryShape() {
    long seed = Long.getLong("caregrid.test.seed", 7);
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      int samples = random.nextBoolean() ? 1 : 3;
      PixelFormat format = format(1 + random.nextInt(20), 1 + random.nextInt(300), samples, 8 << random.nextInt(3),
          random.nextBoolean());
      byte[] pixels = new byte[(int) format.frameBytes()];
      int noise = 1 + random.nextInt(8);
      for (int i = 0; i < pixels.length; i++)
        pixels[i] = (byte) (random.nextInt(noise) == 0 ? random.nextInt() : i == 0 ? 0 : pixels[i - 1]);

      byte[] encoded = Rle.encode(pixels, format);

      assertArrayEquals(pixels, Rle.decode(encoded, format), "round " + round + ", caregrid.test.seed " + seed);
      assertEquals(0, encoded.length % 2);
    }
  }

  @Test
  void aFlatFrameGetsSmall() {
    PixelFormat format = format(256, 256, 1, 16, false);

    assertTrue(Rle.encode(new byte[256 * 256 * 2], format).length < 256 * 256 * 2 / 50);
  }

  @Test
  void aFrameThatIsCutAnywhereIsBroken() {
    PixelFormat format = format(4, 50, 3, 8, false);
    byte[] pixels = new byte[600];
    new Random(3).nextBytes(pixels);
    byte[] whole = Rle.encode(pixels, format);
    int last = whole.length - (whole[whole.length - 1] == 0 ? 2 : 1);
    for (int length = 0; length < last; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertEquals(PixelException.Why.BROKEN,
          assertThrows(PixelException.class, () -> Rle.decode(cut, format), "cut at " + length).why);
    }
  }

  @Test
  void aHeaderThatPointsElsewhereIsBroken() {
    PixelFormat format = format(1, 7, 1, 8, false);
    for (int start : new int[] {0, 63, 1 << 20, -1, Integer.MIN_VALUE}) {
      byte[] frame = frame(new byte[] {-6, 1});
      ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN).putInt(4, start);
      assertEquals(PixelException.Why.BROKEN, assertThrows(PixelException.class, () -> Rle.decode(frame, format)).why);
    }
  }

  @Test
  void moreThanFifteenSegmentsAreNotWritten() {
    assertEquals(PixelException.Why.UNSUPPORTED,
        assertThrows(PixelException.class, () -> Rle.encode(new byte[24], format(1, 1, 3, 64, false))).why);
  }

  private static byte[] frame(byte[]... segments) {
    ByteBuffer frame = ByteBuffer.allocate(64 + Arrays.stream(segments).mapToInt(segment -> segment.length).sum())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(segments.length);
    int at = 64;
    for (byte[] segment : segments) {
      frame.putInt(at);
      at += segment.length;
    }
    frame.position(64);
    for (byte[] segment : segments) frame.put(segment);
    return frame.array();
  }

  static PixelFormat format(int rows, int columns, int samples, int allocated, boolean byPlane) {
    return new PixelFormat(rows, columns, samples, allocated, allocated, allocated - 1, false, false,
        byPlane && samples > 1,
        samples == 1 ? Photometric.MONOCHROME2 : Photometric.RGB, 1);
  }
}
