package io.caregrid.dicom.data;

import static io.caregrid.dicom.data.DataSetReaderTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What one data set may take: values, elements, depth and fragments are bounded, and what is short is never left out. */
class DataSetLimitsTest {
  private static final int ICON_IMAGE_SEQUENCE = 0x00880200;

  @Test
  void fragmentsAndOffsetsOfAllElementsTogetherAreBounded() {
    byte[] empty = new byte[700_000 * 8];
    for (int at = 0; at < empty.length; at += 8) {
      empty[at] = (byte) 0xFE;
      empty[at + 1] = (byte) 0xFF;
      empty[at + 3] = (byte) 0xE0;
    }
    Raw raw = new Raw(TransferSyntax.RLE);
    for (int n = 0; n < 4; n++)
      raw.head(0x00091010 + n, "OB", Raw.UNDEFINED).raw(empty).endSequence();

    DicomException refused = assertThrows(DicomException.class, raw::read);
    assertEquals("more than 2097152 fragments and offsets", refused.getMessage());
  }

  @Test
  void moreSmallValuesThanMayBeInMemoryAreTooLarge() {
    Raw raw = Raw.explicit();
    for (int n = 0; n < 250; n++) raw.text(0x00091010 + n, "LO", "a\\".repeat(30_000));

    refused("more than 25165824 bytes of values", raw);
  }

  @Test
  void longNumbersAndBinariesStayInTheSourceBeforeThereIsNoRoomForShortValues() {
    Raw raw = Raw.explicit();
    for (int n = 0; n < 250; n++) raw.text(0x00091010 + n, n % 2 == 0 ? "DS" : "IS", "1\\".repeat(30_000));
    for (int n = 0; n < 1_000; n++) raw.element(0x000B1010 + n, "OB", new byte[60_000]);

    DataSet set = raw.text(Tag.MODALITY_LUT_TYPE, "LO", "last").read(Limits.HEADER);

    int values = 0;
    for (Element each : set) values += set.texts(each.tag()).size();
    assertTrue(values < 2_000_000, values + " values, each of which would be an object");
    assertEquals("last", set.text(Tag.MODALITY_LUT_TYPE));
  }

  @Test
  void aHundredThousandFramesOfOneFragmentEachAreReadWithTheirOffsets() {
    int frames = 100_000;
    Raw raw = new Raw(TransferSyntax.RLE).head(Tag.PIXEL_DATA, "OB", Raw.UNDEFINED).item(4L * frames);
    for (int frame = 0; frame < frames; frame++) raw.int32(12L * frame);
    for (int frame = 0; frame < frames; frame++) raw.item(4).int32(frame);

    Value.Fragments pixels = (Value.Fragments) raw.endSequence().read().get(Tag.PIXEL_DATA).value();

    assertEquals(frames, pixels.fragments().size());
    assertEquals(12L * (frames - 1), pixels.offsets().get(frames - 1));
    long first = pixels.fragments().get(0).position();
    assertEquals(new Value.Bulk(first + 12L * (frames - 1), 4), pixels.fragments().get(frames - 1));
  }

  @Test
  void longValuesStayInTheSource() {
    Limits limits = new Limits(64, 1000, 10, 0);
    DataSet set = Raw.explicit()
        .text(Tag.PATIENT_ID, "LO", "0123456789")
        .text(Tag.STUDY_ID, "SH", "0123456789A")
        .read(limits);

    assertEquals("0123456789", set.text(Tag.PATIENT_ID));
    assertEquals(new Value.Bulk(26, 11), set.get(Tag.STUDY_ID).value());
    assertFalse(set.number(Tag.STUDY_ID).isPresent());
    assertEquals(List.of(), set.texts(Tag.STUDY_ID));
  }

  @Test
  void aShortValueIsNeverLeftInTheSource() {
    Raw raw = Raw.explicit();
    for (int i = 0; i < 500; i++)
      raw.text(0x00091000 + i, "DS", "0123456789");

    assertThrows(DicomException.TooLarge.class, () -> raw.read(new Limits(64, 1000, 10, 0)));
  }

  @Test
  void depthIsBounded() {
    Raw raw = Raw.explicit();
    for (int i = 0; i < 64; i++)
      raw.head(Tag.PROCEDURE_CODE_SEQUENCE, "SQ", Raw.UNDEFINED).item(Raw.UNDEFINED);

    refused("sequences nested deeper than 64", raw);
  }

  @Test
  void elementsAndItemsAreBounded() {
    Raw elements = Raw.explicit();
    for (int i = 0; i < 100_001; i++)
      elements.head(0x00100000 + i, "SH", 0);
    Raw items = Raw.explicit().head(Tag.PROCEDURE_CODE_SEQUENCE, "SQ", Raw.UNDEFINED);
    for (int i = 0; i < 100_001; i++)
      items.item(0);

    refused("more than 100000 elements", elements);
    refused("more than 100000 elements", items);
  }

  @Test
  void moreElementsThanAllowedAreNotTakenForOneUnknownValue() {
    Raw items = Raw.implicit();
    for (int i = 0; i < 1_000; i++) items.item(0);
    Raw raw = Raw.explicit().text(Tag.MODALITY, "CS", "MR").element(Tag.PROCEDURE_CODE_SEQUENCE, "UN", items.bytes());

    assertEquals(1_000, raw.read().items(Tag.PROCEDURE_CODE_SEQUENCE).size());
    assertThrows(DicomException.class, () -> raw.read(new Limits(64, 500, 1 << 16, 0)));
  }

  @Test
  void moreFragmentsThanAllowedAreNotTakenForOneUnknownValue() {
    Raw icon = Raw.implicit().item(Raw.UNDEFINED).head(Tag.PIXEL_DATA, "", Raw.UNDEFINED);
    for (int i = 0; i < 100; i++) icon.item(0);
    icon.endSequence().endItem();
    Raw raw = Raw.explicit().text(Tag.MODALITY, "CS", "MR").element(ICON_IMAGE_SEQUENCE, "UN", icon.bytes());

    assertEquals(1, raw.read().items(ICON_IMAGE_SEQUENCE).size());
    assertThrows(DicomException.TooLarge.class, () -> raw.read(new Limits(64, 500, 1 << 16, 0, 1 << 20, 256, 50)));
  }
}
