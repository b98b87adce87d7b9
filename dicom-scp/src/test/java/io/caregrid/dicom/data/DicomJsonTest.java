package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DicomJsonTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void eachKindOfValueIsShownAsTheStandardSays() throws Exception {
    DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE)
        .putText(Tag.SPECIFIC_CHARACTER_SET, "ISO_IR 192")
        .putText(Tag.IMAGE_TYPE, "DERIVED", "", "AXIAL")
        .putText(Tag.PATIENT_NAME, "Wang^XiaoDong=王^小東")
        .putText(0x00101001, "A^B", "==Z^Y", "")
        .putText(Tag.PATIENT_ID)
        .putNumbers(Tag.INSTANCE_NUMBER, 42)
        .putText(Tag.WINDOW_CENTER, "1.50", "-3", "1E2", "about 5")
        .putNumbers(Tag.ROWS, 512)
        .putText(Tag.FRAME_INCREMENT_POINTER, "00181063")
        .putText(0x00189073, "0.1")
        .putText(0x00187052, "0.25")
        .putItems(Tag.PROCEDURE_CODE_SEQUENCE, new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.CODE_VALUE, "X"),
            new DataSet(TransferSyntax.EXPLICIT_LE))
        .putItems(Tag.REFERENCED_SERIES_SEQUENCE)
        .put(new Element(0x00091001, Vr.UN, new Value.Bytes("abcd".getBytes())))
        .putNumbers(0x00080000, 10);

    assertEquals(JSON.readTree("""
        {"00080005":{"vr":"CS","Value":["ISO_IR 192"]},
         "00080008":{"vr":"CS","Value":["DERIVED",null,"AXIAL"]},
         "00081032":{"vr":"SQ","Value":[{"00080100":{"vr":"SH","Value":["X"]}},{}]},
         "00081115":{"vr":"SQ"},
         "00091001":{"vr":"UN","InlineBinary":"YWJjZA=="},
         "00100010":{"vr":"PN","Value":[{"Alphabetic":"Wang^XiaoDong","Ideographic":"王^小東"}]},
         "00100020":{"vr":"LO"},
         "00101001":{"vr":"PN","Value":[{"Alphabetic":"A^B"},{"Phonetic":"Z^Y"},null]},
         "00187052":{"vr":"DS","Value":[0.25]},
         "00189073":{"vr":"FD","Value":[0.1]},
         "00200013":{"vr":"IS","Value":[42]},
         "00280009":{"vr":"AT","Value":["00181063"]},
         "00280010":{"vr":"US","Value":[512]},
         "00281050":{"vr":"DS","Value":[1.50,-3,1E2,"about 5"]}}
        """), JSON.readTree(DicomJson.of(set, path -> null).toString()));
  }

  @Test
  void numbersAreThoseOfTheDataSetInEitherByteOrder() throws Exception {
    for (Raw raw : List.of(Raw.explicit(), Raw.big())) {
      DataSet set = raw.head(0x00091001, "UV", 8)
          .int32(-1)
          .int32(-1)
          .head(0x00091002, "SL", 4)
          .int32(-5)
          .head(0x00091003, "FL", 8)
          .int32(Float.floatToIntBits(0.1f))
          .int32(Float.floatToIntBits(Float.NaN))
          .head(0x00091004, "OW", 2)
          .int16(0x0102)
          .read();

      assertEquals("""
          {"00091001":{"vr":"UV","Value":[18446744073709551615]},"00091002":{"vr":"SL","Value":[-5]},\
          "00091003":{"vr":"FL","Value":[0.1,"NaN"]},"00091004":{"vr":"OW","InlineBinary":"AgE="}}\
          """, DicomJson.of(set, path -> null).toString());
    }
  }

  @Test
  void valuesThatAreNotInMemoryAreShownByTheirUriOrNotAtAll() {
    DataSet item = new DataSet(TransferSyntax.EXPLICIT_LE)
        .put(new Element(0x00091001, Vr.OB, new Value.Bulk(0, 1000)));
    DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE).putItems(Tag.PROCEDURE_CODE_SEQUENCE, item)
        .put(new Element(Tag.PIXEL_DATA, Vr.OW, new Value.Bulk(0, 1000)));
    List<String> asked = new ArrayList<>();

    JsonNode shown = DicomJson.of(set, path -> {
      asked.add(path);
      return path.equals("7FE00010") ? "/bulk/" + path : null;
    });

    assertEquals(List.of("00081032/1/00091001", "7FE00010"), asked);
    assertEquals(
        "{\"00081032\":{\"vr\":\"SQ\",\"Value\":[{}]},\"7FE00010\":{\"vr\":\"OW\",\"BulkDataURI\":\"/bulk/7FE00010\"}}",
        shown.toString());
  }

  @Test
  void numbersThatNobodyMeantAreText() {
    String huge = "1E999999999";
    DataSet set = Raw.explicit()
        .text(Tag.WINDOW_CENTER, "DS", huge)
        .text(Tag.INSTANCE_NUMBER, "IS", "9".repeat(100))
        .read();

    assertEquals(huge, DicomJson.of(set, path -> null).at("/00281050/Value/0").textValue());
    assertEquals("9".repeat(100), DicomJson.of(set, path -> null).at("/00200013/Value/0").textValue());
  }

  @Test
  void theWayBackGivesTheSameAndSaysThatItIsUtf8WhereThatMatters() throws Exception {
    String ascii = """
        {"00080005":{"vr":"CS","Value":["ISO_IR 100"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"A^B","Phonetic":"C"}]},\
        "00280010":{"vr":"US","Value":[512]},"00280009":{"vr":"AT","Value":["00181063"]},"00200013":{"vr":"IS","Value":["7"]},\
        "00091001":{"vr":"OB","InlineBinary":"AQI="},"00091002":{"vr":"OB","BulkDataURI":"x"},\
        "00081032":{"vr":"SQ","Value":[{"00080100":{"vr":"SH","Value":["X"]}}]},"00081115":{"vr":"SQ"}}\
        """;
    DataSet set = DicomJson.read(JSON.readTree(ascii));
    DataSet chinese = DicomJson.read(JSON.readTree(ascii.replace("\"X\"", "\"王\"")));

    assertEquals("A^B==C", set.text(Tag.PATIENT_NAME));
    assertEquals(7, set.number(Tag.INSTANCE_NUMBER).getAsLong());
    assertEquals("X", set.items(Tag.PROCEDURE_CODE_SEQUENCE).get(0).text(Tag.CODE_VALUE));
    assertFalse(set.has(0x00091002));
    assertEquals("ISO_IR 100", set.text(Tag.SPECIFIC_CHARACTER_SET));
    assertEquals("ISO_IR 192", chinese.text(Tag.SPECIFIC_CHARACTER_SET));
    assertEquals("王", chinese.items(Tag.PROCEDURE_CODE_SEQUENCE).get(0).text(Tag.CODE_VALUE));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {"=|", "==|", "= =|", "A^B==|A^B", "A^B= |A^B", "=王|=王",
    "A==C|A==C"})
  void emptyGroupsAtTheEndOfANameAreNotThere(String written, String read) throws Exception {
    DataSet set = DicomJson
        .read(JSON.readTree("{\"00100010\":{\"vr\":\"PN\",\"Value\":[{\"Alphabetic\":\"" + written + "\"}]}}"));

    assertEquals(read, set.text(Tag.PATIENT_NAME));
    assertEquals(read != null, DicomJson.of(set, path -> null).at("/00100010").has("Value"));
    assertEquals(DicomJson.of(set, path -> null),
        DicomJson.of(DicomJson.read(DicomJson.of(set, path -> null)), path -> null));
  }

  @Test
  void longNumbersAreRoundedToWhatDsHolds() throws Exception {
    DataSet set = DicomJson.read(JSON.readTree("""
        {"00281050":{"vr":"DS","Value":[0.30000000000000004, -0.000012345678901234567, 5]}}"""));

    for (String text : set.texts(Tag.WINDOW_CENTER))
      assertEquals(true, text.length() <= 16, text);
    assertEquals(0.3, set.decimals(Tag.WINDOW_CENTER)[0], 1e-13);
    assertEquals(-0.000012345678901, set.decimals(Tag.WINDOW_CENTER)[1], 1e-14);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {"[]|a data set is a JSON object",
    "{\"PatientName\":{}}|an attribute's key is eight hexadecimal digits",
    "{\"00100010\":5}|(0010,0010) is not an object",
    "{\"00100010\":{\"vr\":\"XX\"}}|(0010,0010) has an unknown vr",
    "{\"00100020\":{\"vr\":\"LO\",\"Value\":\"x\"}}|(0010,0020) has a Value that is not an array",
    "{\"00100020\":{\"vr\":\"LO\",\"Value\":[{}]}}|(0010,0020) has a value that is neither text nor number",
    "{\"00100020\":{\"vr\":\"LO\",\"Value\":[\"a\\\\b\"]}}|(0010,0020) has a backslash within a value",
    "{\"00280010\":{\"vr\":\"US\",\"Value\":[70000]}}|(0028,0010) takes values of US",
    "{\"00280010\":{\"vr\":\"US\",\"Value\":[null]}}|(0028,0010) is US and has null among its values",
    "{\"00104000\":{\"vr\":\"LT\",\"Value\":[\"a\",\"b\"]}}|(0010,4000) has one value",
    "{\"7FE00010\":{\"vr\":\"OW\",\"InlineBinary\":\"!\"}}|(7FE0,0010) has InlineBinary that is not base64",
    "{\"7FE00010\":{\"vr\":\"OW\",\"InlineBinary\":5}}|(7FE0,0010) has InlineBinary that is not base64",
    "{\"00100010\":{\"vr\":\"PN\",\"InlineBinary\":\"AAA=\"}}|(0010,0010) is PN and has InlineBinary",
    "{\"00081032\":{\"vr\":\"SQ\",\"Value\":[5]}}|a data set is a JSON object"})
  void whatIsNotTheModelIsRefusedByName(String json, String why) throws Exception {
    JsonNode node = JSON.readTree(json);

    assertEquals(why, assertThrows(DicomException.class, () -> DicomJson.read(node)).getMessage());
  }

  @Test
  void depthIsBounded() throws Exception {
    JsonNode node = JSON.readTree("{\"00081032\":{\"vr\":\"SQ\",\"Value\":[".repeat(70) + "{}" + "]}}".repeat(70));

    assertEquals("sequences nested deeper than 64",
        assertThrows(DicomException.class, () -> DicomJson.read(node)).getMessage());
  }
}
