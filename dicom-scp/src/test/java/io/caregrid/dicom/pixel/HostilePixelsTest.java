package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.caregrid.dicom.pixel.PixelException.Why;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A few bytes that promise a picture no memory holds, or work without end. */
class HostilePixelsTest {
  /** Each takes a moment: what is not done by then never is, however busy the machine. */
  private static final Duration HANG = Duration.ofMinutes(2);

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
    PixelException refused = assertTimeoutPreemptively(HANG, () -> assertThrows(PixelException.class,
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

  /** ITU-T T.800 A.4.2: a tile part whose length ends inside of a segment of its own header, so that its data begins before its header ends. */
  @Test
  void aTilePartThatEndsBeforeItsOwnHeaderDoesIsNotReadForEver() {
    ByteBuffer stream = ByteBuffer.allocate(100).put(jpeg2000(8, 8), 0, 45);
    stream.putShort((short) 0xFF90).putShort((short) 10).putShort((short) 0).putInt(14).put(new byte[] {0, 1});
    stream.putShort((short) 0xFF64).putShort((short) 10).put(new byte[8]);
    stream.putShort((short) 0xFF93);
    stream.putShort(45 + 16, (short) 8);

    assertTimeoutPreemptively(HANG, () -> Jpeg2000Structure.check(stream.array(), 0));
  }

  /** PS3.5 8.1.1: native frames all take the same, so none is looked at to tell it. */
  @Test
  void whatAStoredFrameTakesIsToldAtOnceHoweverManyFramesAreClaimed() {
    DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE).putNumbers(Tag.ROWS, 1)
        .putNumbers(Tag.COLUMNS, 1)
        .putNumbers(Tag.BITS_ALLOCATED, 8)
        .putNumbers(Tag.NUMBER_OF_FRAMES, Integer.MAX_VALUE)
        .put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Bytes(new byte[2])));
    Pixels pixels = Pixels.of(set, Source.of(ByteBuffer.allocate(0)));

    assertEquals(2, assertTimeoutPreemptively(HANG, () -> Need.stored(pixels)));
  }

  /** PS3.3 C.9.2: rows and columns are US; as UL they may claim any amount. */
  @Test
  void anOverlayOfMoreThanAPictureHasIsRefusedBeforeRoomIsMadeForIt() {
    for (long columns : new long[] {65_536, 0xFFFF_FFFFL}) {
      DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE)
          .put(new Element(Tag.OVERLAY_ROWS, Vr.UL, new Value.Bytes(little(1))))
          .put(new Element(Tag.OVERLAY_COLUMNS, Vr.UL, new Value.Bytes(little((int) columns))))
          .put(new Element(Tag.OVERLAY_DATA, Vr.OB, new Value.Bulk(0, 1L << 30)));
      Overlays overlays = new Overlays(set, Source.of(ByteBuffer.allocate(0)));

      PixelException refused = assertThrows(PixelException.class,
          () -> overlays.draw(new Picture(1, 1, 1, new byte[1]), 1));

      assertEquals(Why.BROKEN, refused.why);
      assertTrue(refused.getMessage().contains("65535"), refused.getMessage());
    }
  }

  private static byte[] little(int number) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array();
  }

  /** PS3.3 C.7.6.3.1.5: three words; C.11.1.1.2: as many entries as they say, of 16 bits at most. */
  @Test
  void aLookupTableOfMoreThanOneHoldsIsRefusedBeforeItIsRead() {
    Element descriptor = new Element(Tag.LUT_DESCRIPTOR, Vr.US, new Value.Bytes(new byte[] {2, 0, 0, 0, 16, 0}));
    Element endless = new Element(Tag.LUT_DESCRIPTOR, Vr.US, new Value.Bulk(0, PixelFormat.MAX_FRAME_BYTES));
    for (DataSet set : List.of(
        new DataSet(TransferSyntax.EXPLICIT_LE).put(endless)
            .put(new Element(Tag.LUT_DATA, Vr.OW, new Value.Bytes(new byte[4]))),
        new DataSet(TransferSyntax.EXPLICIT_LE).put(descriptor)
            .put(new Element(Tag.LUT_DATA, Vr.OW, new Value.Bulk(0, 2 * 65536 + 2))))) {
      PixelException refused = assertThrows(PixelException.class,
          () -> Lut.of(set, Tag.LUT_DESCRIPTOR, Tag.LUT_DATA, false, UNREADABLE));

      assertEquals(Why.BROKEN, refused.why);
    }
  }

  /** PS3.3 C.7.6.3.1.8: eight bytes a frame; another length says nothing about the frames. */
  @Test
  void anExtendedOffsetTableOfAnotherLengthThanThatOfItsFramesIsNotRead() {
    for (long[] table : new long[][] {{1, PixelFormat.MAX_FRAME_BYTES}, {1, 16}, {3, 24}}) {
      DataSet set = new DataSet(TransferSyntax.RLE).putNumbers(Tag.ROWS, 1)
          .putNumbers(Tag.COLUMNS, 1)
          .putNumbers(Tag.BITS_ALLOCATED, 8)
          .putNumbers(Tag.NUMBER_OF_FRAMES, table[0])
          .put(new Element(Tag.EXTENDED_OFFSET_TABLE, Vr.OV, new Value.Bulk(0, table[1])))
          .put(new Element(Tag.PIXEL_DATA, Vr.OB,
              new Value.Fragments(List.of(), List.of(new Value.Bulk(8, 2), new Value.Bulk(18, 2)))));

      if (table[0] == 1) assertEquals(4, Pixels.of(set, UNREADABLE).storedBytes(1));
      else
        assertEquals("2 fragments for 3 frames",
            assertThrows(PixelException.class, () -> Pixels.of(set, UNREADABLE)).getMessage());
    }
  }

  private static final Source UNREADABLE = new Source() {
    @Override
    public long size() {
      return Long.MAX_VALUE;
    }

    @Override
    public void read(long position, ByteBuffer into) {
      throw new AssertionError("read " + into.remaining() + " bytes at " + position);
    }
  };

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
