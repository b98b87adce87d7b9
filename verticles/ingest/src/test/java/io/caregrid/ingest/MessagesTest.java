package io.caregrid.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessagesTest {
  private static final int ROOMY = 1 << 20;

  @Test
  void anObjectIsForwardedAsTheVeryBytesSent() {
    assertEquals(List.of("{ \"a\" : 1.50,\n \"ü\":\"\\u0041\" }"),
        json(" \n{ \"a\" : 1.50,\n \"ü\":\"\\u0041\" }\r\n"));
  }

  @Test
  void eachElementOfAnArrayIsAMessageOfItsOwn() {
    assertEquals(List.of("{\"a\":[1,{\"b\":2}]}", "{ }", "{\"c\":\"],\"}"),
        json("[{\"a\":[1,{\"b\":2}]} , { },\n{\"c\":\"],\"}]"));
  }

  @Test
  void anEmptyArrayHoldsNothing() {
    assertEquals(List.of(), json("[ ]"));
  }

  @Test
  void eachLineIsAMessageAndBlankLinesAreNone() {
    assertEquals(List.of("{\"a\":1}", "{\"b\":\"x\\n\"}", "{\"c\":3}"),
        lines("\n{\"a\":1}\r\n\n  {\"b\":\"x\\n\"} \n{\"c\":3}"));
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheMessage() {
    assertEquals(List.of("{\"a\":1}"), json("\uFEFF{\"a\":1}"));
    assertEquals(List.of("{\"a\":1}", "{}"), lines("\uFEFF{\"a\":1}\n{}"));
    assertEquals("line 1, column 2, byte 4: element [0]: not JSON", refused("\uFEFF{,}", Messages.Form.JSON));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "{\"a\":1,}          | line 1, column 8, byte 7: element [0]: not JSON",
    "[{\"a\":1},{\"b\":]  | line 1, column 15, byte 14: element [1]: not JSON",
    "[{},{}] {}          | line 1, column 9, byte 8: there is more after the end of the JSON",
    "{}{}                | line 1, column 3, byte 2: there is more after the end of the JSON",
    "[{},[{}]]           | line 1, column 5, byte 4: element [1] is not a JSON object",
    "[{},7]              | line 1, column 5, byte 4: element [1] is not a JSON object",
    "\"text\"            | line 1, column 1, byte 0: the body is not a JSON object",
    "null                | line 1, column 1, byte 0: the body is not a JSON object",
    "{\"a\":{\"b\":1     | element [0]: the JSON ends too early",
    "[{},                | element [1]: the JSON ends too early",
    "{'a':1}             | not JSON",
    "{\"a\":NaN}         | not JSON",
    "{\"a\":01}          | not JSON",
    "<xml/>              | not JSON",
    "`  `                | the body is empty"})
  void whatIsNoJsonIsRefusedWithItsPlace(String body, String said) {
    assertTrue(refused(body, Messages.Form.JSON).contains(said), refused(body, Messages.Form.JSON));
  }

  @Test
  void aBadLineIsNamedByItsNumber() {
    assertTrue(refused("{\"a\":1}\n\n{\"b\":}\n{}", Messages.Form.LINES)
        .startsWith("line 3, column 6, byte 14: message [1]: not JSON"));
    assertTrue(refused("{}\n[{}]", Messages.Form.LINES)
        .startsWith("line 2, column 1, byte 3: message [1] is not a JSON object"));
    assertTrue(
        refused("{} {}", Messages.Form.LINES).contains("line 1, column 4, byte 3: more than one message in this line"));
    assertTrue(refused("{\n}", Messages.Form.LINES)
        .contains("line 1, column 1, byte 0: the message goes on in the next line"));
    assertTrue(refused("\n \n", Messages.Form.LINES).contains("the body is empty"));
  }

  @Test
  void anErrorNeverQuotesTheBody() {
    assertTrue(!refused("{\"name\": Mustermann}", Messages.Form.JSON).contains("Muster"));
  }

  @Test
  void whatIsNotUtf8IsRefusedEvenIfItIsJsonOfAnotherEncoding() {
    assertEquals("the body is not UTF-8 at byte 6",
        refused("{\"a\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1)));
    assertEquals("the body is not UTF-8 at byte 1", refused("{}".getBytes(StandardCharsets.UTF_16LE)));
    assertEquals("the body is not UTF-8 at byte 0", refused("{}".getBytes(StandardCharsets.UTF_16BE)));
    assertEquals("the body is not UTF-8 at byte 0", refused("{}".getBytes(StandardCharsets.UTF_16)));
    assertEquals("the body is not UTF-8 at byte 0", refused("{}".getBytes(Charset.forName("UTF-32BE"))));
  }

  @Test
  void anOverlongFormOrASurrogateIsNotUtf8() {
    assertEquals("the body is not UTF-8 at byte 2", refused(new byte[] {'{', '"', (byte) 0xC0, (byte) 0x80, '"', '}'}));
    assertEquals("the body is not UTF-8 at byte 2",
        refused(new byte[] {'{', '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"', '}'}));
  }

  @Test
  void nestingWithoutEndIsRefused() {
    assertTrue(refused("{\"a\":" + "[".repeat(100_000), Messages.Form.JSON).contains("nesting depth"));
  }

  @Test
  void aMessageLargerThanTheLogTakesIsNamed() {
    String big = "{\"a\":\"" + "x".repeat(100) + "\"}";

    Failure.TooLarge refused = assertThrows(Failure.TooLarge.class,
        () -> Messages.read(("{}\n" + big).getBytes(StandardCharsets.UTF_8), Messages.Form.LINES, 100));

    assertEquals("line 2, column 1, byte 3: message [1] has 108 bytes, more than kafka.maxMessageBytes, 100",
        refused.getMessage());
  }

  @Test
  void tooManyTinyMessagesAreRefused() {
    byte[] body = "{}\n".repeat(Messages.MOST + 1).getBytes(StandardCharsets.UTF_8);

    assertThrows(Failure.TooLarge.class, () -> Messages.read(body, Messages.Form.LINES, ROOMY));
  }

  private static List<String> json(String body) {
    return read(body, Messages.Form.JSON);
  }

  private static List<String> lines(String body) {
    return read(body, Messages.Form.LINES);
  }

  private static List<String> read(String body, Messages.Form form) {
    return Messages.read(body.getBytes(StandardCharsets.UTF_8), form, ROOMY)
        .stream()
        .map(message -> new String(message, StandardCharsets.UTF_8))
        .toList();
  }

  private static String refused(String body, Messages.Form form) {
    return assertThrows(Failure.Invalid.class, () -> read(body, form)).getMessage();
  }

  private static String refused(byte[] body) {
    return assertThrows(Failure.Invalid.class, () -> Messages.read(body, Messages.Form.JSON, ROOMY)).getMessage();
  }
}
