package io.caregrid.templates.ccda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.JsonText;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DocumentTest {
  @Test
  void attributesTextsAndRepeatedElements() {
    assertEquals(
        "{\"?xml\":{\"version\":\"1.0\"},\"d\":{\"xmlns\":\"urn:hl7-org:v3\",\"id\":[{\"root\":\"1\"},{\"root\":\"2\"}],"
            + "\"name\":{\"_\":\"J & K\"},\"none\":null,\"empty\":\"\"}}",
        json(
            "<?xml version=\"1.0\"?>\n<d xmlns=\"urn:hl7-org:v3\"> <id root=\"1\"/> <name>J &amp; K</name><id root='2'/><none/><empty></empty></d>"));
  }

  @Test
  void foreignNamespacesOfTheRootBecomePrefixes() {
    assertEquals(
        "{\"d\":{\"xmlns\":\"urn:hl7-org:v3\",\"xmlns:sdtc\":\"urn:hl7-org:sdtc\",\"sdtc_raceCode\":{\"code\":\"1\"}}}",
        json("<d xmlns=\"urn:hl7-org:v3\" xmlns:sdtc=\"urn:hl7-org:sdtc\"><sdtc:raceCode code=\"1\"/></d>"));
  }

  /** Ids are hashes of the whole document. */
  @Test
  void declarationsAndAttributesKeepTheirOrder() {
    String root = "<d xmlns:xsi=\"urn:x\"\r\n xsi:schemaLocation='a > b \"c\"'\r\n  xmlns=\"urn:hl7-org:v3\" xmlns:same=\"urn:hl7-org:v3\" b = \"xmlns=1\" xmlns:voc=\"urn:voc\">";
    assertEquals(
        "{\"d\":{\"xmlns:xsi\":\"urn:x\",\"xsi:schemaLocation\":\"a > b \\\"c\\\"\",\"xmlns\":\"urn:hl7-org:v3\",\"b\":\"xmlns=1\",\"xmlns:voc\":\"urn:voc\","
            + "\"e\":{\"code\":\"1\",\"xmlns\":\"urn:hl7-org:v3\"}}}",
        json("\uFEFF<?xml version='1.0'?><!-- < -->\r\n" + root + "\r\n<e code=\"1\" xmlns=\"urn:hl7-org:v3\"/></d>")
            .replaceFirst("\"\\?xml\":\\{[^}]*},", ""));
  }

  @Test
  void longNamesTakeNoLongerThanShortOnes() {
    String tag = "<" + "a".repeat(990) + " xmlns:x=\"u\" b=\"v\"/>\n";
    assertTimeoutPreemptively(Duration.ofSeconds(30), () -> Document.parse("<d>" + tag.repeat(20_000) + "</d>"));
  }

  @Test
  void whatHasTooManyPartsIsRefusedBeforeItFillsTheMemory() {
    String parts = "<a/>".repeat(Document.MOST_PARTS);

    ConversionException refused = assertThrows(ConversionException.class,
        () -> Document.parse("<d>" + parts + "</d>"));

    assertEquals(ErrorCode.INPUT_PARSING_ERROR, refused.code);
    assertTrue(refused.told().contains("more than 4,500,000 elements, attributes and texts"), refused.told());
  }

  @Test
  void whatHasNoEndOfDifferentNamesIsRefused() {
    StringBuilder names = new StringBuilder("<d>");
    for (int i = 0; i <= Document.MOST_NAMES; i++) names.append("<a").append(i).append("/>");

    ConversionException refused = assertThrows(ConversionException.class,
        () -> Document.parse(names.append("</d>").toString()));

    assertEquals(ErrorCode.INPUT_PARSING_ERROR, refused.code);
    assertTrue(refused.told().contains("more than 10,000 different names"), refused.told());
  }

  @Test
  void theBlanksBetweenElementsAreNoParts() {
    int lines = Document.MOST_PARTS / 2 + 1;

    Map<?, ?> table = (Map<?, ?>) Document.parse("<d>" + "<a/>\n".repeat(lines) + "</d>").get("d");

    assertEquals(lines, ((List<?>) table.get("a")).size());
  }

  @Test
  void lineBreaksInsideTextsAreLeftOutAndMixedTextIsAListFromItsEnd() {
    assertEquals("{\"d\":{\"_\":\"ab\"}}", json("<d>a\r\nb</d>"));
    assertEquals("{\"d\":{\"br\":null,\"_\":[\"b\",\"a\"]}}", json("<d>a<br/>b</d>"));
  }

  @Test
  void theSourceIsKeptWithoutLineBreaks() {
    assertEquals("<d><e/></d>", Document.parse("<d>\n<e/>\r\n</d>").get("_originalData"));
  }

  @Test
  void entitiesAreNotRead() {
    refused("<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><d>&x;</d>");
    refused("<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><d>&b;</d>");
    refused("<!DOCTYPE d SYSTEM \"http://localhost:1/x.dtd\"><d/>");
    refused("<d>&undefined;</d>");
  }

  @Test
  void brokenOrEndlesslyDeepIsRefused() {
    refused("<d><e></d>");
    refused("plain");
    refused("<d>".repeat(5000) + "</d>".repeat(5000));
    assertEquals(ErrorCode.NULL_OR_WHITE_SPACE_INPUT,
        assertThrows(ConversionException.class, () -> Document.parse(" ")).code);
  }

  @Test
  void whereItIsBrokenIsSaid() {
    ConversionException failure = assertThrows(ConversionException.class, () -> Document.parse("<d>\n<e></d>"));

    assertTrue(failure.getMessage().contains("line 2"), failure.getMessage());
  }

  private static void refused(String text) {
    assertEquals(ErrorCode.INPUT_PARSING_ERROR,
        assertThrows(ConversionException.class, () -> Document.parse(text)).code);
  }

  private static String json(String text) {
    Map<String, Object> document = new LinkedHashMap<>(Document.parse(text));
    document.remove("_originalData");
    return JsonText.of(document);
  }
}
