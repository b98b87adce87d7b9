package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pixels that are not square, and what lies over them. */
class ProportionsTest {
  private static final int ROWS = 40;
  private static final int COLUMNS = 60;
  private static final int WHITE = 255;

  /** Of 40 rows and 60 columns, gray. */
  private static DataSet picture() {
    byte[] gray = new byte[ROWS * COLUMNS];
    java.util.Arrays.fill(gray, (byte) 100);
    return new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.PHOTOMETRIC_INTERPRETATION, "MONOCHROME2")
        .putNumbers(Tag.ROWS, ROWS)
        .putNumbers(Tag.COLUMNS, COLUMNS)
        .putNumbers(Tag.BITS_ALLOCATED, 8)
        .putText(Tag.WINDOW_CENTER, "128")
        .putText(Tag.WINDOW_WIDTH, "256")
        .put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Bytes(gray)));
  }

  private static BufferedImage drawn(DataSet set, int frame, Viewport viewport, boolean overlays) throws IOException {
    Pixels pixels = Pixels.of(set, Source.of(ByteBuffer.allocate(0)));
    byte[] png = Renderer.render(pixels, frame, new Rendering(Rendering.Media.PNG, 90, null, viewport, overlays));
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  private static String size(DataSet set, Viewport viewport) throws IOException {
    BufferedImage image = drawn(set, 1, viewport, false);
    return image.getWidth() + "x" + image.getHeight();
  }

  /** Height of a pixel comes first, in (0028,0034) as in the spacings. Whatever cannot be is not heeded. */
  @ParameterizedTest
  @CsvSource({"PIXEL_ASPECT_RATIO,2,1,60x80", "PIXEL_ASPECT_RATIO,1,2,120x40", "PIXEL_ASPECT_RATIO,1,1,60x40",
    "PIXEL_SPACING,0.6,0.3,60x80", "PIXEL_SPACING,0.5,0.75,90x40", "IMAGER_PIXEL_SPACING,0.2,0.1,60x80",
    "PIXEL_SPACING,0.5001,0.5,60x40", "PIXEL_SPACING,0,0.5,60x40", "PIXEL_SPACING,-1,1,60x40",
    "PIXEL_ASPECT_RATIO,1000000,1,60x40"})
  void aPictureIsAsWideAndHighAsItIsInTheWorld(String attribute, String high, String wide, String size)
      throws Exception {
    int tag = Tag.class.getField(attribute).getInt(null);

    assertEquals(size, size(picture().putText(tag, high, wide), null));
  }

  @Test
  void theViewportIsFilledInTrueProportions() throws Exception {
    DataSet tall = picture().putText(Tag.PIXEL_ASPECT_RATIO, "2", "1");

    assertEquals("75x100", size(tall, Viewport.of(100, 100)));
    assertEquals("100x67", size(picture(), Viewport.of(100, 100)));
    assertEquals("50x100", size(tall, new Viewport(100, 100, 0, 0, 40, 40)), "a region of 40 x 40 pixels");
    assertEquals("1x1", size(tall, Viewport.of(1, 1)));
  }

  @Test
  void theSpacingOfAnEnhancedImageStandsWithItsFrames() throws Exception {
    DataSet measures = new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.PIXEL_SPACING, "1", "0.5");
    DataSet shared = new DataSet(TransferSyntax.EXPLICIT_LE).putItems(0x00289110, measures);

    assertEquals("60x80", size(picture().putItems(Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, shared), null));
  }

  @Test
  void aSideDoesNotGrowBeyondMeasure() {
    Screen.Size size = new Screen(100).size(4000, 4000, null);

    assertEquals(new Screen.Size(82, 8192), size);
    assertEquals(new Screen.Size(20_000, 20_000), new Screen(1).size(20_000, 20_000, null));
  }

  /** Three pixels wide and two high, of which the first of each row is set; bits of rows follow each other (PS3.5 8.1.2). */
  private static DataSet overlay(DataSet set, int row, int column) {
    return set.putNumbers(Tag.OVERLAY_ROWS, 2)
        .putNumbers(Tag.OVERLAY_COLUMNS, 3)
        .put(new Element(0x60000050, Vr.SS, new Value.Bytes(
            ByteBuffer.allocate(4)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putShort((short) row)
                .putShort((short) column)
                .array())))
        .put(new Element(Tag.OVERLAY_DATA, Vr.OW, new Value.Bytes(new byte[] {0b0000_1001, 0})));
  }

  private static String white(BufferedImage image) {
    StringBuilder white = new StringBuilder();
    for (int y = 0; y < image.getHeight(); y++)
      for (int x = 0; x < image.getWidth(); x++)
        if (image.getRaster().getSample(x, y, 0) == WHITE) white.append(x).append(',').append(y).append(' ');
    return white.toString();
  }

  @Test
  void overlaysAreDrawnWhereTheyLieWhenAskedFor() throws Exception {
    assertEquals("", white(drawn(overlay(picture(), 5, 9), 1, null, false)));
    assertEquals("8,4 8,5 ", white(drawn(overlay(picture(), 5, 9), 1, null, true)));
    assertEquals("0,0 ", white(drawn(overlay(picture(), 0, 1), 1, null, true)), "what lies outside is cut off");
    assertEquals("", white(drawn(overlay(picture(), -30_000, 30_000), 1, null, true)));
  }

  @Test
  void aPlaneOfSeveralFramesLiesOverItsOwn() throws Exception {
    DataSet two = overlay(picture(), 1, 1).putNumbers(Tag.NUMBER_OF_FRAMES, 3)
        .put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Bytes(new byte[3 * ROWS * COLUMNS])))
        .putNumbers(0x60000015, 2)
        .put(new Element(0x60000051, Vr.US, new Value.Bytes(new byte[] {2, 0})))
        .put(new Element(Tag.OVERLAY_DATA, Vr.OW, new Value.Bytes(new byte[] {(byte) 0b0000_0010, 0b0000_1000})));

    assertEquals("", white(drawn(two, 1, null, true)));
    assertEquals("1,0 ", white(drawn(two, 2, null, true)));
    assertEquals("2,1 ", white(drawn(two, 3, null, true)));
  }

  @Test
  void aPlaneThatEndsEarlyIsBroken() {
    DataSet broken = overlay(picture(), 1, 1).putNumbers(Tag.OVERLAY_ROWS, 60);

    PixelException refused = org.junit.jupiter.api.Assertions.assertThrows(PixelException.class,
        () -> drawn(broken, 1, null, true));
    assertEquals(PixelException.Why.BROKEN, refused.why);
  }
}
