package io.caregrid.ingest.hl7;

import io.caregrid.cluster.Hl7Config;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Bytes of messages as texts. */
final class Texts {
  private Texts() {}

  /** A character a byte: enough to find segments and separators in every character set that is taken. */
  static String raw(byte[] bytes) {
    boolean marked = bytes.length > 2 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF;
    int from = marked ? 3 : 0;
    while (from < bytes.length && (bytes[from] == ' ' || bytes[from] == '\r' || bytes[from] == '\n')) from++;
    return new String(bytes, from, bytes.length - from, StandardCharsets.ISO_8859_1);
  }

  /**
   * What of a message means something: its segments without blank ones, each ended by CR; behind them the name of the character set when some bytes are not ASCII and MSH-18
   * leaves it to others to say what they are.
   */
  static Normal normal(byte[] message, String unless) {
    String raw = raw(message);
    StringBuilder normal = new StringBuilder(raw.length() + 1);
    boolean ascii = true;
    int from = 0;
    for (int at = 0; at <= raw.length(); at++) {
      char one = at < raw.length() ? raw.charAt(at) : '\r';
      if (one > 0x7F) ascii = false;
      if (one != '\r' && one != '\n') continue;
      String segment = raw.substring(from, at);
      if (!segment.isBlank()) normal.append(segment).append('\r');
      from = at + 1;
    }
    String unsaid = ascii ? "" : unsaid(raw, unless);
    return new Normal(normal.toString().getBytes(StandardCharsets.ISO_8859_1), unsaid);
  }

  /**
   * @param segments each ended by CR
   * @param unsaid   a NUL and the name of the character set; empty when it is told, or does not matter
   */
  record Normal(byte[] segments, String unsaid) {
    boolean open() {
      return !unsaid.isEmpty();
    }
  }

  /** A NUL, which no character set's name has, and the name; empty when MSH-18 says it, or nothing does. */
  private static String unsaid(String raw, String unless) {
    try {
      Msh header = Msh.of(raw);
      Charset charset = header.part(18, 1).isEmpty() ? charset(header, unless) : null;
      return charset == null ? "" : '\0' + charset.name();
    } catch (Msh.Unusable none) {
      return "";
    }
  }

  /**
   * What MSH-18 names, its first repetition.
   *
   * @param unless of messages that name none, as MSH-18 writes it or as MIME does; empty: ASCII
   * @return null when it is none that is taken
   */
  static Charset charset(Msh header, String unless) {
    String named = header.part(18, 1);
    String wanted = !named.isEmpty() ? named : unless.isEmpty() ? "ASCII" : unless;
    String java = Hl7Config.CHARSETS.get(wanted);
    if (java != null) return Charset.forName(java);
    return named.isEmpty() && Hl7Config.CHARSETS.containsValue(wanted) ? Charset.forName(wanted) : null;
  }

  /** @throws CharacterCodingException when these bytes are no text of that character set */
  static String decoded(byte[] bytes, Charset charset) throws CharacterCodingException {
    return charset.newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT)
        .onUnmappableCharacter(CodingErrorAction.REPORT)
        .decode(ByteBuffer.wrap(bytes))
        .toString();
  }
}
