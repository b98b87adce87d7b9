package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;

class Part10Test {
  private static final String CT = "1.2.840.10008.5.1.4.1.1.2";

  @Test
  void theHeaderThatWeWriteIsReadAndItsGroupLengthIsRight() {
    byte[] header = Part10.header(CT, "1.2.3", TransferSyntax.JPEG_BASELINE, "MODALITY1").array();
    Part10 read = Part10.read(source(header));

    assertEquals(header.length, read.body());
    assertEquals(TransferSyntax.JPEG_BASELINE, read.syntax());
    assertEquals(CT, read.meta().text(Tag.MEDIA_STORAGE_SOP_CLASS_UID));
    assertEquals("1.2.3", read.meta().text(Tag.MEDIA_STORAGE_SOP_INSTANCE_UID));
    assertEquals("MODALITY1", read.meta().text(Tag.SOURCE_APPLICATION_ENTITY_TITLE));
    assertEquals(header.length - 144, read.meta().number(Tag.FILE_META_INFORMATION_GROUP_LENGTH).getAsLong());
    assertArrayEquals(new byte[128], Arrays.copyOf(header, 128));
    assertArrayEquals("DICM".getBytes(), Arrays.copyOfRange(header, 128, 132));
  }

  @Test
  void aFileWithoutPreambleOrWithoutGroupTwoShowsHowItIsEncoded() {
    byte[] whole = Part10.header(CT, "1.2.3", TransferSyntax.EXPLICIT_LE, null).array();
    byte[] body = Raw.explicit().text(Tag.MODALITY, "CS", "CT").bytes();

    assertEquals("CT", modality(concat(Arrays.copyOfRange(whole, 132, whole.length), body)));
    assertEquals("CT", modality(concat(Arrays.copyOfRange(whole, 128, whole.length), body)));
    for (Raw raw : List.of(Raw.explicit(), Raw.implicit(), Raw.big()))
      assertEquals("CT", modality(raw.text(Tag.MODALITY, "CS", "CT").bytes()));
  }

  @Test
  void aWrongGroupLengthMisleadsNobody() {
    byte[] file = concat(Part10.header(CT, "1.2.3", TransferSyntax.EXPLICIT_BE, null).array(),
        Raw.big().text(Tag.MODALITY, "CS", "CT").bytes());
    file[140] = 1;

    assertEquals("CT", modality(file));
  }

  @Test
  void aDeflatedDataSetIsInflated() {
    byte[] file = concat(Part10.header(CT, "1.2.3", TransferSyntax.DEFLATED_LE, null).array(),
        DataSetWriter.bytes(Raw.explicit().text(Tag.MODALITY, "CS", "CT").read(), TransferSyntax.DEFLATED_LE));

    assertEquals("CT", modality(file));
  }

  @Test
  void whatIsNotDicomIsRefused() {
    Random random = new Random(1);
    for (int size : new int[] {0, 1, 7, 8, 200}) {
      byte[] noise = new byte[size];
      random.nextBytes(noise);
      DicomException refused = assertThrows(DicomException.class, () -> Part10.read(source(noise)), size + " bytes");
      assertEquals("not DICOM: neither prefix nor elements", refused.getMessage());
    }
    assertThrows(DicomException.class, () -> Part10.read(source("GET / HTTP/1.1\r\nHost: here\r\n\r\n".getBytes())));
  }

  @Test
  void aTransferSyntaxThatIsNoUidIsRefused() {
    byte[] file = new Raw(TransferSyntax.EXPLICIT_LE).raw(new byte[128])
        .raw("DICM".getBytes())
        .text(Tag.TRANSFER_SYNTAX_UID, "UI", "a secret")
        .bytes();

    assertEquals("(0002,0010) is not a UID",
        assertThrows(DicomException.class, () -> Part10.read(source(file))).getMessage());
  }

  @Test
  void aDeflatedStreamThatIsBrokenOrCutOffIsRefused() throws Exception {
    byte[] deflated = deflated(new byte[100_000]);

    assertThrows(DicomException.class, () -> Source.inflate(source(Arrays.copyOf(deflated, 50)), 0, 1 << 20).size());
    assertThrows(DicomException.class,
        () -> Source.inflate(source(new byte[] {(byte) 0xFF, 1, 2, 3}), 0, 1 << 20).size());
    assertThrows(DicomException.class, () -> Source.inflate(source(new byte[0]), 0, 1 << 20).size());
  }

  @Test
  void aBombStopsAtTheMostThatIsAllowed() throws Exception {
    byte[] bomb = deflated(new byte[50 << 20]);

    DicomException refused = assertThrows(DicomException.class, () -> Source.inflate(source(bomb), 0, 20 << 20).size());
    assertEquals("more than 20971520 bytes when inflated", refused.getMessage());
  }

  @Test
  void whatIsTooLargeToKeepIsInflatedAgainWhereverOneReads() throws Exception {
    byte[] original = new byte[Inflated.KEPT + 3_000_000];
    new Random(2).nextBytes(original);
    Arrays.fill(original, 0, 6 << 20, (byte) 7);
    Source inflated = Source.inflate(source(deflated(original)), 0, 1 << 30);

    assertEquals(original.length, inflated.size());
    assertTrue(inflated instanceof Inflated, "not kept");
    for (int at : new int[] {0, 9_000_000, 9_000_100, 100, original.length - 1000}) {
      byte[] part = new byte[1000];
      inflated.read(at, ByteBuffer.wrap(part));
      assertArrayEquals(Arrays.copyOfRange(original, at, at + 1000), part);
    }
    assertThrows(java.io.EOFException.class, () -> inflated.read(original.length - 10, ByteBuffer.allocate(11)));
  }

  private static String modality(byte[] file) {
    Source source = source(file);
    return Part10.read(source).dataSet(source, Limits.HEADER).text(Tag.MODALITY);
  }

  private static byte[] deflated(byte[] bytes) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(out, new java.util.zip.Deflater(6, true))) {
      deflater.write(bytes);
    }
    return out.toByteArray();
  }

  private static byte[] concat(byte[] one, byte[] other) {
    byte[] both = Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }

  private static Source source(byte[] bytes) {
    return Source.of(ByteBuffer.wrap(bytes));
  }
}
