package io.caregrid.platform.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PhantomStudyTest {
  private static final OffsetDateTime TAKEN = OffsetDateTime.parse("2026-03-02T13:10:00+01:00");
  private static final Bed MARIA = Ward.beds().get(6);
  private static List<DataSet> images;

  @BeforeAll
  static void compute() {
    PhantomStudy study = new PhantomStudy(MARIA, TAKEN);
    images = new ArrayList<>();
    for (int number = 0; number < PhantomStudy.IMAGES; number++) images.add(study.image(number).set());
  }

  @Test
  void theSameBedAndTimeGiveTheSameBytesAndAnotherTimeAnotherStudy() {
    byte[] once = new PhantomStudy(MARIA, TAKEN).image(20).file();

    assertArrayEquals(once, new PhantomStudy(MARIA, TAKEN).image(20).file());
    assertNotEquals(new PhantomStudy(MARIA, TAKEN).uid(), new PhantomStudy(MARIA, TAKEN.plusSeconds(1)).uid());
  }

  @Test
  void everyPictureHasAUidOfItsOwnInOneStudyOfTwoSeries() {
    assertEquals(PhantomStudy.IMAGES, distinct(Tag.SOP_INSTANCE_UID));
    assertEquals(2, distinct(Tag.SERIES_INSTANCE_UID));
    assertEquals(1, distinct(Tag.STUDY_INSTANCE_UID));
    for (DataSet image : images)
      assertTrue(image.text(Tag.SOP_INSTANCE_UID).matches("2\\.25\\.[1-9]\\d{0,38}"), image.text(Tag.SOP_INSTANCE_UID));
  }

  @Test
  void slicesLieOneThicknessApartFromTheFeetToTheHead() {
    for (int number = 2; number < PhantomStudy.IMAGES; number++)
      assertEquals(5, height(images.get(number)) - height(images.get(number - 1)), 1e-6);
  }

  @Test
  void tissuesAreAsDenseAsTheyAreInPeople() {
    around(-1000, 0, -195, 0);
    around(112, -85, -10, 80);
    around(-835, -66, 60, 117);
    around(-102, 20, -40, 52);
    around(188, 8, 30, 60);
    around(190, 0, 58, 0);
  }

  @Test
  void theFindingHasFluidARimAndGasThatLiesInFront() {
    around(16, 66, 8, -74);
    around(-930, 64, -13, -72);
    double rim = mean(patch(66, 2 + 23.2, -74, 0));
    assertTrue(rim > 60, "rim " + rim);
  }

  private static void around(double expected, double x, double y, double z) {
    double[] patch = patch(x, y, z, 3);
    double mean = mean(patch);
    double deviation = Math
        .sqrt(DoubleStream.of(patch).map(value -> (value - mean) * (value - mean)).average().orElseThrow());

    assertEquals(expected, mean, 10, "at " + x + " " + y + " " + z);
    assertTrue(deviation > 4 && deviation < 25, "noise " + deviation + " at " + x + " " + y + " " + z);
  }

  private static double mean(double[] values) {
    return DoubleStream.of(values).average().orElseThrow();
  }

  /** Hounsfield units of a square of {@code 2 reach + 1} pixels in the slice nearest to z. */
  private static double[] patch(double x, double y, double z, int reach) {
    DataSet image = images.get((int) Math.round((z + 120) / 5 + 0.5));
    ByteBuffer pixels = ByteBuffer.wrap(((Value.Bytes) image.get(Tag.PIXEL_DATA).value()).bytes())
        .order(ByteOrder.LITTLE_ENDIAN);
    int column = (int) Math.round(x / (400 / 512.0) + 255.5);
    int row = (int) Math.round(y / (400 / 512.0) + 255.5);
    DoubleStream.Builder patch = DoubleStream.builder();
    for (int r = row - reach; r <= row + reach; r++)
      for (int c = column - reach; c <= column + reach; c++) patch.add(pixels.getShort(2 * (r * 512 + c)) - 1024);
    return patch.build().toArray();
  }

  private static long distinct(int tag) {
    return images.stream().map(image -> image.text(tag)).collect(Collectors.toSet()).size();
  }

  private static double height(DataSet slice) {
    return Double.parseDouble(slice.text(Tag.SLICE_LOCATION));
  }
}
