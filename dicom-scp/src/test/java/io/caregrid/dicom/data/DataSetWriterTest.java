package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DataSetWriterTest {
  @Test
  void wordsOfEveryWidthChangePlacesBetweenByteOrders() {
    byte[] eight = {1, 2, 3, 4, 5, 6, 7, 8};
    for (Vr vr : List.of(Vr.OB, Vr.OW, Vr.OF, Vr.OL, Vr.OD, Vr.OV, Vr.AT, Vr.US, Vr.UL, Vr.FD, Vr.SV)) {
      DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE).put(new Element(0x00091001, vr, new Value.Bytes(eight)));
      byte[] big = DataSetWriter.bytes(set, TransferSyntax.EXPLICIT_BE);

      byte[] expected = switch (vr.unit) {
        case 1 -> eight;
        case 2 -> new byte[] {2, 1, 4, 3, 6, 5, 8, 7};
        case 4 -> new byte[] {4, 3, 2, 1, 8, 7, 6, 5};
        default -> new byte[] {8, 7, 6, 5, 4, 3, 2, 1};
      };
      assertArrayEquals(expected, Arrays.copyOfRange(big, big.length - 8, big.length), vr.name());
    }
    assertArrayEquals(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, eight, "the set's own bytes stay");
  }

  @Test
  void theBytesAreThoseOfTheStandard() {
    DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE)
        .putText(Tag.MODALITY, "CT")
        .putItems(Tag.PROCEDURE_CODE_SEQUENCE, new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.CODE_VALUE, "A"));

    for (Raw raw : List.of(Raw.explicit(), Raw.implicit(), Raw.big())) {
      TransferSyntax target = raw.read().syntax();
      byte[] expected = raw.text(Tag.MODALITY, "CS", "CT")
          .head(Tag.PROCEDURE_CODE_SEQUENCE, "SQ", Raw.UNDEFINED)
          .item(Raw.UNDEFINED)
          .text(Tag.CODE_VALUE, "SH", "A ")
          .endItem()
          .endSequence()
          .bytes();
      assertArrayEquals(expected, DataSetWriter.bytes(set, target), target.uid());
    }
  }

  @Test
  void oddValuesBecomeEvenWithThePaddingOfTheirVr() {
    DataSet odd = Raw.explicit()
        .text(Tag.SOP_CLASS_UID, "UI", "1.2")
        .text(Tag.PATIENT_ID, "LO", "P")
        .element(0x00091001, "OB", new byte[] {1})
        .read();

    byte[] expected = Raw.explicit()
        .text(Tag.SOP_CLASS_UID, "UI", "1.2\0")
        .element(0x00091001, "OB", new byte[] {1, 0})
        .text(Tag.PATIENT_ID, "LO", "P ")
        .bytes();
    assertArrayEquals(expected, DataSetWriter.bytes(odd, TransferSyntax.EXPLICIT_LE));
  }

  @Test
  void groupLengthsAreLeftOut() {
    DataSet set = Raw.explicit().head(0x00080000, "UL", 4).int32(9).text(Tag.MODALITY, "CS", "CT").read();

    assertArrayEquals(Raw.explicit().text(Tag.MODALITY, "CS", "CT").bytes(),
        DataSetWriter.bytes(set, TransferSyntax.EXPLICIT_LE));
  }

  @Test
  void aValueTooLongForItsVrGoesAsUnAndComesBack() {
    DataSet set = Raw.implicit()
        .element(0x30060050, "", "1\\".repeat(40_000).getBytes())
        .read(
            new Limits(64, 100, 1 << 20, 0));
    byte[] bytes = DataSetWriter.bytes(set, TransferSyntax.EXPLICIT_LE);

    assertEquals("UN", new String(bytes, 4, 2));
    DataSet again = DataSetReader.read(Source.of(ByteBuffer.wrap(bytes)), 0, bytes.length, TransferSyntax.EXPLICIT_LE,
        new Limits(64, 100, 1 << 20, 0));
    assertEquals(Vr.DS, again.get(0x30060050).vr());
    assertEquals(40_001, again.texts(0x30060050).size());
  }

  @Test
  void fragmentsAreCopiedAsTheyAre() {
    Raw raw = new Raw(TransferSyntax.RLE).head(Tag.PIXEL_DATA, "OB", Raw.UNDEFINED)
        .item(4)
        .int32(0)
        .item(4)
        .raw("abcd".getBytes())
        .item(2)
        .raw("ef".getBytes())
        .endSequence();
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    ByteArrayOutputStream header = new ByteArrayOutputStream();

    DataSetWriter.write(raw.read(), TransferSyntax.RLE, raw.source(), whole);
    DataSetWriter.write(raw.read(Limits.HEADER), TransferSyntax.RLE, raw.source(), header);

    assertArrayEquals(raw.bytes(), whole.toByteArray());
    assertArrayEquals(raw.bytes(), header.toByteArray());
  }

  @Test
  void largePixelDataIsSwappedOnItsWay() {
    byte[] pixels = new byte[200_002];
    for (int i = 0; i < pixels.length; i++)
      pixels[i] = (byte) (i * 31);
    Raw raw = Raw.explicit().element(Tag.PIXEL_DATA, "OW", pixels);
    ByteArrayOutputStream out = new ByteArrayOutputStream();

    DataSetWriter.write(raw.read(), TransferSyntax.EXPLICIT_BE, raw.source(), out);

    byte[] big = DataSetWriter.swapped(pixels.clone(), pixels.length, 2);
    assertArrayEquals(Raw.big().element(Tag.PIXEL_DATA, "OW", big).bytes(), out.toByteArray());
  }

  @Test
  void pixelDataDoesNotChangeItsCompressionHere() {
    DataSet plain = Raw.explicit().element(Tag.PIXEL_DATA, "OW", new byte[2]).read();
    DataSet compressed = new Raw(TransferSyntax.RLE).head(Tag.PIXEL_DATA, "OB", Raw.UNDEFINED)
        .item(0)
        .endSequence()
        .read();

    assertThrows(IllegalArgumentException.class, () -> DataSetWriter.bytes(plain, TransferSyntax.RLE));
    assertThrows(IllegalArgumentException.class, () -> DataSetWriter.bytes(compressed, TransferSyntax.EXPLICIT_LE));
  }

  @Test
  void deflatedBytesInflateToTheExplicitOnes() {
    DataSet set = Raw.explicit().text(Tag.MODALITY, "CS", "CT").text(Tag.PATIENT_ID, "LO", "P".repeat(1000)).read();
    byte[] deflated = DataSetWriter.bytes(set, TransferSyntax.DEFLATED_LE);
    Source inflated = Source.inflate(Source.of(ByteBuffer.wrap(deflated)), 0, 10_000);
    byte[] bytes = new byte[(int) inflated.size()];
    Window.read(inflated, 0, ByteBuffer.wrap(bytes));

    assertArrayEquals(DataSetWriter.bytes(set, TransferSyntax.EXPLICIT_LE), bytes);
  }
}
