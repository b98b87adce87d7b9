package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.caregrid.dicom.pixel.PixelException.Why;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Compressed pictures inside of sequences: few bytes of them may promise any amount of memory. */
class IconsTest {
  private static final int ICON_IMAGE_SEQUENCE = 0x00880200;

  /** Black, RLE. */
  private static byte[] packed(int side) {
    return Rle.encode(new byte[side * side], format(side));
  }

  private static PixelFormat format(int side) {
    return new PixelFormat(side, side, 1, 8, 8, 7, false, false, false, Photometric.MONOCHROME2, 1);
  }

  private static DataSet icons(int count, int side, int length) {
    DataSet[] icons = IntStream.range(0, count)
        .mapToObj(n -> new DataSet(TransferSyntax.RLE).putNumbers(Tag.ROWS, side)
            .putNumbers(Tag.COLUMNS, side)
            .putNumbers(Tag.BITS_ALLOCATED, 8)
            .put(
                new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Fragments(List.of(), List.of(new Value.Bulk(0, length))))))
        .toArray(DataSet[]::new);
    return new DataSet(TransferSyntax.RLE).putItems(ICON_IMAGE_SEQUENCE, icons);
  }

  private static DataSet decoded(int count, int side) {
    byte[] packed = packed(side);
    DataSet set = icons(count, side, packed.length);
    new Icons(Source.of(ByteBuffer.wrap(packed))).decode(set);
    return set;
  }

  @Test
  void anInstanceOfManyHugeOnesIsRefusedWhateverItBecomes() {
    byte[] packed = packed(4096);
    Source source = Source.of(ByteBuffer.wrap(packed));
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(Part10.header("1.2.840.10008.5.1.4.1.1.7", "1.2.3", TransferSyntax.RLE, null).array());
    DataSetWriter.write(icons(100, 4096, packed.length), TransferSyntax.RLE, source, file);
    Source hostile = Source.of(ByteBuffer.wrap(file.toByteArray()));

    assertEquals(Why.TOO_LARGE,
        assertThrows(PixelException.class, () -> Transcoding.of(hostile, TransferSyntax.EXPLICIT_LE)).why);
  }

  @Test
  void oneOfUsualSizeIsDecodedAndSoAreSeveral() {
    for (int count : new int[] {1, 20})
      for (DataSet icon : decoded(count, 128).items(ICON_IMAGE_SEQUENCE))
        assertEquals(128 * 128, ((Value.Bytes) icon.get(Tag.PIXEL_DATA).value()).bytes().length);
  }

  @Test
  void aHugeOneAndTooManyAreRefusedBeforeRoomIsMadeForThem() {
    assertEquals(Why.TOO_LARGE, assertThrows(PixelException.class, () -> decoded(1, 4096)).why);
    assertEquals(Why.TOO_LARGE, assertThrows(PixelException.class, () -> decoded(100, 128)).why);
  }
}
