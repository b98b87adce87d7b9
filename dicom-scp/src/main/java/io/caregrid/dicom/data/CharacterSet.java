package io.caregrid.dicom.data;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What (0008,0005) Specific Character Set says (PS3.3 C.12.1.1.2, PS3.5 6.1). Reading never fails: an unknown term counts as absent, bytes outside
 * the repertoire become U+FFFD, and where none is named, bytes above 7F are UTF-8 when they are valid as that, else ISO 8859-1.
 */
abstract class CharacterSet {
  /** ISO IR 6, with the leniency above. */
  static final CharacterSet DEFAULT = new Unnamed();

  /** @param terms the values of (0008,0005), spelt as senders spell them: case, underscore, hyphen and space do not count */
  static CharacterSet of(List<String> terms) {
    Set<Repertoire> met = new LinkedHashSet<>();
    for (String term : terms) {
      Repertoire repertoire = Repertoire.of(term);
      if (repertoire != null) met.add(repertoire);
      else if (met.isEmpty() && term.isEmpty()) met.add(Repertoire.IR_6);
    }
    if (met.isEmpty()) return DEFAULT;
    List<Repertoire> known = List.copyOf(met);
    Repertoire first = known.get(0);
    if (first.isWhole()) return new Whole(first.charset());
    if (known.size() == 1 && first == Repertoire.IR_6) return DEFAULT;
    return new Iso2022(known);
  }

  /** All values of an element at once, backslashes between them; padding stays. */
  final String decode(byte[] bytes, Vr vr) {
    for (byte one : bytes)
      if (one < 0 || one == Iso2022.ESC) return decodeBeyondAscii(bytes, vr);
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  /** What cannot be said in it becomes a question mark. */
  final byte[] encode(String text, Vr vr) {
    for (int i = 0; i < text.length(); i++)
      if (text.charAt(i) > 0x7E) return encodeBeyondAscii(text, vr);
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  abstract String decodeBeyondAscii(byte[] bytes, Vr vr);

  abstract byte[] encodeBeyondAscii(String text, Vr vr);

  /** UTF-8, GB18030, GBK: no escape sequences (PS3.3 C.12.1.1.2). A second byte 5C is no backslash, so text is parted after decoding only. */
  private static final class Whole extends CharacterSet {
    private final Charset charset;

    Whole(Charset charset) {
      this.charset = charset;
    }

    @Override
    String decodeBeyondAscii(byte[] bytes, Vr vr) {
      return new String(bytes, charset);
    }

    @Override
    byte[] encodeBeyondAscii(String text, Vr vr) {
      return text.getBytes(charset);
    }
  }

  private static final class Unnamed extends CharacterSet {
    private static final Iso2022 ESCAPED = new Iso2022(List.of(Repertoire.IR_6));

    @Override
    String decodeBeyondAscii(byte[] bytes, Vr vr) {
      for (byte one : bytes)
        if (one == Iso2022.ESC) return ESCAPED.decodeBeyondAscii(bytes, vr);
      return Repertoire.guess(bytes, 0, bytes.length);
    }

    @Override
    byte[] encodeBeyondAscii(String text, Vr vr) {
      return text.getBytes(StandardCharsets.US_ASCII);
    }
  }
}
