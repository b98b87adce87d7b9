package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.caregrid.dicom.pixel.Extent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MetadataJsonTest {
  private static final TransferSyntax SYNTAX = TransferSyntax.EXPLICIT_LE;
  private static final int CONTOUR_SEQUENCE = 0x30060040;
  private static final int CONTOUR_GEOMETRIC_TYPE = 0x30060042;
  private static final int CONTOUR_DATA = 0x30060050;
  private static final int TEXT_VALUE = 0x0040A160;
  /** PS3.18 F.2.2. */
  private static final Set<String> BULK = Set.of("DS", "FL", "FD", "IS", "LT", "OB", "OD", "OF", "OL", "OV", "OW", "SL",
      "SS", "ST", "SV", "UC", "UL", "UN", "US", "UT", "UV");

  /** As it is retrieved. */
  private static JsonNode shown(DataSet set) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(Part10.header("1.2.840.10008.5.1.4.1.1.481.3", "1.2.3", SYNTAX, null).array());
    DataSetWriter.write(set, SYNTAX, null, file);
    Source source = Source.of(ByteBuffer.wrap(file.toByteArray()));
    DicomException more = null;
    for (Extent extent : Extent.values()) {
      try {
        DataSet read = Part10.read(source)
            .dataSet(source, extent.limits(MetadataJson.INLINE_BYTES, Limits.HEADER.stopBefore()));
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        MetadataJson.write(read, path -> "bulk/" + path, json);
        return new ObjectMapper().readTree(json.toByteArray());
      } catch (DicomException tooMuch) {
        more = tooMuch;
      }
    }
    throw more;
  }

  private static DataSet text(int tag, Vr vr, String text) {
    return new DataSet(SYNTAX).put(new Element(tag, vr, new Value.Bytes(text.getBytes(StandardCharsets.US_ASCII))));
  }

  /** @param points of all contours together, three numbers each */
  private static DataSet structures(int contours, int points) {
    String numbers = "-123.45\\67.890\\-1.5\\".repeat(points / contours);
    DataSet[] items = IntStream.range(0, contours)
        .mapToObj(n -> text(CONTOUR_DATA, Vr.DS, numbers).putText(Tag.REFERENCED_SOP_INSTANCE_UID, "1.2.3." + n)
            .put(new Element(CONTOUR_GEOMETRIC_TYPE, Vr.CS, new Value.Bytes("CLOSED_PLANAR ".getBytes()))))
        .toArray(DataSet[]::new);
    return new DataSet(SYNTAX).putItems(CONTOUR_SEQUENCE, items);
  }

  private static void assertLegal(JsonNode set) {
    for (JsonNode each : set) {
      if (each.has("BulkDataURI")) assertTrue(BULK.contains(each.path("vr").asText()), "a URI of " + each.path("vr"));
      if (each.path("vr").asText().equals("SQ")) each.path("Value").forEach(MetadataJsonTest::assertLegal);
    }
  }

  @Test
  void codesAndUidsOfAnyNumberOfContoursAreValues() throws IOException {
    for (int contours : new int[] {1_000, 6_000, 20_000}) {
      JsonNode shown = shown(structures(contours, 900_000));

      assertLegal(shown);
      JsonNode last = shown.at("/30060040/Value/" + (contours - 1));
      assertEquals("CLOSED_PLANAR", last.at("/30060042/Value/0").asText());
      assertEquals("1.2.3." + (contours - 1), last.at("/00081155/Value/0").asText());
    }
  }

  @Test
  void aReportOfFiftyThousandLettersIsAValueAndALongerOneABulkDataUri() throws IOException {
    for (Vr vr : new Vr[] {Vr.UT, Vr.LT, Vr.ST}) {
      String report = "findings ".repeat(5_600);
      assertEquals(report.strip(), shown(text(TEXT_VALUE, vr, report)).at("/0040A160/Value/0").asText());
    }
    JsonNode longer = shown(text(TEXT_VALUE, Vr.UT, "findings ".repeat(10_000)));
    assertEquals("bulk/0040A160", longer.at("/0040A160/BulkDataURI").asText());
  }

  @Test
  void manyUidsAreValues() throws IOException {
    String uids = "1.2.826.0.1.3680043.10.543.1000\\".repeat(1_000);

    JsonNode shown = shown(text(Tag.REFERENCED_SOP_INSTANCE_UID, Vr.UI, uids + "1"));

    assertEquals(1_001, shown.at("/00081155/Value").size());
  }

  @Test
  void longListsOfNumbersAndBinariesAreBulkDataUris() throws IOException {
    String numbers = "1.25\\".repeat(2_000);
    assertEquals("bulk/30060050", shown(text(CONTOUR_DATA, Vr.DS, numbers)).at("/30060050/BulkDataURI").asText());
    assertEquals("bulk/00091010", shown(text(0x00091010, Vr.OB, "x".repeat(258))).at("/00091010/BulkDataURI").asText());
    assertEquals(8, shown(text(0x00091010, Vr.OB, "x".repeat(6))).at("/00091010/InlineBinary").asText().length());
  }
}
