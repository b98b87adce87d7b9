package io.caregrid.dicom.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageTags;
import io.caregrid.store.ImageTags.Listed;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaggingTest {
  private static Listed listed(String path, String vr, String creator) {
    return new Listed(3,
        List.of(new ImageTags.Tag(1, path, vr, Level.INSTANCE, creator, true, true, new UUID(0, 1))));
  }

  private static List<ImageTags.Value> values(DataSet set, Listed tags) {
    return Tagging.of(set, tags).values();
  }

  private static DataSet set() {
    return new DataSet(TransferSyntax.EXPLICIT_LE);
  }

  @Test
  void allValuesAreShownAndOfVeryManyTheFirst() {
    Listed tags = listed("00180050", "DS", null);
    String[] many = new String[200];
    Arrays.fill(many, "2.5");

    assertEquals("{\"vr\":\"DS\",\"Value\":[2.5,3]}",
        values(set().putText(Tag.SLICE_THICKNESS, "2.5", "3"), tags).get(0).element().toString());
    assertEquals("{\"vr\":\"DS\",\"Value\":[2.5]}",
        values(set().putText(Tag.SLICE_THICKNESS, many), tags).get(0).element().toString());
  }

  @Test
  void whatIsNotThereIsNeitherValueNorError() {
    assertEquals(List.of(), values(set(), listed("00180050", "DS", null)));
    assertEquals(List.of(), values(set().putText(Tag.SLICE_THICKNESS, ""), listed("00180050", "DS", null)));
  }

  @Test
  void aValueThatIsNotOfItsVrIsAnErrorThatDoesNotNameIt() {
    ImageTags.Value thick = values(set().putText(Tag.SLICE_THICKNESS, "thick"), listed("00180050", "DS", null)).get(0);
    ImageTags.Value other = values(set().putText(Tag.STATION_NAME, "CT1"), listed("00081010", "LO", null)).get(0);

    assertEquals("its value is not of VR DS", thick.error());
    assertEquals("its VR is SH, not LO", other.error());
  }

  @Test
  void aPrivateAttributeIsFoundByItsCreatorInWhicheverBlock() {
    DataSet set = set().put(text(0x12050010, Vr.LO, "SOMEBODY ELSE "))
        .put(text(0x12050011, Vr.LO, "ACME"))
        .put(text(0x12051003, Vr.LO, "wrong "))
        .put(text(0x12051103, Vr.UN, "right "));

    ImageTags.Value value = values(set, listed("12051003", "LO", "ACME")).get(0);

    assertEquals("right", value.element().at("/Value/0").asText());
  }

  @Test
  void ofTwoBlocksOfOneCreatorTheOneThatHasItCounts() {
    DataSet set = set().put(text(0x12050010, Vr.LO, "ACME"))
        .put(text(0x12050011, Vr.LO, "ACME"))
        .put(text(0x12051103, Vr.LO, "second"));

    ImageTags.Value value = values(set, listed("12051003", "LO", "ACME")).get(0);

    assertEquals("second", value.element().at("/Value/0").asText());
  }

  @Test
  void withoutItsCreatorAPrivateAttributeIsAnothers() {
    DataSet set = set().put(new Element(0x12050000, Vr.UL, new Value.Bytes(new byte[4])))
        .put(text(0x12050010, Vr.LO, "SOMEBODY ELSE "))
        .put(text(0x12051003, Vr.LO, "wrong "));

    assertEquals(List.of(), values(set, listed("12051003", "LO", "ACME")));
  }

  @Test
  void signedOrNotIsDecidedByThePicture() {
    DataSet set = set().put(new Element(Tag.SMALLEST_IMAGE_PIXEL_VALUE, Vr.SS, new Value.Bytes(new byte[] {-2, -1})));

    assertEquals("{\"vr\":\"SS\",\"Value\":[-2]}",
        values(set, listed("00280106", "US", null)).get(0).element().toString());
  }

  @ParameterizedTest
  @CsvSource({"DA,20261,false", "DA,2026.01.02,true", "TM,10:15,false", "TM,1015,true", "DT,20260102+0100,true",
    "DT,tomorrow,false", "IS,1.5e,false", "DS,1E+2,true", "AE,MY AE,true"})
  void whatIsNotOfItsVrIsSaid(String vr, String text, boolean fits) {
    DataSet set = set().put(text(0x12050010, Vr.LO, "ACME")).put(text(0x12051003, Vr.valueOf(vr), text));

    ImageTags.Value value = values(set, listed("12051003", vr, "ACME")).get(0);

    assertEquals(fits, value.error() == null);
    assertEquals(fits, value.element() != null);
  }

  @Test
  void aSequenceOrALongTextInItsPlaceIsAnError() {
    DataSet items = set().put(text(0x12050010, Vr.LO, "ACME"))
        .put(new Element(0x12051003, Vr.UN, new Value.Items(List.of(set()))));
    DataSet longer = set().put(text(0x12050010, Vr.LO, "ACME")).put(text(0x12051003, Vr.LO, "x".repeat(600)));
    DataSet bulk = set().put(text(0x12050010, Vr.LO, "ACME"))
        .put(new Element(0x12051003, Vr.LO, new Value.Bulk(0, 9_000)));

    assertEquals("its VR is UN, not LO", values(items, listed("12051003", "LO", "ACME")).get(0).error());
    for (DataSet each : List.of(longer, bulk))
      assertEquals("its value is longer than is indexed",
          values(each, listed("12051003", "LO", "ACME")).get(0).error());
  }

  private static Element text(int tag, Vr vr, String text) {
    return new Element(tag, vr, new Value.Bytes(text.getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void whatIsReadOfAFileIsInOrderAndNoMoreWithoutTags() {
    int[] kept = {Tag.STUDY_DATE, Tag.PATIENT_ID};

    int[] wanted = Tagging.wanted(kept, listed("12051003", "LO", "ACME"));

    assertArrayEquals(kept, Tagging.wanted(kept, Listed.UNREAD));
    for (int i = 1; i < wanted.length; i++) assertTrue(wanted[i - 1] < wanted[i]);
    assertEquals(2 + 2 * 240, wanted.length);
  }
}
