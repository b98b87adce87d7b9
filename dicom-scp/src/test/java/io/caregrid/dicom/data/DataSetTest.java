package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class DataSetTest {
  private static final int OTHER_PATIENT_NAMES = 0x00101001;

  private final DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE);

  @Test
  void elementsStandInTheOrderOfTheirUnsignedTagsOneOfEach() {
    set.putText(Tag.PATIENT_ID, "a").putText(Tag.STUDY_ID, "S");
    set.put(new Element(Tag.DATA_SET_TRAILING_PADDING, Vr.OB, new Value.Bytes(new byte[2])));
    set.putText(Tag.MODALITY, "CT").putText(Tag.PATIENT_ID, "b").remove(Tag.STUDY_ID);

    List<Integer> tags = new ArrayList<>();
    set.forEach(element -> tags.add(element.tag()));
    assertEquals(List.of(Tag.MODALITY, Tag.PATIENT_ID, Tag.DATA_SET_TRAILING_PADDING), tags);
    assertEquals("b", set.text(Tag.PATIENT_ID));
    assertEquals(3, set.size());
  }

  @Test
  void manyElementsPutInAnyOrderAreFound() {
    for (int i = 0; i < 1000; i++)
      set.put(text(0x00110010 + i * 7919 % 1000, Vr.LO, ""));

    assertEquals(1000, set.size());
    for (int i = 0; i < 1000; i++)
      assertTrue(set.has(0x00110010 + i));
    for (int i = 0; i < 1000; i += 2)
      set.remove(0x00110010 + i);
    assertEquals(500, set.size());
    assertFalse(set.has(0x00110010));
    assertTrue(set.has(0x00110011));
  }

  @Test
  void textLosesItsPaddingAndKeepsWhatCounts() {
    set.put(text(Tag.SOP_INSTANCE_UID, Vr.UI, "1.2.3\0"));
    set.put(text(Tag.STUDY_INSTANCE_UID, Vr.UI, "1.2.3 "));
    set.put(text(Tag.PATIENT_ID, Vr.LO, "  A B  "));
    set.put(text(Tag.PATIENT_COMMENTS, Vr.LT, "  A\\B  "));

    assertEquals("1.2.3", set.text(Tag.SOP_INSTANCE_UID));
    assertEquals("1.2.3", set.text(Tag.STUDY_INSTANCE_UID));
    assertEquals("A B", set.text(Tag.PATIENT_ID));
    assertEquals(List.of("  A\\B"), set.texts(Tag.PATIENT_COMMENTS));
  }

  @Test
  void whatIsAbsentOrEmptyIsNullAndEmptyValuesBetweenOthersStay() {
    set.putText(Tag.PATIENT_ID).put(text(Tag.STUDY_ID, Vr.SH, "  ")).put(text(Tag.IMAGE_TYPE, Vr.CS, "A\\\\B "));

    assertNull(set.text(Tag.PATIENT_NAME));
    assertNull(set.text(Tag.PATIENT_ID));
    assertNull(set.text(Tag.STUDY_ID));
    assertEquals(List.of(), set.texts(Tag.STUDY_ID));
    assertEquals(List.of("A", "", "B"), set.texts(Tag.IMAGE_TYPE));
    assertEquals(List.of(), set.items(Tag.PROCEDURE_CODE_SEQUENCE));
    assertEquals(OptionalLong.empty(), set.number(Tag.ROWS));
    assertEquals(0, set.decimals(Tag.WINDOW_CENTER).length);
  }

  @Test
  void numbersOfEveryVrAreRead() {
    DataSet big = new DataSet(TransferSyntax.EXPLICIT_BE);
    for (DataSet each : List.of(set, big)) {
      each.putNumbers(Tag.ROWS, 65535).putNumbers(Tag.INSTANCE_NUMBER, -7).putNumbers(0x00186020, -70000);
      each.putText(Tag.FRAME_INCREMENT_POINTER, "00181063").putText(Tag.WINDOW_CENTER, "40.5", "1e3", "x");
      each.putText(0x00187052, "0.1").putText(0x00189073, "0.1");

      assertEquals(65535, each.number(Tag.ROWS).getAsLong());
      assertEquals("65535", each.text(Tag.ROWS));
      assertEquals(-7, each.number(Tag.INSTANCE_NUMBER).getAsLong());
      assertEquals(-70000, each.number(0x00186020).getAsLong());
      assertEquals("00181063", each.text(Tag.FRAME_INCREMENT_POINTER));
      assertArrayEquals(new double[] {40.5, 1000, Double.NaN}, each.decimals(Tag.WINDOW_CENTER));
      assertEquals("0.1", each.text(0x00189073));
      assertArrayEquals(new double[] {-7}, each.decimals(Tag.INSTANCE_NUMBER));
    }
    assertArrayEquals(new byte[] {(byte) 0xFF, (byte) 0xFE, (byte) 0xEE, (byte) 0x90},
        Values.bytes(big.get(0x00186020)));
  }

  @Test
  void whatIsNoNumberIsNone() {
    for (String text : List.of("x", "1.5", "1e99", ""))
      assertEquals(OptionalLong.empty(), set.put(text(Tag.INSTANCE_NUMBER, Vr.IS, text)).number(Tag.INSTANCE_NUMBER));
    assertEquals(OptionalLong.of(3), set.put(text(Tag.INSTANCE_NUMBER, Vr.IS, " +3.0 ")).number(Tag.INSTANCE_NUMBER));
    assertEquals(OptionalLong.empty(), set.put(text(Tag.ROWS, Vr.US, "A")).number(Tag.ROWS), "half a number");
  }

  @Test
  void valuesThatDoNotFitTheVrAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> set.putNumbers(Tag.ROWS, 65536));
    assertThrows(IllegalArgumentException.class, () -> set.putText(Tag.ROWS, "many"));
    assertThrows(IllegalArgumentException.class, () -> set.putText(Tag.PIXEL_DATA, "x"));
    assertThrows(IllegalArgumentException.class, () -> set.putText(Tag.PATIENT_COMMENTS, "one", "two"));
  }

  @Test
  void itemsTakeTheCharacterSetOfWhereTheyAreUnlessTheyNameTheirOwn() {
    byte[] greek = {(byte) 0xC1};
    DataSet inherits = new DataSet(TransferSyntax.EXPLICIT_LE)
        .put(new Element(Tag.PATIENT_NAME, Vr.PN, new Value.Bytes(greek)));
    DataSet own = new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.SPECIFIC_CHARACTER_SET, "ISO_IR 144")
        .put(new Element(Tag.PATIENT_NAME, Vr.PN, new Value.Bytes(greek)));
    set.putText(Tag.SPECIFIC_CHARACTER_SET, "ISO_IR 126").putItems(Tag.PROCEDURE_CODE_SEQUENCE, inherits, own);

    assertEquals("Α", inherits.text(Tag.PATIENT_NAME));
    assertEquals("С", own.text(Tag.PATIENT_NAME));
    set.putText(Tag.SPECIFIC_CHARACTER_SET, "ISO_IR 100");
    assertEquals("Á", inherits.text(Tag.PATIENT_NAME));
    set.remove(Tag.SPECIFIC_CHARACTER_SET);
    assertEquals("Á", inherits.text(Tag.PATIENT_NAME), "nothing is named");
  }

  @Test
  void textIsWrittenInTheCharacterSetOfTheDataSet() {
    set.putText(Tag.SPECIFIC_CHARACTER_SET, "ISO_IR 192").putText(OTHER_PATIENT_NAMES, "Müller", "王");

    assertEquals("Müller\\王", new String(Values.bytes(set.get(OTHER_PATIENT_NAMES)), StandardCharsets.UTF_8).strip());
    assertEquals(List.of("Müller", "王"), set.texts(OTHER_PATIENT_NAMES));
  }

  private static Element text(int tag, Vr vr, String text) {
    return new Element(tag, vr, new Value.Bytes(text.getBytes(StandardCharsets.ISO_8859_1)));
  }
}
