package io.caregrid.templates.hl7v2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchFileTest {
  @Test
  void aBatchIsItsMessages() {
    String file = "FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\rOBX|1|TX|||MSH in a text\rBTS|2\rFTS|1\r";

    assertEquals(List.of("MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|B\rOBX|1|TX|||MSH in a text\r"), BatchFile.messages(file));
  }

  @Test
  void linesEndHoweverTheyWereSavedAndFramesAreLeftOut() {
    assertEquals(List.of("MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|B\r"),
        BatchFile.messages("\uFEFF\u000BMSH|^~\\&|A\r\nPID|1\r\n\u001C\r\n\n\u000BMSH|^~\\&|B\n\u001C\r"));
    assertEquals(List.of(), BatchFile.messages(" \r\n\n"));
    assertEquals(List.of("PID|1\r", "MSH|^~\\&|A\r"), BatchFile.messages("PID|1\nMSH|^~\\&|A"));
  }

  @Test
  void aMessageThatNeverEndsEndsTheReading() {
    List<String> messages = new ArrayList<>();

    ConversionException failure = assertThrows(ConversionException.class,
        () -> BatchFile.each(new StringReader("MSH|^~\\&|A\rMSH|" + "x".repeat(100)), 50, messages::add));

    assertEquals(ErrorCode.INPUT_PARSING_ERROR, failure.code);
    assertEquals(List.of("MSH|^~\\&|A\r"), messages);
  }

  @Test
  void aHeaderIsReadWhateverFollowsIt() {
    Header header = Header.of(
        "\r\nMSH#*~\\&#APP#FAC*1.2*ISO#R#RF#20261103##ADT*A01*ADT_A01#ID-\\T\\7#P#2.5######UNICODE UTF-8~ASCII\nbroken");

    assertEquals(
        new Header("APP", "FAC*1.2*ISO", "R", "RF", "ADT", "A01", "ADT_A01", "ID-&7", "P", "2.5", "UNICODE UTF-8",
            '#', "*~\\&"),
        header);
    assertEquals(ErrorCode.INVALID_HL7V2_MESSAGE,
        assertThrows(ConversionException.class, () -> Header.of("PID|1")).code);
    assertEquals("", Header.of("MSH|^~\\&|").controlId());
  }
}
