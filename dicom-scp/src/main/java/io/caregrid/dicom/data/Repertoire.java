package io.caregrid.dicom.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The repertoires of PS3.3 tables C.12-2 to C.12-5. The escape sequence is without the ESC (1B). Those in G0 stand at bytes 21 to 7E, those in G1
 * at A0 to FF. ISO IR 14, the Roman half of JIS X 0201, is read as ASCII: yen sign and overline are told from backslash and tilde by nobody.
 */
enum Repertoire {
  IR_6("ISOIR6", "US-ASCII", "(B", 0, 1), //
  IR_14("ISOIR14", "US-ASCII", "(J", 0, 1), //
  IR_13("ISOIR13", "Shift_JIS", ")I", 1, 1), //
  IR_100("ISOIR100", "ISO-8859-1", "-A", 1, 1), //
  IR_101("ISOIR101", "ISO-8859-2", "-B", 1, 1), //
  IR_109("ISOIR109", "ISO-8859-3", "-C", 1, 1), //
  IR_110("ISOIR110", "ISO-8859-4", "-D", 1, 1), //
  IR_144("ISOIR144", "ISO-8859-5", "-L", 1, 1), //
  IR_127("ISOIR127", "ISO-8859-6", "-G", 1, 1), //
  IR_126("ISOIR126", "ISO-8859-7", "-F", 1, 1), //
  IR_138("ISOIR138", "ISO-8859-8", "-H", 1, 1), //
  IR_148("ISOIR148", "ISO-8859-9", "-M", 1, 1), //
  IR_203("ISOIR203", "ISO-8859-15", "-b", 1, 1), //
  IR_166("ISOIR166", "TIS-620", "-T", 1, 1), //
  IR_87("ISOIR87", "x-JIS0208", "$B", 0, 2), //
  IR_159("ISOIR159", "JIS_X0212-1990", "$(D", 0, 2), //
  IR_149("ISOIR149", "EUC-KR", "$)C", 1, 2), //
  IR_58("ISOIR58", "GB2312", "$)A", 1, 2), //
  IR_192("ISOIR192", "UTF-8", null, 0, 0), //
  GB18030("GB18030", "GB18030", null, 0, 0), //
  GBK("GBK", "GBK", null, 0, 0); //

  private static final Map<String, Repertoire> BY_TERM = new HashMap<>();

  static {
    for (Repertoire each : values()) {
      BY_TERM.put(each.term, each);
      BY_TERM.put(each.term.replace("ISOIR", "ISO_IR "), each);
      BY_TERM.put(each.term.replace("ISOIR", "ISO 2022 IR "), each);
    }
  }

  private final String term;
  private final String charsetName;
  private Charset charset;
  final String escape;
  final int half;
  final int width;

  Repertoire(String term, String charsetName, String escape, int half, int width) {
    this.term = term;
    this.charsetName = charsetName;
    this.escape = escape;
    this.half = half;
    this.width = width;
  }

  /** Null: not a defined term. "ISO 2022 IR n" and "ISO_IR n" give the same: what follows decides whether there are escape sequences. */
  static Repertoire of(String term) {
    Repertoire asDefined = BY_TERM.get(term);
    if (asDefined != null) return asDefined;
    String plain = term.toUpperCase(Locale.ROOT).replaceAll("[ _-]", "");
    return BY_TERM.get(plain.startsWith("ISO2022") ? "ISO" + plain.substring(7) : plain);
  }

  /** All of a text's bytes belong to it, ASCII included. */
  boolean isWhole() {
    return escape == null;
  }

  /** Loaded when first needed: the large ones are in a module that a small runtime may lack; then its bytes read as if no repertoire were named. */
  Charset charset() {
    if (charset == null)
      charset = Charset.isSupported(charsetName)
          ? Charset.forName(charsetName)
          : StandardCharsets.ISO_8859_1;
    return charset;
  }

  String decode(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, charset());
  }

  /** No repertoire is named. Without an exception for each of many short texts that are not UTF-8. */
  static String guess(byte[] bytes, int from, int to) {
    CharBuffer text = CharBuffer.allocate(to - from);
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    boolean good = !decoder.decode(ByteBuffer.wrap(bytes, from, to - from), text, true).isError();
    return good ? text.flip().toString() : new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
  }
}
