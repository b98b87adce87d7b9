package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.caregrid.dicom.pixel.PixelException.Why;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A few bytes that promise a picture no memory holds, or work without end. */
class HostilePixelsTest {

  private static PixelFormat format(int rows, int columns, int allocated) {
    return new PixelFormat(rows, columns, 1, allocated, allocated, allocated - 1, false, false, false,
        Photometric.MONOCHROME2, 1);
  }

  /** ITU-T T.800 A.5.1: a code stream's size segment and nothing behind it. */
  private static byte[] jpeg2000(int rows, int columns) {
    ByteBuffer stream = ByteBuffer.allocate(64).putShort((short) 0xFF4F).putShort((short) 0xFF51);
    stream.putShort((short) 41).putShort((short) 0).putInt(columns).putInt(rows).putInt(0).putInt(0);
    stream.putInt(columns).putInt(rows).putInt(0).putInt(0).putShort((short) 1).put((byte) 7);
    return stream.array();
  }

  @Test
  void aJpeg2000PictureThatIsTooLargeIsRefusedBeforeRoomIsMadeForIt() {
    PixelException refused = assertThrows(PixelException.class,
        () -> Jpeg2000.decode(jpeg2000(40_000, 40_000), format(40_000, 40_000, 8)));

    assertEquals(Why.TOO_LARGE, refused.why);
  }

  @Test
  void bitsCountAsTheBytesTheyBecome() {
    assertEquals(Why.TOO_LARGE,
        assertThrows(PixelException.class, () -> format(30_000, 30_000, 1).frameInMemory()).why);
    assertEquals(Why.UNSUPPORTED,
        assertThrows(PixelException.class, () -> Jpeg2000.decode(jpeg2000(8, 8), format(8, 8, 1))).why);
  }

  /** A whole stream of one empty tile. {@code precincts}: their sizes by resolution, none for the largest. */
  private static byte[] jpeg2000(int side, int tile, int layers, int... precincts) {
    ByteBuffer stream = ByteBuffer.allocate(200).put(jpeg2000(side, side), 0, 24);
    stream.putInt(tile).putInt(tile).putInt(0).putInt(0).putShort((short) 1).put(new byte[] {7, 1, 1});
    stream.putShort((short) 0xFF52)
        .putShort((short) (12 + precincts.length))
        .put((byte) (precincts.length > 0 ? 1 : 0));
    stream.put((byte) 0).putShort((short) layers).put(new byte[] {0, 5, 4, 4, 0, 1});
    for (int size : precincts) stream.put((byte) size);
    stream.putShort((short) 0xFF5C).putShort((short) 19).put((byte) 0x20);
    for (int band = 0; band < 16; band++) stream.put((byte) (8 << 3));
    stream.putShort((short) 0xFF90).putShort((short) 10).putShort((short) 0).putInt(16).put(new byte[] {0, 1});
    stream.putShort((short) 0xFF93).putShort((short) 0).putShort((short) 0xFFD9);
    return Arrays.copyOf(stream.array(), stream.position());
  }

  @Test
  void aJpeg2000StreamThatEndsInTheMiddleOfANumberEnds() {
    PixelException refused = assertTimeoutPreemptively(Duration.ofSeconds(30), () -> assertThrows(PixelException.class,
        () -> Jpeg2000.decode(jpeg2000(2048, 2048, 1), format(2048, 2048, 8))));

    assertEquals(Why.BROKEN, refused.why);
  }

  @Test
  void aJpeg2000PictureInMillionsOfPiecesIsRefusedBeforeRoomIsMadeForThem() {
    for (byte[] stream : List.of(jpeg2000(2048, 2048, 1, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11),
        jpeg2000(2048, 2048, 65_535), jpeg2000(2048, 4, 1)))
      assertEquals(Why.UNSUPPORTED, assertThrows(PixelException.class,
          () -> Jpeg2000.decode(stream, format(2048, 2048, 8))).why);
  }

  /** ITU-T T.81 B.2.4.2: tables of no code. */
  @Test
  void aLosslessJpegOfEndlessTablesIsRefused() {
    int tables = LosslessJpeg.MOST_TABLES + 1;
    ByteBuffer stream = ByteBuffer.allocate(32 + 21 * tables).putShort((short) 0xFFD8).putShort((short) 0xFFC3);
    stream.putShort((short) 11).put((byte) 8).putShort((short) 8).putShort((short) 8).put((byte) 1);
    stream.put((byte) 1).put((byte) 0x11).put((byte) 0);
    for (int table = 0; table < tables; table++)
      stream.putShort((short) 0xFFC4).putShort((short) 19).put(new byte[17]);

    PixelException refused = assertThrows(PixelException.class, () -> Jpeg.decode(stream.array(), format(8, 8, 8)));

    assertEquals(Why.UNSUPPORTED, refused.why);
  }

  /** ITU-T T.81 annex B: a frame header of 8 × 8, then scans of no data. */
  @Test
  void aJpegOfEndlessScansIsRefused() {
    int scans = Jpeg.MOST_SCANS + 1;
    ByteBuffer stream = ByteBuffer.allocate(32 + 10 * scans).putShort((short) 0xFFD8).putShort((short) 0xFFC2);
    stream.putShort((short) 11).put((byte) 8).putShort((short) 8).putShort((short) 8).put((byte) 1);
    stream.put((byte) 1).put((byte) 0x11).put((byte) 0);
    for (int scan = 0; scan < scans; scan++)
      stream.putShort((short) 0xFFDA).putShort((short) 8).put((byte) 1).put((byte) 1).putInt(0);

    PixelException refused = assertThrows(PixelException.class,
        () -> Jpeg.decode(stream.array(), format(8, 8, 8)));

    assertEquals(Why.UNSUPPORTED, refused.why);
    assertEquals(true, refused.getMessage().contains("scans"), refused.getMessage());
  }
}
