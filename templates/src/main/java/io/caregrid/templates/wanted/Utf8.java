package io.caregrid.templates.wanted;

/** Characters of more than one byte (RFC 3629): none written longer than it must be, no half of a surrogate pair, none above U+10FFFF. */
final class Utf8 {
  private Utf8() {}

  /** Behind the character whose first byte, above 0x7F, is at {@code at}. @param wrong thrown when none is there */
  static int character(byte[] in, int at, RuntimeException wrong) {
    int first = in[at] & 0xFF;
    int least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    int most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || at + more >= in.length) throw wrong;
    int second = in[at + 1] & 0xFF;
    if (second < least || second > most) throw wrong;
    for (int i = 2; i <= more; i++) if ((in[at + i] & 0xC0) != 0x80) throw wrong;
    return at + more + 1;
  }
}
