package io.caregrid.ingest.hl7;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Against HL7 v2.5.1 2.9 and 2.15.1, written out by hand. */
class AcknowledgmentTest {
  private static final Instant NOW = Instant.parse("2026-11-20T10:15:30Z");
  private static final Finding PROCESSING = Finding.reject(11, Finding.PROCESSING_ID, "not|taken^here");
  private static final Finding ENCODING = Finding.error(0, Finding.INTERNAL, "send it again");

  private static Msh header(String segment) throws Exception {
    return Msh.of(segment + "\rPID|1");
  }

  /** Without MSH-10, which is random. */
  private static String answer(String segment, List<Finding> findings) throws Exception {
    String text = new String(Acknowledgment.of(header(segment), findings, NOW), StandardCharsets.ISO_8859_1);
    return text.replaceFirst("[0-9a-f]{20}", "ID").replace('\r', '\n');
  }

  @Test
  void whatIsKeptIsAnsweredAaWithItsControlIdAndItsAddressTurnedRound() throws Exception {
    assertEquals("""
        MSH|^~\\&|RECV|RFAC|SEND^1.2.3^ISO|SFAC|20261120101530+0000||ACK^A01^ACK|ID|P|2.5.1||||||UNICODE UTF-8
        MSA|AA|MSG\\T\\0001
        """,
        answer(
            "MSH|^~\\&|SEND^1.2.3^ISO|SFAC|RECV|RFAC|20261120||ADT^A01^ADT_A01|MSG\\T\\0001|P|2.5.1||||||UNICODE UTF-8",
            List.of()));
  }

  @Test
  void theSendersSeparatorsAndBytesAreUsedAndOurWordsDoNotBreakThem() throws Exception {
    assertEquals("""
        MSH$%*!@$R\u00e9$$S$$20261120101530+0000$$ACK%A04%ACK$ID$T$2.5
        MSA$AR$7$not|taken^here
        ERR$$MSH%1%11$202%Unsupported processing id%HL70357$E$$$$not|taken^here
        """, answer("MSH$%*!@$S$$R\u00e9$$$$ADT%A04$7$T$2.5", List.of(PROCESSING)));
    assertTrue(answer("MSH|^~\\&|S||R|||| ADT^A04|7|T|2.5", List.of(PROCESSING)).contains("|not taken here\n"));
  }

  @Test
  void whatWouldBeginOrEndAFrameIsNotGivenBack() throws Exception {
    assertTrue(answer("MSH|^~\\&|S\u000b||R||||ADT^A04|7\u001c|P|2.5", List.of())
        .endsWith("||ACK^A04^ACK|ID|P|2.5\nMSA|AA|7 \n"));
  }

  @Test
  void olderVersionsGetTheSegmentsThatTheyKnow() throws Exception {
    assertEquals("""
        MSH|^~\\&|||S||20261120101530+0000||ACK^A01|ID|P|2.3
        MSA|AE|1|send it again
        ERR|^^^207&Application internal error&HL70357
        """, answer("MSH|^~\\&|S||||||ADT^A01|1|P|2.3", List.of(ENCODING)));
    assertTrue(answer("MSH|^~\\&|S||||||ADT^A01|1|T|2.4", List.of(PROCESSING))
        .contains("ERR|MSH^1^11^202&Unsupported processing id&HL70357\n"));
    assertTrue(answer("MSH|^~\\&|S||||||ADT|1|P|2.1", List.of()).contains("||ACK|ID|P|2.1\nMSA|AA|1\n"));
  }

  @Test
  void enhancedModeIsAnsweredAsItsConditionsSay() throws Exception {
    String enhanced = "MSH|^~\\&|S||||||ADT^A01|1|P|2.5|||";
    assertEquals("CA", Acknowledgment.code(header(enhanced + "AL|NE"), List.of()));
    assertEquals("CE", Acknowledgment.code(header(enhanced + "AL|NE"), List.of(ENCODING)));
    assertEquals("CR", Acknowledgment.code(header(enhanced + "AL|AL"), List.of(PROCESSING)));
    assertEquals("AA", Acknowledgment.code(header(enhanced + "NE|AL"), List.of()));
    assertEquals("AA", Acknowledgment.code(header("MSH|^~\\&|S||||||ADT^A01|1|P|2.5"), List.of()));
    assertTrue(Acknowledgment.isWanted(header("MSH|^~\\&|S||||||ADT^A01|1|P|2.5"), List.of()));
    assertFalse(Acknowledgment.isWanted(header(enhanced + "NE|NE"), List.of(ENCODING)));
    assertFalse(Acknowledgment.isWanted(header(enhanced + "ER|NE"), List.of()));
    assertTrue(Acknowledgment.isWanted(header(enhanced + "ER|NE"), List.of(ENCODING)));
    assertTrue(Acknowledgment.isWanted(header(enhanced + "SU|"), List.of()));
    assertFalse(Acknowledgment.isWanted(header(enhanced + "SU|"), List.of(ENCODING)));
  }

  @Test
  void whatIsNoHeaderIsSaidSo() {
    for (String wrong : List.of("", "MSH", "PID|1|2|3|4", "MSH|^^\\&|A", "MSH||||||||", "MSHa^~\\&aS", "MSH|^|~&|A",
        "MSH|^~\\&#x|A"))
      assertThrows(Msh.Unusable.class, () -> Msh.of(wrong), wrong);
    String answer = new String(
        Acknowledgment.toNobody(List.of(Finding.reject(0, Finding.SEGMENT_SEQUENCE, "no header")), NOW),
        StandardCharsets.US_ASCII);
    assertTrue(answer.contains("||ACK|") && answer.contains("|P|2.5\rMSA|AR||no header\rERR|||100^"), answer);
  }
}
