package io.caregrid.dicom.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.DicomJson;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageTags;
import io.caregrid.store.ImageTags.Listed;
import io.caregrid.store.ImageTags.Tagged;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DescribedTest {
  private static final int PRIVATE_BLOB = 0x00291010;

  /** What is read of a file, in bytes. */
  private record Counting(byte[] bytes, AtomicLong read) implements Source {
    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public void read(long position, ByteBuffer into) {
      read.addAndGet(into.remaining());
      into.put(bytes, (int) position, into.remaining());
    }
  }

  private static Described described(byte[] file) {
    return Described.again(Source.of(ByteBuffer.wrap(file)), Listed.UNREAD);
  }

  /** Deflated; {@code tag} has so many zeros. */
  private static byte[] deflated(int tag, long zeros) {
    Source nothing = new Source() {
      @Override
      public long size() {
        return zeros;
      }

      @Override
      public void read(long position, ByteBuffer into) {
        into.put(new byte[into.remaining()]);
      }
    };
    DataSet set = Phantom.attributes(1, 1).put(new Element(tag, Vr.OB, new Value.Bulk(0, zeros)));
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(Part10.header(Phantom.CT, Phantom.instance(1, 1), TransferSyntax.DEFLATED_LE, "BOMBER").array());
    DataSetWriter.write(set, TransferSyntax.DEFLATED_LE, nothing, file);
    return file.toByteArray();
  }

  @Test
  void aDeflatedInstanceIsDescribedAsTheSamePlain() {
    Described plain = described(Phantom.image(1, 1, 5_000));
    Described deflated = described(deflated(Tag.PIXEL_DATA, 5_000));

    assertEquals(plain.study(), deflated.study());
    assertEquals(plain.instance(), deflated.instance());
    assertEquals(1, deflated.frames());
    assertEquals(TransferSyntax.DEFLATED_LE.uid(), deflated.transferSyntax());
  }

  @Test
  void attributesThatInflateWithoutEndAreRefusedAsTooLarge() {
    byte[] bomb = deflated(PRIVATE_BLOB, 200 << 20);
    assertTrue(bomb.length < Archive.SMALL, "small: " + bomb.length);

    Refused refused = assertThrows(Refused.class, () -> described(bomb));

    assertEquals(Why.TOO_LARGE, refused.why);
    assertEquals("more than 67108864 bytes inflated before pixel data", refused.getMessage());
    assertTrue(refused.getMessage().length() <= 64, "an Error Comment takes no more");
  }

  @Test
  void aDeflatedInstanceThatIsCutOffIsRefused() {
    byte[] file = deflated(Tag.PIXEL_DATA, 5_000_000);

    Refused refused = assertThrows(Refused.class, () -> described(Arrays.copyOf(file, file.length - 100)));
    assertEquals(Why.NOT_DICOM, refused.why);
  }

  @Test
  void blankPixelsAreNotInflatedToTheirEndOnlyToDescribeThem() {
    byte[] blank = deflated(Tag.PIXEL_DATA, 600 << 20);
    Counting file = new Counting(blank, new AtomicLong());

    assertEquals(1, Described.again(file, Listed.UNREAD).frames());
    assertTrue(file.read.get() < blank.length / 2, file.read.get() + " bytes read of " + blank.length);
  }

  @Test
  void manyPrivateValuesTakeNothingFromTheOnesThatAreKept() {
    DataSet set = Phantom.attributes(3, 1);
    for (int n = 0; n < 300; n++) {
      set.put(new Element(0x00091000 + n, Vr.LT, new Value.Bytes(new byte[8 << 10])));
      set.put(new Element(0x000B1000 + n, Vr.LT, new Value.Bytes(new byte[64])));
    }

    assertEquals(Phantom.instance(3, 1), described(Phantom.file(set)).key().instance());
  }

  @Test
  void anInstanceOfThirtyThousandFramesWithGroupsOfTheirOwnIsDescribed() {
    DataSet[] groups = IntStream.range(0, 30_000)
        .mapToObj(n -> new DataSet(TransferSyntax.EXPLICIT_LE).putItems(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE,
            new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.RESCALE_INTERCEPT, "0")
                .putText(Tag.RESCALE_SLOPE, "1")))
        .toArray(DataSet[]::new);
    DataSet set = Phantom.attributes(4, 1).putItems(Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, groups);

    assertEquals(Phantom.instance(4, 1), described(Phantom.file(set)).key().instance());
  }

  @Test
  void moreItemsThanARowIsMadeOfAreTooLargeAndNotBroken() {
    DataSet[] items = IntStream.range(0, 60_000)
        .mapToObj(n -> new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.STUDY_INSTANCE_UID, "1"))
        .toArray(DataSet[]::new);
    byte[] file = Phantom.file(Phantom.attributes(5, 1).putItems(Tag.REFERENCED_STUDY_SEQUENCE, items));

    assertEquals(Why.TOO_LARGE, assertThrows(Refused.class, () -> described(file)).why);
  }

  @Test
  void aTagThatMeetsAHugeSequenceDoesNotSendThePictureAway() {
    DataSet[] items = IntStream.range(0, 110_000)
        .mapToObj(n -> new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.STUDY_INSTANCE_UID, "1"))
        .toArray(DataSet[]::new);
    byte[] file = Phantom.file(Phantom.attributes(6, 1).putItems(Tag.REFERENCED_IMAGE_SEQUENCE, items));
    Source source = Source.of(ByteBuffer.wrap(file));
    Listed tags = new Listed(3,
        List.of(new ImageTags.Tag(1, "00081140", "LO", Level.INSTANCE, null, true, true, new UUID(0, 1))));

    Described described = Described.of(source, Described.head(source), Expected.ANYTHING, tags);

    assertEquals(Tagged.UNREAD, described.tagged());
    assertThrows(DicomException.TooLarge.class, () -> Described.tagged(source, tags));
  }

  @Test
  void aRowLeavesOutWhatIsLargeAndKeepsWhatIsSearched() throws IOException {
    DataSet set = Phantom.attributes(2, 1).putText(Tag.STUDY_DESCRIPTION, "Head").putText(Tag.STUDY_ID, "S1");
    DataSet[] items = IntStream.range(0, 20_000)
        .mapToObj(n -> new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.STUDY_INSTANCE_UID, "1.2." + n))
        .toArray(DataSet[]::new);
    set.putItems(Tag.REFERENCED_STUDY_SEQUENCE, items).putItems(Tag.REQUEST_ATTRIBUTES_SEQUENCE, items);
    set.putItems(Tag.PROCEDURE_CODE_SEQUENCE, new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.STUDY_ID, "small"));
    set.put(new Element(Tag.NAME_OF_PHYSICIANS_READING_STUDY, Vr.PN, new Value.Bytes("a^b\\".repeat(2_000)
        .getBytes())));
    set.put(new Element(Tag.ADMITTING_DIAGNOSES_DESCRIPTION, Vr.LO, new Value.Bytes("\u0001".repeat(8_000)
        .getBytes())));
    byte[] file = Phantom.file(set);

    Described row = described(file);

    for (ObjectNode level : List.of(row.study(), row.series(), row.instance()))
      assertTrue(level.toString().length() <= 32 << 10, level.toString().length() + " bytes in a row");
    assertFalse(row.study().has("00081110"), "a large sequence");
    assertTrue(row.study().has("00081032"), "a small sequence");
    for (Map.Entry<String, String> searched : Map.of("00081030", "Head", "00200010", "S1", "00100020", "PAT-2")
        .entrySet())
      assertEquals(searched.getValue(), row.study().path(searched.getKey()).path("Value").path(0).asText());
    JsonNode readers = row.study().path("00081060").path("Value");
    assertEquals("a^b", readers.path(0).path("Alphabetic").asText(), "the first ones of very many are found");
    assertTrue(row.study().has("00081080"));
    assertTrue(row.series().has("00080060"));
    DataSet whole = Part10.read(Source.of(ByteBuffer.wrap(file)))
        .dataSet(Source.of(ByteBuffer.wrap(file)),
            Limits.HEADER);
    assertEquals(20_000, DicomJson.of(whole, path -> null).path("00081110").path("Value").size());
  }
}
