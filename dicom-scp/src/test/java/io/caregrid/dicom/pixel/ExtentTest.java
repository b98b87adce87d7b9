package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** An image is read whole, or it is said that there is more of it. */
class ExtentTest {
  private static final int FRAME_COMMENTS = 0x00209158;
  private static final int FRAME_CONTENT_SEQUENCE = 0x00209111;
  private static final int CONTOUR_SEQUENCE = 0x30060040;
  private static final int CONTOUR_DATA = 0x30060050;

  private static Source file(DataSet set, TransferSyntax syntax, Source pixels) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(Part10.header("1.2.840.10008.5.1.4.1.1.4.1", "1.2.3", syntax, null).array());
    DataSetWriter.write(set, syntax, pixels, file);
    return Source.of(ByteBuffer.wrap(file.toByteArray()));
  }

  private static DataSet image(TransferSyntax syntax, int frames) {
    DataSet set = new DataSet(syntax).putNumbers(Tag.ROWS, 1).putNumbers(Tag.COLUMNS, 2).putNumbers(Tag.BITS_STORED, 8);
    set.putNumbers(Tag.SAMPLES_PER_PIXEL, 1).putNumbers(Tag.BITS_ALLOCATED, 8).putNumbers(Tag.HIGH_BIT, 7);
    set.putText(Tag.PHOTOMETRIC_INTERPRETATION, "MONOCHROME2").putNumbers(Tag.PIXEL_REPRESENTATION, 0);
    return set.putNumbers(Tag.NUMBER_OF_FRAMES, frames);
  }

  /** Each frame with its own slope and a kilobyte of comment. */
  private static Source enhanced(int frames) {
    TransferSyntax syntax = TransferSyntax.EXPLICIT_LE;
    DataSet[] groups = IntStream.range(0, frames)
        .mapToObj(n -> new DataSet(syntax)
            .putItems(FRAME_CONTENT_SEQUENCE,
                new DataSet(syntax).put(new Element(FRAME_COMMENTS, Vr.LT, new Value.Bytes(new byte[1_000]))))
            .putItems(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE,
                new DataSet(syntax).putText(Tag.RESCALE_SLOPE, String.valueOf(n + 1))))
        .toArray(DataSet[]::new);
    DataSet set = image(syntax, frames).putItems(Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, groups);
    set.put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Bytes(new byte[2 * frames])));
    return file(set, syntax, null);
  }

  /** Tiles of one empty fragment each. */
  private static Source slide(int tiles, boolean offsets) {
    List<Long> table = new ArrayList<>();
    List<Value.Bulk> fragments = new ArrayList<>();
    for (int n = 0; n < tiles; n++) {
      if (offsets) table.add(8L * n);
      fragments.add(new Value.Bulk(0, 0));
    }
    DataSet set = image(TransferSyntax.RLE, tiles)
        .put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Fragments(table, fragments)));
    return file(set, TransferSyntax.RLE, Source.of(ByteBuffer.allocate(0)));
  }

  /** As the web does it. */
  private static <T> T read(Function<Extent, T> reader) {
    DicomException more = null;
    for (Extent extent : Extent.values()) {
      try {
        return reader.apply(extent);
      } catch (DicomException tooMuch) {
        more = tooMuch;
      }
    }
    throw more;
  }

  @Test
  void theLastOfThousandsOfFramesHasItsOwnRescaleSlope() {
    for (int frames : new int[] {400, 5_000}) {
      Source file = enhanced(frames);

      Pixels pixels = read(extent -> Pixels.open(file, extent));

      DataSet last = Groups.of(pixels.set(), frames, Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
      assertEquals(String.valueOf(frames), last.text(Tag.RESCALE_SLOPE));
    }
  }

  @Test
  void anImageOfThirtyThousandFramesWithGroupsOfTheirOwnIsRead() {
    TransferSyntax syntax = TransferSyntax.EXPLICIT_LE;
    int frames = 30_000;
    DataSet[] groups = IntStream.range(0, frames)
        .mapToObj(n -> new DataSet(syntax).putItems(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE,
            new DataSet(syntax).putText(Tag.RESCALE_INTERCEPT, "0").putText(Tag.RESCALE_SLOPE, String.valueOf(n))))
        .toArray(DataSet[]::new);
    DataSet set = image(syntax, frames).putItems(Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, groups)
        .put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Bytes(new byte[2 * frames])));
    Source file = file(set, syntax, null);

    Pixels pixels = read(extent -> Pixels.open(file, extent));

    DataSet last = Groups.of(pixels.set(), frames, Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
    assertEquals(String.valueOf(frames - 1), last.text(Tag.RESCALE_SLOPE));
  }

  /** What is copied as it is may be longer than what a picture is made of. */
  @Test
  void aPlanOfAMillionContourPointsIsTranscoded() throws IOException {
    TransferSyntax syntax = TransferSyntax.IMPLICIT_LE;
    byte[] points = "-123.45\\67.890\\-1.5\\".repeat(150).getBytes(StandardCharsets.US_ASCII);
    DataSet[] contours = IntStream.range(0, 6_700)
        .mapToObj(n -> new DataSet(syntax).put(new Element(CONTOUR_DATA, Vr.DS, new Value.Bytes(points))))
        .toArray(DataSet[]::new);
    Source file = file(new DataSet(syntax).putItems(CONTOUR_SEQUENCE, contours), syntax, null);

    ByteArrayOutputStream out = new ByteArrayOutputStream();
    read(extent -> Transcoding.of(file, TransferSyntax.EXPLICIT_LE, extent)).write(out);

    Source explicit = Source.of(ByteBuffer.wrap(out.toByteArray()));
    DataSet set = Part10.read(explicit).dataSet(explicit, Extent.LARGE.limits(256, 0));
    assertEquals(TransferSyntax.EXPLICIT_LE, set.syntax());
    Value last = set.items(CONTOUR_SEQUENCE).get(6_699).get(CONTOUR_DATA).value();
    assertEquals(new Value.Bulk(out.size() - 16 - points.length, points.length), last, "before two delimiters");
  }

  @Test
  void manyFragmentsAreNotUsual() {
    Source slide = slide(10_000, false);

    assertThrows(DicomException.class, () -> Pixels.open(slide, Extent.USUAL));
    assertEquals(10_000, read(extent -> Pixels.open(slide, extent)).frames());
  }

  @Test
  void aSlideOfManyTilesTakesNoMoreThanItsExtentSays() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Source slide = slide(199_000, true);
    Pixels.open(slide, Extent.LARGE);

    long before = threads.getCurrentThreadAllocatedBytes();
    Pixels pixels = Pixels.open(slide, Extent.LARGE);
    long taken = threads.getCurrentThreadAllocatedBytes() - before;

    assertEquals(199_000, pixels.frames());
    assertTrue(taken < Extent.LARGE.bytes, taken + " bytes, " + Extent.LARGE.bytes + " are counted");
  }
}
