package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With names in the way of PS3.5 annexes H (Japanese), I (Korean), J (Chinese) and K (Chinese with code extensions). */
class CharacterSetTest {
  private static final String KANJI = "1b2442" + "3b334544" + "1b2842" + "5e" + "1b2442" + "42404f3a" + "1b2842";
  private static final String KANA = "1b2442" + "2464245e2440" + "1b2842" + "5e" + "1b2442" + "243f246d2426" + "1b2842";

  @ParameterizedTest
  @CsvSource({"ISO_IR 100,ISO-8859-1,Äneas^Ürgen", "ISO_IR 101,ISO-8859-2,Łukasz^Żak", "ISO_IR 109,ISO-8859-3,Ħal^Ġorġ",
    "ISO_IR 110,ISO-8859-4,Ģirts^Ķē", "ISO_IR 144,ISO-8859-5,Люксембург", "ISO_IR 127,ISO-8859-6,قباني^لنزار",
    "ISO_IR 126,ISO-8859-7,Διονυσιος", "ISO_IR 138,ISO-8859-8,שרון^דבורה", "ISO_IR 148,ISO-8859-9,Çavuşoğlu",
    "ISO_IR 203,ISO-8859-15,Œuvre €", "ISO_IR 166,TIS-620,นามสกุล", "ISO_IR 13,Shift_JIS,ﾔﾏﾀﾞ^ﾀﾛｳ",
    "ISO_IR 192,UTF-8,Wang^XiaoDong=王^小東=😀", "GB18030,GB18030,Wang^XiaoDong=王^小东=€", "GBK,GBK,Wang^XiaoDong=王^小东"})
  void eachRepertoireReadsAndWritesItsOwn(String term, Charset charset, String text) {
    byte[] bytes = text.getBytes(charset);

    assertEquals(text, set(term).decode(bytes, Vr.PN));
    assertArrayEquals(bytes, set(term).encode(text, Vr.PN));
  }

  @Test
  void japaneseNamesSwitchToKanjiAndBackInEachComponent() {
    String name = "Yamada^Tarou=山田^太郎=やまだ^たろう";
    byte[] bytes = bytes(ascii("Yamada^Tarou=") + KANJI + "3d" + KANA);

    assertEquals(name, set("", "ISO 2022 IR 87").decode(bytes, Vr.PN));
    assertArrayEquals(bytes, set("", "ISO 2022 IR 87").encode(name, Vr.PN));
  }

  @Test
  void japaneseNamesBeginInHalfWidthKatakana() {
    byte[] bytes = bytes("d4cfc0de5ec0dbb3" + "3d" + KANJI + "3d" + KANA);

    assertEquals("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", set("ISO 2022 IR 13", "ISO 2022 IR 87").decode(bytes, Vr.PN));
  }

  @Test
  void supplementaryKanjiAreRead() {
    assertEquals("丂", set("", "ISO 2022 IR 159").decode(bytes("1b2428443021" + "1b2842"), Vr.LO));
  }

  @Test
  void koreanNamesSwitchInEachComponent() {
    String name = "Hong^Gildong=洪^吉洞=홍^길동";
    byte[] bytes = bytes(ascii("Hong^Gildong=") + "1b242943" + "fbf3" + "5e" + "1b242943" + "d1ced4d7" + "3d"
        + "1b242943" + "c8ab" + "5e" + "1b242943" + "b1e6b5bf");

    assertEquals(name, set("", "ISO 2022 IR 149").decode(bytes, Vr.PN));
    assertArrayEquals(bytes, set("", "ISO 2022 IR 149").encode(name, Vr.PN));
  }

  @Test
  void simplifiedChineseSwitchesOnEachLine() {
    String text = "1. 第一行文字。\r\n2. 第二行";
    CharacterSet set = set("", "ISO 2022 IR 58");
    byte[] bytes = set.encode(text, Vr.LT);

    assertEquals(text, set.decode(bytes, Vr.LT));
    assertEquals(2, HexFormat.of().formatHex(bytes).split("1b242941").length - 1);
  }

  @Test
  void severalSingleByteRepertoiresTakeTurns() {
    byte[] bytes = bytes(
        ascii("Buc^J") + "e9" + ascii("r") + "f4" + ascii("me=") + "1b2d46" + "c4e9efedf5f3e9eff2" + "3d"
            + "1b2d4c" + "bb");
    CharacterSet set = set("ISO 2022 IR 100", "ISO 2022 IR 126", "ISO 2022 IR 144");

    assertEquals("Buc^Jérôme=Διονυσιος=Л", set.decode(bytes, Vr.PN));
    String three = "Jérôme=Διονυσιος=Люксембург";
    assertEquals(three, set.decode(set.encode(three, Vr.PN), Vr.PN));
  }

  @Test
  void halvesOfKanjiThatLookLikeDelimitersAreNone() {
    // 秀 is 3D28, whose first half is an equals sign; 歯 is 3B75; 枝 is 3B5E, whose second half is a caret
    assertEquals("秀枝^A", set("", "ISO 2022 IR 87").decode(bytes("1b2442" + "3d28" + "3b5e" + "1b2842" + "5e41"),
        Vr.PN));
  }

  @Test
  void theSecondHalfOfAChineseCharacterIsNoBackslash() {
    DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.SPECIFIC_CHARACTER_SET, "GB18030");
    byte[] lu = "誠".getBytes(Charset.forName("GB18030"));
    assertEquals(0x5C, lu[1]);
    set.put(new Element(0x00101001, Vr.PN, new Value.Bytes(bytes(HexFormat.of().formatHex(lu) + "5c41"))));

    assertEquals(List.of("誠", "A"), set.texts(0x00101001));
  }

  @Test
  void repertoiresAreBackAfterABackslashInListsAndNotInProse() {
    byte[] bytes = bytes("1b2d46" + "c1" + "5c" + "c1");
    CharacterSet set = set("ISO 2022 IR 100", "ISO 2022 IR 126");

    assertEquals("Α\\Á", set.decode(bytes, Vr.LO));
    assertEquals("Α\\Α", set.decode(bytes, Vr.LT));
  }

  @Test
  void whatIsNotSaidIsUtf8OrElseLatin() {
    for (CharacterSet set : List.of(CharacterSet.DEFAULT, set(""), set("ISO_IR 6"), set("KLINGON"))) {
      assertEquals("Ägypten", set.decode("Ägypten".getBytes(StandardCharsets.UTF_8), Vr.LO));
      assertEquals("Ägypten", set.decode("Ägypten".getBytes(StandardCharsets.ISO_8859_1), Vr.LO));
    }
  }

  @Test
  void unknownTermsAmongKnownOnesCountAsAbsent() {
    assertEquals("Á", set("KLINGON", "ISO_IR 100").decode(bytes("c1"), Vr.LO));
    assertEquals("山田^太郎", set("ISO_IR 100", "nonsense", "ISO 2022 IR 87").decode(bytes(KANJI), Vr.PN));
  }

  @Test
  void termsAreKnownInEverySpelling() {
    for (String term : List.of("ISO_IR 144", "ISO-IR 144", "ISO IR 144", "iso_ir_144", "ISO2022 IR 144",
        "ISO 2022 IR 144"))
      assertEquals("Л", set(term).decode(bytes("bb"), Vr.LO), term);
  }

  @Test
  void anEscapeSequenceThatIsForgottenAtTheNextComponentIsGuessed() {
    assertEquals("洪^吉洞", set("", "ISO 2022 IR 149").decode(bytes("1b242943" + "fbf3" + "5e" + "d1ced4d7"), Vr.PN));
  }

  @Test
  void shiftJisUnderTheNameOfIr13IsRead() {
    assertEquals("山田^ﾀﾛｳ", set("ISO_IR 13").decode("山田^ﾀﾛｳ".getBytes(Charset.forName("Shift_JIS")), Vr.PN));
  }

  @Test
  void brokenBytesAreReadAsFarAsTheyGo() {
    assertEquals("A\uFFFDB", set("ISO_IR 192").decode(bytes("41ff42"), Vr.LO));
    assertEquals("\u001B$ZA", set("", "ISO 2022 IR 87").decode(bytes("1b245a41"), Vr.LO));
    assertEquals("A", set("", "ISO 2022 IR 87").decode(bytes("411b2442"), Vr.LO));
  }

  @Test
  void whatARepertoireLacksIsWrittenAsAQuestionMark() {
    assertEquals("?^A", new String(set("ISO_IR 100").encode("王^A", Vr.PN), StandardCharsets.US_ASCII));
    assertEquals("?^A", new String(CharacterSet.DEFAULT.encode("ä^A", Vr.PN), StandardCharsets.US_ASCII));
  }

  private static CharacterSet set(String... terms) {
    return CharacterSet.of(List.of(terms));
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  private static String ascii(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** A sender decides what is read on the event loop: five thousand terms took a minute where one takes a second. */
  @Test
  void anEndlessListOfCharacterSetsTakesNoLongerToReadThanItsFirstOnes() {
    byte[] value = "aé".repeat(128 << 10).getBytes(StandardCharsets.ISO_8859_1);
    List<String> many = new ArrayList<>(List.of("", "ISO 2022 IR 87"));
    for (int n = 0; n < 5_000; n++) many.add("ISO 2022 IR 6");
    CharacterSet characters = CharacterSet.of(many);

    assertTimeout(Duration.ofSeconds(40), () -> {
      for (int n = 0; n < 16; n++) characters.decode(value, Vr.LT);
    });
  }
}
