package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class DataSetReaderTest {

  @Test
  void eachOfTheThreeEncodingsGivesTheSameValues() {
    for (Raw raw : List.of(Raw.explicit(), Raw.implicit(), Raw.big())) {
      DataSet set = raw.text(Tag.MODALITY, "CS", "CT")
          .head(Tag.ROWS, "US", 2)
          .int16(512)
          .head(Tag.PROCEDURE_CODE_SEQUENCE, "SQ", 18)
          .item(10)
          .text(Tag.CODE_VALUE, "SH", "AB")
          .read();

      assertEquals("CT", set.text(Tag.MODALITY));
      assertEquals(512, set.number(Tag.ROWS).getAsLong());
      assertEquals("AB", set.items(Tag.PROCEDURE_CODE_SEQUENCE).get(0).text(Tag.CODE_VALUE));
    }
  }

  @Test
  void undefinedLengthsEndAtTheirDelimiters() {
    DataSet set = Raw.explicit()
        .head(Tag.REFERENCED_SERIES_SEQUENCE, "SQ", Raw.UNDEFINED)
        .item(Raw.UNDEFINED)
        .head(Tag.REFERENCED_SOP_SEQUENCE, "SQ", Raw.UNDEFINED)
        .item(Raw.UNDEFINED)
        .endItem()
        .endSequence()
        .text(Tag.MODALITY, "CS", "MR")
        .endItem()
        .item(0)
        .endSequence()
        .text(Tag.PATIENT_ID, "LO", "after")
        .read();

    List<DataSet> items = set.items(Tag.REFERENCED_SERIES_SEQUENCE);
    assertEquals(2, items.size());
    assertEquals("MR", items.get(0).text(Tag.MODALITY));
    assertEquals(1, items.get(0).items(Tag.REFERENCED_SOP_SEQUENCE).size());
    assertEquals("after", set.text(Tag.PATIENT_ID));
  }

  @Test
  void unWithoutLengthIsAnImplicitSequenceInEveryByteOrder() {
    for (Raw raw : List.of(Raw.explicit(), Raw.big())) {
      byte[] items = Raw.implicit().item(Raw.UNDEFINED).text(Tag.PATIENT_ID, "", "P1").endItem().endSequence().bytes();
      DataSet set = raw.head(0x00091001, "UN", Raw.UNDEFINED).raw(items).text(Tag.STUDY_ID, "SH", "S").read();

      assertEquals(Vr.SQ, set.get(0x00091001).vr());
      assertEquals("P1", set.items(0x00091001).get(0).text(Tag.PATIENT_ID));
      assertEquals("S", set.text(Tag.STUDY_ID));
    }
  }

  @Test
  void explicitItemsInAnUnWithoutLengthAreRead() {
    byte[] items = Raw.explicit()
        .item(Raw.UNDEFINED)
        .text(0x00090010, "LO", "ACME")
        .text(0x00091001, "SH", "AB")
        .endItem()
        .item(Raw.UNDEFINED)
        .text(0x00091001, "SH", "CD")
        .endItem()
        .endSequence()
        .bytes();
    DataSet set = Raw.explicit().head(0x00091002, "UN", Raw.UNDEFINED).raw(items).read();

    assertEquals("AB", set.items(0x00091002).get(0).text(0x00091001));
    assertEquals("CD", set.items(0x00091002).get(1).text(0x00091001));
  }

  @Test
  void unOfAKnownElementGetsItsVrAndAnUnknownOneStays() {
    byte[] item = Raw.implicit().item(10).text(Tag.CODE_VALUE, "", "AB").bytes();
    DataSet set = Raw.explicit()
        .element(Tag.PROCEDURE_CODE_SEQUENCE, "UN", item)
        .text(0x00091001, "UN", "private")
        .text(Tag.PATIENT_ID, "UN", "P1")
        .read();

    assertEquals("AB", set.items(Tag.PROCEDURE_CODE_SEQUENCE).get(0).text(Tag.CODE_VALUE));
    assertEquals("P1", set.text(Tag.PATIENT_ID));
    assertEquals(Vr.UN, set.get(0x00091001).vr());
  }

  @Test
  void unThatIsNoSequenceAfterAllKeepsItsBytes() {
    DataSet set = Raw.explicit().text(Tag.PROCEDURE_CODE_SEQUENCE, "UN", "no items at all").read();

    assertArrayEquals("no items at all".getBytes(), Values.bytes(set.get(Tag.PROCEDURE_CODE_SEQUENCE)));
  }

  @Test
  void privateElementsOfImplicitVrAreUnAndTheirCreatorsLo() {
    DataSet set = Raw.implicit().text(0x00090010, "", "ACME 1.0").text(0x00091001, "", "1234").read();

    assertEquals("ACME 1.0", set.text(0x00090010));
    assertEquals(Vr.UN, set.get(0x00091001).vr());
  }

  @Test
  void groupLengthsAndOddLengthsAndDisorderAreTaken() {
    DataSet set = Raw.explicit()
        .head(0x00080000, "UL", 4)
        .int32(4711)
        .text(Tag.PATIENT_ID, "LO", "odd")
        .text(Tag.MODALITY, "CS", "CT")
        .text(Tag.PATIENT_ID, "LO", "later")
        .head(0x00100000, "UL", 4)
        .int32(4711)
        .read();

    assertEquals(4, set.size());
    assertEquals("later", set.text(Tag.PATIENT_ID));
    int before = -1;
    for (Element element : set) {
      assertTrue(element.tag() > before, "in order");
      before = element.tag();
    }
  }

  @Test
  void implicitElementsAmongExplicitOnesAreTaken() {
    byte[] implicit = Raw.implicit().text(Tag.ACCESSION_NUMBER, "", "A1").bytes();
    DataSet set = Raw.explicit().text(Tag.MODALITY, "CS", "CT").raw(implicit).text(Tag.STUDY_ID, "SH", "S").read();

    assertEquals("A1", set.text(Tag.ACCESSION_NUMBER));
    assertEquals("S", set.text(Tag.STUDY_ID));
  }

  @Test
  void vrsOfLaterEditionsAndUnknownOnesAreTaken() {
    DataSet set = Raw.explicit()
        .tag(0x00091001)
        .raw((byte) 'Z', (byte) 'Z', (byte) 0, (byte) 0)
        .int32(2)
        .raw((byte) 1, (byte) 2)
        .head(Tag.STUDY_DESCRIPTION, "??", 4)
        .raw("Knee".getBytes())
        .read();

    assertArrayEquals(new byte[] {1, 2}, Values.bytes(set.get(0x00091001)));
    assertEquals("Knee", set.text(Tag.STUDY_DESCRIPTION));
  }

  @Test
  void explicitBytesAreReadThoughImplicitOnesWerePromised() {
    byte[] bytes = Raw.explicit().text(Tag.SOP_CLASS_UID, "UI", "1.2.840.10008.1.1").bytes();
    DataSet set = DataSetReader.read(Source.of(ByteBuffer.wrap(bytes)), 0, bytes.length, TransferSyntax.IMPLICIT_LE,
        Limits.WHOLE);

    assertEquals("1.2.840.10008.1.1", set.text(Tag.SOP_CLASS_UID));
    assertEquals(TransferSyntax.EXPLICIT_LE, set.syntax());
  }

  @Test
  void pixelRepresentationDecidesBetweenUsAndSsEvenInItemsBeforeIt() {
    for (int signed = 0; signed < 2; signed++) {
      DataSet set = Raw.implicit()
          .head(0x00180012, "", Raw.UNDEFINED)
          .item(Raw.UNDEFINED)
          .head(Tag.SMALLEST_IMAGE_PIXEL_VALUE, "", 2)
          .int16(0xFFFE)
          .endItem()
          .endSequence()
          .head(Tag.PIXEL_REPRESENTATION, "", 2)
          .int16(signed)
          .head(Tag.LARGEST_IMAGE_PIXEL_VALUE, "", 2)
          .int16(0xFFFF)
          .read();

      long least = signed == 1 ? -2 : 65534;
      assertEquals(least, set.items(0x00180012).get(0).number(Tag.SMALLEST_IMAGE_PIXEL_VALUE).getAsLong());
      assertEquals(signed == 1 ? -1 : 65535, set.number(Tag.LARGEST_IMAGE_PIXEL_VALUE).getAsLong());
    }
  }

  @Test
  void fragmentsAndTheOffsetTableAreFoundAndNotRead() {
    DataSet set = new Raw(TransferSyntax.RLE)
        .head(Tag.PIXEL_DATA, "OB", Raw.UNDEFINED)
        .item(8)
        .int32(0)
        .int32(12)
        .item(4)
        .raw("abcd".getBytes())
        .item(2)
        .raw("ef".getBytes())
        .endSequence()
        .text(Tag.DATA_SET_TRAILING_PADDING, "OB", "padding!")
        .read();

    Value.Fragments fragments = assertInstanceOf(Value.Fragments.class, set.get(Tag.PIXEL_DATA).value());
    assertEquals(List.of(0L, 12L), fragments.offsets());
    assertEquals(List.of(new Value.Bulk(36, 4), new Value.Bulk(48, 2)), fragments.fragments());
    assertTrue(set.has(Tag.DATA_SET_TRAILING_PADDING));
  }

  @Test
  void anEmptyOffsetTableIsEmpty() {
    DataSet set = new Raw(TransferSyntax.RLE)
        .head(Tag.PIXEL_DATA, "OB", Raw.UNDEFINED)
        .item(0)
        .item(2)
        .raw("ab".getBytes())
        .endSequence()
        .read();

    assertEquals(new Value.Fragments(List.of(), List.of(new Value.Bulk(28, 2))), set.get(Tag.PIXEL_DATA).value());
  }

  @Test
  void theHeaderEndsAtPixelDataWhichIsNotLookedInto() throws IOException {
    byte[] bytes = Raw.explicit()
        .text(Tag.MODALITY, "CS", "CT")
        .head(Tag.PIXEL_DATA, "OW", 1 << 20)
        .raw(new byte[1 << 20])
        .bytes();
    Source source = new Source() {
      @Override
      public long size() {
        return bytes.length;
      }

      @Override
      public void read(long position, ByteBuffer into) throws EOFException {
        assertTrue(position + into.remaining() <= 20_000, "only the beginning is read");
        into.put(bytes, (int) position, into.remaining());
      }
    };

    DataSet set = DataSetReader.read(source, 0, bytes.length, TransferSyntax.EXPLICIT_LE, Limits.HEADER);

    assertEquals(new Value.Bulk(22, 1 << 20), set.get(Tag.PIXEL_DATA).value());
  }

  @Test
  void theHeaderOfACompressedImageEndsAtItsFirstFragment() {
    Raw raw = new Raw(TransferSyntax.RLE).head(Tag.PIXEL_DATA, "OB", Raw.UNDEFINED).item(0).item(4);

    assertEquals(new Value.Bulk(12, -1), raw.read(Limits.HEADER).get(Tag.PIXEL_DATA).value());
  }

  @Test
  void whatClaimsMoreThanThereIsIsRefused() {
    refused("(0010,0020) at 8 claims 10 bytes, 2 are left", Raw.explicit().head(Tag.PATIENT_ID, "LO", 10).int16(0));
    refused("(0010,0020) at 8 claims 4294967294 bytes, 0 are left",
        Raw.implicit().head(Tag.PATIENT_ID, "", 0xFFFFFFFEL));
    refused("(FFFE,E000) at 20 claims 4294967280 bytes, 0 are left",
        Raw.explicit().head(Tag.PROCEDURE_CODE_SEQUENCE, "SQ", Raw.UNDEFINED).item(0xFFFFFFF0L));
    refused("(0008,1032) at 12 claims 100 bytes, 0 are left",
        Raw.explicit().head(Tag.PROCEDURE_CODE_SEQUENCE, "SQ", 100));
    refused("a fragment of 100 bytes at 28, 0 left",
        new Raw(TransferSyntax.RLE).head(Tag.PIXEL_DATA, "OB", Raw.UNDEFINED).item(0).item(100));
  }

  @Test
  void anElementMayNotReachBeyondItsItem() {
    refused("(0008,0100) at 28 claims 4 bytes, 2 are left",
        Raw.explicit().head(Tag.PROCEDURE_CODE_SEQUENCE, "SQ", 18).item(10).head(Tag.CODE_VALUE, "SH", 4).int32(0));
  }

  @Test
  void missingDelimitersAreRefused() {
    refused("the data ends within an element or lacks a delimiter at 12",
        Raw.explicit().head(Tag.PROCEDURE_CODE_SEQUENCE, "SQ", Raw.UNDEFINED));
    refused("the data ends within an element or lacks a delimiter at 20",
        Raw.explicit().head(Tag.PROCEDURE_CODE_SEQUENCE, "SQ", Raw.UNDEFINED).item(Raw.UNDEFINED));
    refused("pixel data lacks its delimiter at 22",
        new Raw(TransferSyntax.RLE).head(Tag.PIXEL_DATA, "OB", Raw.UNDEFINED).item(2).int16(0));
    refused("the data ends within an element or lacks a delimiter at 10",
        Raw.explicit().text(Tag.MODALITY, "CS", "CT").raw((byte) 8, (byte) 0));
  }

  @Test
  void zerosAtTheEndAreNoElement() {
    assertEquals(1, Raw.explicit().text(Tag.MODALITY, "CS", "CT").raw((byte) 0).read().size());
  }

  @Test
  void whatStandsOutsideOfItsPlaceIsRefusedUnlessItIsADelimiter() {
    refused("(0010,0010) between the items of (0008,1032) at 12",
        Raw.explicit().head(Tag.PROCEDURE_CODE_SEQUENCE, "SQ", Raw.UNDEFINED).text(Tag.PATIENT_NAME, "PN", "A"));
    refused("an item outside of a sequence at 10", Raw.explicit().text(Tag.MODALITY, "CS", "CT").item(0));
    assertEquals(2, Raw.explicit()
        .text(Tag.MODALITY, "CS", "CT")
        .endItem()
        .endSequence()
        .text(Tag.PATIENT_ID, "LO", "P1")
        .read()
        .size());
  }

  static void refused(String why, Raw raw) {
    assertEquals(why, assertThrows(DicomException.class, raw::read).getMessage());
  }
}
