package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class DictionaryTest {
  @Test
  void theStandardsElementsAreKnownByTagAndByKeyword() {
    assertEquals(Vr.PN, Dictionary.vr(Tag.PATIENT_NAME));
    assertEquals("PatientName", Dictionary.keyword(0x00100010));
    assertEquals(OptionalInt.of(0x00100010), Dictionary.tag("PatientName"));
    assertEquals(OptionalInt.of(0xFFFCFFFC), Dictionary.tag("DataSetTrailingPadding"));
    assertTrue(Dictionary.isMultiple(Tag.IMAGE_TYPE));
    assertFalse(Dictionary.isMultiple(Tag.PATIENT_ID));
  }

  @Test
  void tagsAreAlsoHexadecimalKnownOrNot() {
    assertEquals(OptionalInt.of(0x00091001), Dictionary.tag("00091001"));
    assertEquals(OptionalInt.of(0xFFFCFFFC), Dictionary.tag("fffcfffc"));
    assertEquals(OptionalInt.empty(), Dictionary.tag("PatientNam"));
    assertEquals(OptionalInt.empty(), Dictionary.tag("0010001"));
    assertEquals(OptionalInt.empty(), Dictionary.tag("0010001g"));
  }

  @Test
  void repeatingGroupsAreKnownInEachOfTheirGroups() {
    for (int group : new int[] {0x6000, 0x6002, 0x60FE}) {
      assertEquals("OverlayData", Dictionary.keyword(group << 16 | 0x3000));
      assertEquals(Vr.US, Dictionary.vr(group << 16 | 0x0010));
    }
    assertEquals("CurveData", Dictionary.keyword(0x50123000));
    assertEquals("SourceImageIDs", Dictionary.keyword(0x002031AB));
    assertEquals("CoefficientCoding", Dictionary.keyword(0x00280472));
    assertEquals(OptionalInt.of(0x60003000), Dictionary.tag("OverlayData"));
    assertNull(Dictionary.keyword(0x60013000), "odd groups are private");
  }

  @Test
  void whatTheStandardLeavesOpenHasItsUsualVr() {
    assertEquals(Vr.OW, Dictionary.vr(Tag.PIXEL_DATA));
    assertEquals(Vr.US, Dictionary.vr(Tag.SMALLEST_IMAGE_PIXEL_VALUE));
    assertTrue(Dictionary.isSignedByPixels(Tag.SMALLEST_IMAGE_PIXEL_VALUE));
    assertFalse(Dictionary.isSignedByPixels(Tag.ROWS));
  }

  @Test
  void groupLengthsAndPrivateElementsFollowTheirRules() {
    assertEquals(Vr.UL, Dictionary.vr(0x00100000));
    assertEquals(Vr.UL, Dictionary.vr(0x00090000));
    assertEquals(Vr.LO, Dictionary.vr(0x00090010));
    assertEquals(Vr.LO, Dictionary.vr(0x000900FF));
    assertEquals(Vr.UN, Dictionary.vr(0x00091001));
    assertEquals(Vr.UN, Dictionary.vr(0x0010FFFE));
    assertNull(Dictionary.keyword(0x00090010));
  }

  @Test
  void everyTagThatTheHouseNamesIsTheStandards() throws IllegalAccessException {
    int named = 0;
    for (Field field : Tag.class.getFields()) {
      assertTrue(Modifier.isStatic(field.getModifiers()));
      String keyword = Dictionary.keyword(field.getInt(null));
      assertEquals(field.getName().replace("_", ""), keyword == null ? null : keyword.toUpperCase());
      named++;
    }
    assertTrue(named > 100);
  }

  @Test
  void tagsAreWrittenAsTheStandardWritesThem() {
    assertEquals("(7FE0,0010)", Tag.text(Tag.PIXEL_DATA));
    assertEquals("FFFEE00D", Tag.hex(Tag.ITEM_END));
  }
}
