package io.caregrid.api.fhir.r4;

/**
 * Whether bytes are UTF-8 as RFC 3629 has it, which is what FHIR's JSON is written in (FHIR R4 json.html): each character in its shortest form, no surrogates, nothing
 * beyond U+10FFFF. Jackson takes overlong forms for what they stand for, and looks for UTF-16 and UTF-32 by itself: a filter before us may read something else.
 * A byte of 0 is refused as well: no JSON has one, UTF-16 has one beside every brace.
 */
final class Utf8 {
  private static final int TWO = 0xC2;
  private static final int THREE = 0xE0;
  private static final int FOUR = 0xF0;
  private static final int LAST = 0xF4;

  private Utf8() {}

  /** Where the first sequence begins that is none; -1 when there is none such. */
  static int broken(byte[] bytes) {
    int i = 0;
    while (i < bytes.length) {
      if (bytes[i] > 0) {
        i++;
        continue;
      }
      int length = length(bytes, i);
      if (length == 0) return i;
      i += length;
    }
    return -1;
  }

  /** Of the sequence of several bytes that begins there, 0 when it is none. */
  private static int length(byte[] bytes, int at) {
    int lead = bytes[at] & 0xFF;
    int length = lead < TWO ? 0 : lead < THREE ? 2 : lead < FOUR ? 3 : lead <= LAST ? 4 : 0;
    if (length == 0 || at + length > bytes.length) return 0;
    for (int i = 1; i < length; i++) if ((bytes[at + i] & 0xC0) != 0x80) return 0;
    int second = bytes[at + 1] & 0xFF;
    boolean overlong = lead == THREE && second < 0xA0 || lead == FOUR && second < 0x90;
    boolean surrogate = lead == 0xED && second >= 0xA0;
    boolean beyond = lead == LAST && second >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
  }

  /** {@code line 3, column 7}, both from 1, columns in bytes. */
  static String place(byte[] bytes, int at) {
    int line = 1;
    int begin = 0;
    for (int i = 0; i < at; i++) {
      if (bytes[i] != '\n') continue;
      line++;
      begin = i + 1;
    }
    return "line " + line + ", column " + (at - begin + 1);
  }
}
