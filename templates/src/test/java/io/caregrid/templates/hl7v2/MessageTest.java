package io.caregrid.templates.hl7v2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Indexed;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class MessageTest {
  private static final String HEADER = "MSH|^~\\&|APP|FAC^1.2^ISO\r";

  @Test
  void fieldsComponentsAndSubcomponentsAreCountedFromOne() {
    Message message = Message.parse(HEADER + "PID|1||a^b&c~d^e||");

    assertEquals(List.of("MSH", "PID"), message.ids());
    assertEquals("|", value(message, 0, 1));
    assertEquals("^~\\&", value(message, 0, 2));
    assertEquals("APP", value(message, 0, 3));
    assertEquals("a^b&c~d^e", value(message, 1, 3));
    Indexed field = (Indexed) message.segments().get(1).at(3);
    assertEquals("a", ((Indexed) field.at(1)).at("Value"));
    assertEquals("c", ((Indexed) field.at(2)).at(2));
    assertEquals("e", ((Indexed) ((Indexed) ((List<?>) field.at("Repeats")).get(1)).at(2)).at(1));
  }

  @Test
  void whatIsNotThereIsNull() {
    Message message = Message.parse(HEADER + "PID|1||a^^c");
    Indexed field = (Indexed) message.segments().get(1).at(3);

    assertNull(message.segments().get(1).at(2));
    assertNull(message.segments().get(1).at(99));
    assertNull(field.at(2));
    assertNull(field.at(0));
    assertNull(((Indexed) field.at(1)).at(5));
  }

  @Test
  void linesEndAsTheyLike() {
    for (String end : List.of("\r", "\n", "\r\n", "\r\r\n")) {
      assertEquals(List.of("MSH", "EVN", "PID"),
          Message.parse("MSH|^~\\&|A" + end + "EVN|A" + end + "PID|1" + end).ids());
    }
    assertEquals(List.of("MSH"), Message.parse("\uFEFFMSH|^~\\&|A").ids());
  }

  @Test
  void escapesAreResolvedAndThenEscapedForJson() {
    Message message = Message
        .parse(HEADER + "OBX|\\F\\\\S\\\\T\\\\R\\|\\E\\|a\"b|x\\.br\\y|\\X4142E9\\|\\H\\z|C:\\temp");

    assertEquals("|^&~", value(message, 1, 1));
    assertEquals("\\\\", value(message, 1, 2));
    assertEquals("a\\\"b", value(message, 1, 3));
    assertEquals("x\\\\ny", value(message, 1, 4));
    assertEquals("AB\u00e9", value(message, 1, 5));
    assertEquals("\\\\H\\\\z", value(message, 1, 6));
    assertEquals("C:\\\\temp", value(message, 1, 7));
  }

  @Test
  void wrongHeadersHaveTheirCodes() {
    refused(ErrorCode.NULL_OR_WHITE_SPACE_INPUT, " \r\n");
    refused(ErrorCode.NULL_OR_WHITE_SPACE_INPUT, null);
    refused(ErrorCode.INVALID_HL7V2_MESSAGE, "PID|^~\\&|A");
    refused(ErrorCode.INVALID_HL7V2_MESSAGE, "M");
    refused(ErrorCode.MISSING_HL7V2_SEPARATORS, "MSH|^~");
    refused(ErrorCode.DUPLICATE_HL7V2_SEPARATORS, "MSH|^^\\&|A");
    refused(ErrorCode.INVALID_HL7V2_ESCAPE_CHARACTER, "MSH|^~/&|A");
    refused(ErrorCode.INVALID_HEXADECIMAL_NUMBER, HEADER + "OBX|\\X414\\");
  }

  @Test
  void otherSeparatorsAreTaken() {
    Message message = Message.parse("MSH#*!\\%#APP\rPID##a*b%c!d");

    assertEquals("c", ((Indexed) ((Indexed) message.segments().get(1).at(2)).at(2)).at(2));
  }

  @Test
  void aNameThatIsNoNumberIsAnError() {
    Segment segment = Message.parse(HEADER).segments().get(0);

    ConversionException failure = assertThrows(ConversionException.class, () -> segment.at("Foo"));

    assertEquals(ErrorCode.PROPERTY_NOT_FOUND, failure.code);
  }

  @Test
  void tenMegabytesOfOneFieldAreNotCopiedMoreThanNeeded() {
    String big = "A".repeat(10 << 20);
    Indexed field = (Indexed) Message.parse(HEADER + "OBX|1|ED|x||" + big).segments().get(1).at(5);

    assertEquals(big.length(), ((String) field.at("Value")).length());
    assertSame(field.at("Value"), ((Indexed) field.at(1)).at(1));
  }

  @Test
  void whatNobodyReadIsTold() {
    Message message = Message.parse(HEADER + "PID|1||a^b|c");
    ((Indexed) ((Indexed) message.segments().get(1).at(3)).at(1)).at("Value");
    ((Indexed) message.segments().get(0).at(4)).at("Value");

    List<Unused> unused = Unused.of(message);

    assertEquals(List.of(new Unused("MSH", 0, List.of(new Unused.Part(9, 12, "APP"))),
        new Unused("PID", 1,
            List.of(new Unused.Part(4, 5, "1"), new Unused.Part(9, 10, "b"), new Unused.Part(11, 12, "c")))),
        unused);
  }

  @Test
  void whatNobodyReadOfManyComponentsIsToldInTime() {
    Message message = Message.parse(HEADER + "OBX|1|x" + "^ab".repeat(200_000) + "|c");

    List<Unused> unused = assertTimeout(Duration.ofSeconds(30), () -> Unused.of(message));

    List<Unused.Part> parts = unused.get(1).components();
    assertEquals(200_003, parts.size());
    assertEquals(new Unused.Part(600_008, 600_009, "c"), parts.get(200_002));
  }

  @Test
  void aMessageOfSeparatorsIsRefused() {
    for (String one : List.of("~", "^", "&", "|", "a\r"))
      refused(ErrorCode.INPUT_PARSING_ERROR, HEADER + "OBX|" + one.repeat(Message.MOST_PARTS));
  }

  private static Object value(Message message, int segment, int field) {
    return ((Indexed) message.segments().get(segment).at(field)).at("Value");
  }

  private static void refused(ErrorCode code, String text) {
    assertEquals(code, assertThrows(ConversionException.class, () -> Message.parse(text)).code,
        text == null || text.length() < 100 ? text : text.substring(0, 100));
  }
}
