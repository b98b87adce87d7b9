package io.caregrid.dicom.data;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * Text with code extensions (PS3.5 6.1.2.5): escape sequences put a repertoire into G0 (bytes 21-7E) or G1 (A0-FF). At the end of a line, at a
 * backslash and, in a PN, at each {@code ^} and {@code =} the repertoires of the first value of (0008,0005) are back. Within a two-byte G0 those
 * bytes are halves of characters and end nothing. Shift JIS, which some senders write under the name of ISO IR 13, is read as what it is.
 */
final class Iso2022 extends CharacterSet {
  static final byte ESC = 0x1B;
  private static final List<Repertoire> ESCAPED = Stream.of(Repertoire.values())
      .filter(each -> each.escape != null)
      .toList();

  private final List<Repertoire> named;
  private final Repertoire firstG0;
  private final Repertoire firstG1;
  private final Repertoire onlyG1;

  /** @param named not empty, none of them {@link Repertoire#isWhole whole} */
  Iso2022(List<Repertoire> named) {
    this.named = named.stream().filter(each -> !each.isWhole()).toList();
    Repertoire first = named.get(0);
    firstG0 = Repertoire.IR_6;
    firstG1 = first.half == 1 ? first : null;
    List<Repertoire> upper = this.named.stream().filter(each -> each.half == 1).distinct().toList();
    onlyG1 = upper.size() == 1 ? upper.get(0) : null;
  }

  @Override
  String decodeBeyondAscii(byte[] bytes, Vr vr) {
    if (firstG1 == Repertoire.IR_13 && !isEscaped(bytes)) return firstG1.decode(bytes, 0, bytes.length);
    StringBuilder text = new StringBuilder(bytes.length);
    Repertoire g0 = firstG0;
    Repertoire g1 = firstG1;
    int at = 0;
    while (at < bytes.length) {
      Repertoire escaped = bytes[at] == ESC ? escaped(bytes, at + 1) : null;
      if (escaped != null) {
        if (escaped.half == 0) g0 = escaped;
        else g1 = escaped;
        at += 1 + escaped.escape.length();
        continue;
      }
      int end = run(bytes, at, g0, vr);
      append(text, bytes, at, end, bytes[at] >= 0 ? g0 : g1);
      if (end - at == 1 && g0.width == 1 && endsComponent(bytes[at], vr)) {
        g0 = firstG0;
        g1 = firstG1;
      }
      at = end;
    }
    return text.toString();
  }

  private static boolean isEscaped(byte[] bytes) {
    for (byte one : bytes)
      if (one == ESC) return true;
    return false;
  }

  /** The end of the bytes from {@code at} that are read alike: in the same half, up to an escape sequence or a delimiter. */
  private static int run(byte[] bytes, int at, Repertoire g0, Vr vr) {
    boolean low = bytes[at] >= 0;
    if (low && g0.width == 1 && endsComponent(bytes[at], vr)) return at + 1;
    int end = at + 1;
    while (end < bytes.length && bytes[end] != ESC && bytes[end] >= 0 == low
        && !(low && g0.width == 1 && endsComponent(bytes[end], vr)))
      end++;
    return end;
  }

  /** High bytes without an escape sequence: many senders give it once and forget it at the next delimiter. */
  private void append(StringBuilder text, byte[] bytes, int from, int to, Repertoire repertoire) {
    Repertoire meant = repertoire == null ? onlyG1 : repertoire;
    text.append(meant == null ? Repertoire.guess(bytes, from, to) : meant.decode(bytes, from, to));
  }

  private static Repertoire escaped(byte[] bytes, int at) {
    for (Repertoire each : ESCAPED)
      if (stands(each.escape, bytes, at)) return each;
    return null;
  }

  private static boolean stands(String escape, byte[] bytes, int at) {
    if (bytes.length - at < escape.length()) return false;
    for (int i = 0; i < escape.length(); i++)
      if (bytes[at + i] != escape.charAt(i)) return false;
    return true;
  }

  private static boolean endsComponent(int one, Vr vr) {
    return switch (one) {
      case '\n', '\f', '\r', '\t' -> true;
      case '\\' -> vr.isMany();
      case '^', '=' -> vr == Vr.PN;
      default -> false;
    };
  }

  @Override
  byte[] encodeBeyondAscii(String text, Vr vr) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Repertoire g0 = firstG0;
    Repertoire g1 = firstG1;
    for (int at = 0; at < text.length();) {
      int point = text.codePointAt(at);
      String one = Character.toString(point);
      Repertoire says = point < 0x80 ? Repertoire.IR_6 : says(one, g0, g1);
      if (says.half == 0 ? says != g0 : says != g1) {
        bytes.write(ESC);
        bytes.writeBytes(says.escape.getBytes(StandardCharsets.US_ASCII));
      }
      if (says.half == 0) g0 = says;
      else g1 = says;
      bytes.writeBytes(says == Repertoire.IR_6 && point > 0x7F ? new byte[] {'?'} : one.getBytes(says.charset()));
      if (point < 0x80 && endsComponent(point, vr)) g1 = firstG1;
      at += one.length();
    }
    if (g0 != firstG0) bytes.writeBytes(new byte[] {ESC, '(', 'B'});
    return bytes.toByteArray();
  }

  /** The repertoire in force if it has the character, else the first named one that has it, else ASCII. */
  private Repertoire says(String one, Repertoire g0, Repertoire g1) {
    if (has(g1, one)) return g1;
    if (has(g0, one)) return g0;
    for (Repertoire each : named)
      if (has(each, one)) return each;
    return Repertoire.IR_6;
  }

  private static boolean has(Repertoire repertoire, String one) {
    if (repertoire == null || !repertoire.charset().newEncoder().canEncode(one)) return false;
    return one.getBytes(repertoire.charset()).length == repertoire.width;
  }
}
