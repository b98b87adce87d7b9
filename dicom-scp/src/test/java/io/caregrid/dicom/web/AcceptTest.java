package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.web.Accept.Representation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceptTest {
  private static final String ELE = "1.2.840.10008.1.2.1";
  private static final String RLE = "1.2.840.10008.1.2.5";
  private static final String J2K = "1.2.840.10008.1.2.4.90";
  private static final List<Representation> RLE_INSTANCE = List.of(
      new Representation(true, "application/dicom", RLE, false),
      new Representation(true, "application/dicom", ELE, true),
      new Representation(false, "application/dicom", RLE, false),
      new Representation(false, "application/dicom", ELE, true));

  private static String chosen(String... headers) {
    return Accept.of(List.of(headers), null).best(RLE_INSTANCE).map(AcceptTest::shown).orElse("406");
  }

  private static String shown(Representation one) {
    return (one.multipart() ? "multipart " : "single ")
        + (ELE.equals(one.syntax()) ? "ELE" : RLE.equals(one.syntax()) ? "RLE" : one.syntax());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "*/* | multipart ELE",
    "multipart/related; type=\"application/dicom\" | multipart ELE",
    "multipart/related; type=\"application/dicom\"; transfer-syntax=* | multipart RLE",
    "multipart/related; type=\"application/dicom\"; transfer-syntax=\"*\" | multipart RLE",
    "multipart/related; type=application/dicom; transfer-syntax=1.2.840.10008.1.2.5 | multipart RLE",
    "multipart/related; type=application/dicom; transfer-syntax=1.2.840.10008.1.2.1 | multipart ELE",
    "multipart/related; type=application/dicom; transfer-syntax=1.2.3.4 | 406",
    "Multipart/Related;  type=application/dicom ; Transfer-Syntax=* | multipart RLE",
    "MULTIPART/RELATED;TYPE=\"Application/DICOM\" | multipart ELE",
    "multipart/related | multipart ELE",
    "multipart/* | multipart ELE",
    "application/dicom | single ELE",
    "application/dicom;transfer-syntax=* | single RLE",
    "application/* | single ELE",
    "image/gif | 406",
    "image/gif;q=1.0, multipart/related; type=\"application/dicom\"; transfer-syntax=*;q=0.5 | multipart RLE",
    "application/dicom;q=0.4, multipart/related;type=application/dicom;q=0.3 | single ELE",
    "application/dicom;q=0.3, multipart/related;type=application/dicom;q=0.4 | multipart ELE",
    "application/dicom, multipart/related;type=application/dicom | single ELE",
    "multipart/related;type=application/dicom;transfer-syntax=1.2.840.10008.1.2.4.90, multipart/related;type=application/dicom;transfer-syntax=* | multipart RLE",
    "multipart/related;type=application/dicom;transfer-syntax=*;q=0.5, multipart/related;type=application/dicom;transfer-syntax=1.2.840.10008.1.2.1;q=0.9 | multipart ELE",
    "multipart/related;type=application/dicom;q=0, */* | single ELE",
    "multipart/related;type=application/octet-stream | 406",
    "application/dicom;q=0 | 406",
    "garbage | 406"})
  void theHeaderDecides(String header, String expected) {
    assertEquals(expected, chosen(header));
  }

  @Test
  void noHeaderIsAnything() {
    assertEquals("multipart ELE", chosen());
    assertEquals("multipart ELE", chosen(""));
  }

  @Test
  void severalHeaderLinesAreOneList() {
    assertEquals("single ELE", chosen("image/png", "application/dicom"));
  }

  @Test
  void theQueryParameterCountsAlone() {
    Accept accept = Accept.of(List.of("image/png"), "application/dicom; transfer-syntax=*");

    assertEquals("single RLE", shown(accept.best(RLE_INSTANCE).orElseThrow()));
  }

  @Test
  void aQualityThatIsNoneIsRefused() {
    for (String q : List.of("2", "-1", "0.1234", "high"))
      assertThrows(Failure.Invalid.class, () -> Accept.of(List.of("*/*;q=" + q), null), q);
  }

  @Test
  void eachKindOfInstanceGetsWhatSuitsItBest() {
    Map<String, List<Representation>> offers = offers();

    Map<String, Representation> any = Accept
        .of(List.of("multipart/related; type=\"application/dicom\"; transfer-syntax=*"), null)
        .best(offers)
        .orElseThrow();
    Map<String, Representation> usual = Accept.of(List.of(), null).best(offers).orElseThrow();

    assertEquals(List.of(RLE, J2K), any.values().stream().map(Representation::syntax).toList());
    assertEquals(List.of(ELE, J2K), usual.values().stream().map(Representation::syntax).toList());
  }

  @Test
  void aSyntaxThatOneInstanceCannotReachRefusesThemAll() {
    assertEquals(true,
        Accept.of(List.of("multipart/related; type=\"application/dicom\"; transfer-syntax=" + ELE), null)
            .best(offers())
            .isEmpty());
    assertEquals(2, Accept.of(List.of("multipart/related; type=application/dicom; transfer-syntax=" + ELE
        + ", multipart/related; type=application/dicom; transfer-syntax=" + J2K), null)
        .best(offers())
        .orElseThrow()
        .size());
  }

  /** J2K is not decoded here: as kept or not at all. */
  private static Map<String, List<Representation>> offers() {
    Map<String, List<Representation>> offers = new LinkedHashMap<>();
    offers.put(RLE, RLE_INSTANCE);
    offers.put(J2K, List.of(new Representation(true, "application/dicom", J2K, true)));
    return offers;
  }
}
