package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caregrid.dicom.pixel.PixelException.Why;
import java.nio.ByteBuffer;
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
