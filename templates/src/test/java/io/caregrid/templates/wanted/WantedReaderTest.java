package io.caregrid.templates.wanted;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What it reads is what Jackson reads there, and where Jackson refuses it gives up. */
class WantedReaderTest {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();
  private static final List<String> TEXTS = List.of(
      "{\"a\":1,\"b\":[1,-2.5,1e3,{\"c\":null}],\"é\":\"ü€😀\",\"d\":{\"e\":true,\"f\":false}}",
      " [ {\"a\" : \"\\u00e9\\n\\\"\\\\\\/\\ud83d\\ude00\"} , [ ] , { } , -0 , -0.0, 0.1E-7 ]\r\n\t",
      "{\"a\":{\"a\":1},\"a\":{\"b\":2},\"\":3,\"b\":\"\",\"b\":12345678901,\"c\":[[[]]]}",
      "[9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809,2147483648,-2147483648,0]",
      "[1.5,36.8,0.1,123456789012345.6,1234567890123456.7,0.000000000000001,1e400,-1e-400,4.35,100.0,1.7976931348623157e308,5e-324]");

  private static final WantedReader ALL = all();

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 7);
    return LongStream.range(first, first + 3);
  }

  @Test
  void theWholeTextIsAsJacksonReadsIt() throws IOException {
    for (String text : TEXTS) assertEquals(jacksons(text).toString(), all(bytes(text)).toString());
    for (String text : TEXTS) assertEquals(jacksons(text), all(bytes(text)));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void numbersAreAsJacksonReadsThem(long seed) throws IOException {
    Random random = new Random(seed);
    for (int i = 0; i < 5_000; i++) {
      String number = number(random);
      assertEquals(jacksons("[" + number + "]"), all(bytes("[" + number + "]")), "seed " + seed + " " + number);
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatIsReadOfADamagedTextJacksonReadsToo(long seed) {
    Random random = new Random(seed);
    Wanted some = new Wanted();
    some.member("a").member("b").whole();
    some.items().member("a").whole();
    WantedReader part = new WantedReader(some, null);
    int read = 0;
    for (int i = 0; i < 5_000; i++) {
      byte[] text = damaged(TEXTS.get(random.nextInt(TEXTS.size())), random);
      JsonNode whole = all(text);
      String told = "seed " + seed + " " + new String(text, StandardCharsets.ISO_8859_1);
      if (whole != null) assertEquals(jacksons(text), whole, told);
      if (part.read(text) != null) assertNotNull(jacksons(text), told);
      read += whole == null ? 0 : 1;
    }
    assertTrue(read > 1_000 && read < 4_500, "texts that are all right or all wrong prove little: " + read);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "7", "\"a\"", "null", "{", "[", "{}{}", "[] 1", "{}x", "{\"a\"}", "{\"a\":}",
    "{\"a\":1,}", "[1,]", "[,1]", "{,}", "[01]", "[-]", "[+1]", "[.5]", "[1.]", "[1e]", "[1e+]", "[NaN]", "[Infinity]",
    "[0x1]", "[tru]", "[truex]", "[nul]", "['a']", "{a:1}", "[\"\t\"]", "[\"\\x\"]", "[\"\\u12g4\"]", "[\"\\u12",
    "[\"a]", "[1 2]", "{\"a\" 1}", "[1//x\n]", "[1/*x*/]", "\uFEFF{}", "[\u00A01]", "{\"a\":[}]", "{\"a\":[1}",
    "[1]]", "[\f1]", "[\"\u0000\"]", "[t", "[-"})
  void itGivesUpOnWhatIsNoObjectAndNoArray(String text) {
    Wanted some = new Wanted();
    some.member("b").whole();

    assertNull(all(bytes(text)));
    assertNull(new WantedReader(some, null).read(bytes(text)));
  }

  @Test
  void itGivesUpOnWhatIsNoUtf8WantedOrNot() {
    int[][] wrong = {{0x80}, {0xC0, 0x80}, {0xC1, 0xBF}, {0xC3}, {0xE0, 0x9F, 0xBF}, {0xED, 0xA0, 0x80}, {0xE2, 0x82},
      {0xF0, 0x8F, 0xBF, 0xBF}, {0xF4, 0x90, 0x80, 0x80}, {0xF5, 0x80, 0x80, 0x80}, {0xFF}, {0xE2, 0x28, 0xA1}};
    Wanted some = new Wanted();
    some.member("b").whole();
    for (int[] bytes : wrong) {
      StringBuilder text = new StringBuilder("{\"a\":\"");
      for (int one : bytes) text.append((char) one);
      byte[] latin1 = text.append("\"}").toString().getBytes(StandardCharsets.ISO_8859_1);
      assertNull(all(latin1));
      assertNull(new WantedReader(some, null).read(latin1));
    }
  }

  @Test
  void itGivesUpOnWhatJacksonWouldFindTooDeepOrTooLong() {
    String deep = "[".repeat(WantedReader.DEEPEST + 1) + "]".repeat(WantedReader.DEEPEST + 1);

    assertNotNull(all(bytes(deep.substring(1, deep.length() - 1))));
    assertNull(all(bytes(deep)));
    assertNull(new WantedReader(new Wanted(), null).read(bytes(deep)));
    assertNull(new WantedReader(new Wanted(), null).read(bytes("[" + "1".repeat(1_001) + "]")));
    assertNull(new WantedReader(new Wanted(), null).read(bytes("{\"" + "n".repeat(50_001) + "\":1}")));
    assertNull(all(bytes("[\"" + "x".repeat(WantedReader.MOST_BYTES) + "\"]")));
  }

  @Test
  void whatIsNotWantedIsLeftOut() throws IOException {
    Wanted wanted = new Wanted();
    wanted.member("id").whole();
    wanted.member("größe").whole();
    wanted.member("list").items().member("v").whole();
    wanted.member("seen");
    WantedReader reader = new WantedReader(wanted, null);

    assertEquals(
        jacksons("{'id':{'x':[1]},'größe':2,'list':[{'v':1},3,{}],'seen':[]}"),
        reader
            .read(bytes("{'x':1,'id':{'x':[1]},'größe':2,'list':[{'v':1,'w':2},3,{'w':{}}],'seen':[1,2],'y':['id']}")));
    assertEquals(jacksons("{'id':2,'seen':{},'list':7}"),
        reader.read(bytes("{'id':{'a':1},'seen':{'id':1},'id':2,'list':7}")));
    assertEquals(jacksons("[]"), reader.read(bytes("[1,{'id':1}]")));
  }

  @Test
  void namesThatAreAlikeAreToldApart() throws IOException {
    Wanted wanted = new Wanted();
    StringBuilder text = new StringBuilder("{");
    StringBuilder even = new StringBuilder("{");
    for (int i = 0; i < 2_000; i++) {
      String name = "\"" + "s".repeat(i % 100) + i + "e\":" + i + ",";
      text.append(name);
      if (i % 2 == 0) even.append(name);
      if (i % 2 == 0) wanted.member("s".repeat(i % 100) + i + "e").whole();
    }

    assertEquals(jacksons(even + "\"s0e\":0}"), with(wanted, "s0e").read(bytes(text + "\"s0e\":0}")));
  }

  private static WantedReader with(Wanted wanted, String name) {
    wanted.member(name).whole();
    return new WantedReader(wanted, null);
  }

  @Test
  void anEscapeInANameIsGivenUpOnWhereThatNameMayBeWanted() {
    Wanted wanted = new Wanted();
    wanted.member("id").whole();
    WantedReader reader = new WantedReader(wanted, null);

    assertNull(reader.read(bytes("{'\\u0069d':1}")));
    assertEquals("{\"id\":1}", reader.read(bytes("{'x':{'\\u0069d':2},'id':1}")).toString());
  }

  @Test
  void theNameThatIsNotHereIsGivenUpOnAtTheOutsideOnly() {
    Wanted wanted = new Wanted();
    wanted.member("Body").member("Body").whole();
    WantedReader reader = new WantedReader(wanted, "Body");

    assertNull(reader.read(bytes("{'a':1,'Body':{}}")));
    assertNull(reader.read(bytes("{'\\u0042ody':{}}")));
    assertEquals("{}", reader.read(bytes("{'a':{'Body':1},'body':2}")).toString());
  }

  private static String number(Random random) {
    String digits = Long.toString(random.nextLong() >>> random.nextInt(64));
    String sign = digits.startsWith("-") || random.nextBoolean() ? "" : "-";
    String fraction = random.nextBoolean() ? "" : "." + Long.toString(random.nextLong() >>> 1 + random.nextInt(63));
    String exponent = random.nextInt(4) > 0 ? "" : "eE".charAt(random.nextInt(2)) + "" + (random.nextInt(700) - 350);
    return sign + digits + fraction + exponent;
  }

  private static byte[] damaged(String text, Random random) {
    byte[] bytes = bytes(text);
    for (int n = random.nextInt(3); n > 0; n--) {
      int at = random.nextInt(bytes.length);
      bytes[at] = random.nextBoolean() ? (byte) random.nextInt(256) : bytes[random.nextInt(bytes.length)];
    }
    return bytes;
  }

  private static WantedReader all() {
    Wanted all = new Wanted();
    all.whole();
    return new WantedReader(all, null);
  }

  private static JsonNode all(byte[] text) {
    return ALL.read(text);
  }

  private static JsonNode jacksons(String text) throws IOException {
    return JSON.readTree(bytes(text));
  }

  /** Null when it refuses. */
  private static JsonNode jacksons(byte[] text) {
    try {
      return JSON.readTree(text);
    } catch (IOException refused) {
      return null;
    }
  }

  /** Apostrophes stand for quotes, unless there are quotes. */
  private static byte[] bytes(String text) {
    return (text.indexOf('"') < 0 && text.startsWith("{'") || text.startsWith("[1,{'")
        ? text.replace('\'', '"')
        : text)
        .getBytes(StandardCharsets.UTF_8);
  }
}
