package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Limits;
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
  /** Referenced Image Sequence. */
  private static final int KEPT = 0x00081140;

  /** Black, RLE. */
  private static byte[] packed(int side) {
    return Rle.encode(new byte[side * side], format(side));
  }

  private static PixelFormat format(int side) {
    return new PixelFormat(side, side, 1, 8, 8, 7, false, false, false, Photometric.MONOCHROME2, 1);
  }

  private static DataSet icons(int sequence, int count, int side, int length) {
    DataSet[] icons = IntStream.range(0, count)
        .mapToObj(n -> new DataSet(TransferSyntax.RLE).putNumbers(Tag.ROWS, side)
            .putNumbers(Tag.COLUMNS, side)
            .putNumbers(Tag.BITS_ALLOCATED, 8)
            .put(
                new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Fragments(List.of(), List.of(new Value.Bulk(0, length))))))
        .toArray(DataSet[]::new);
    return new DataSet(TransferSyntax.RLE).putItems(sequence, icons);
  }

  private static DataSet decoded(int count, int side) {
    byte[] packed = packed(side);
    DataSet set = icons(ICON_IMAGE_SEQUENCE, count, side, packed.length);
    new Icons(Source.of(ByteBuffer.wrap(packed))).decode(set);
    return set;
  }

  @Test
  void anInstanceIsGivenWithoutTheIconsThatCannotBeDecoded() throws Exception {
    byte[] packed = packed(4096);
    Source source = Source.of(ByteBuffer.wrap(packed));
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(Part10.header("1.2.840.10008.5.1.4.1.1.7", "1.2.3", TransferSyntax.RLE, null).array());
    DataSetWriter.write(icons(ICON_IMAGE_SEQUENCE, 100, 4096, packed.length), TransferSyntax.RLE, source, file);
    ByteArrayOutputStream plain = new ByteArrayOutputStream();

    Transcoding.of(Source.of(ByteBuffer.wrap(file.toByteArray())), TransferSyntax.EXPLICIT_LE).write(plain);

    Source written = Source.of(ByteBuffer.wrap(plain.toByteArray()));
    assertFalse(Part10.read(written).dataSet(written, Limits.WHOLE).has(ICON_IMAGE_SEQUENCE));
  }

  @Test
  void oneOfUsualSizeIsDecodedAndSoAreSeveral() {
    for (int count : new int[] {1, 20})
      for (DataSet icon : decoded(count, 128).items(ICON_IMAGE_SEQUENCE))
        assertEquals(128 * 128, ((Value.Bytes) icon.get(Tag.PIXEL_DATA).value()).bytes().length);
  }

  @Test
  void aHugeOneTooManyABrokenOneAndOneOfTwoFramesAreLeftOut() {
    assertFalse(decoded(1, 4096).has(ICON_IMAGE_SEQUENCE));
    assertFalse(decoded(100, 128).has(ICON_IMAGE_SEQUENCE));
    byte[] packed = packed(128);
    DataSet two = icons(ICON_IMAGE_SEQUENCE, 1, 128, packed.length);
    two.items(ICON_IMAGE_SEQUENCE).get(0).putNumbers(Tag.NUMBER_OF_FRAMES, 2);
    DataSet broken = icons(ICON_IMAGE_SEQUENCE, 1, 128, 8);
    for (DataSet set : List.of(two, broken)) {
      DataSet outer = set.putItems(KEPT, new DataSet(TransferSyntax.RLE));
      new Icons(Source.of(ByteBuffer.wrap(packed))).decode(outer);

      assertFalse(outer.has(ICON_IMAGE_SEQUENCE));
      assertTrue(outer.has(KEPT));
    }
  }

  @Test
  void picturesOfOtherSequencesAreNotLeftOutSoTheyAreRefusedBeforeRoomIsMadeForThem() {
    byte[] packed = packed(4096);
    DataSet set = icons(KEPT, 1, 4096, packed.length);

    assertEquals(Why.TOO_LARGE, assertThrows(PixelException.class,
        () -> new Icons(Source.of(ByteBuffer.wrap(packed))).decode(set)).why);
  }
}
