package io.caregrid.ingest.hl7;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.UUID;

/**
 * The answer to a message (HL7 v2.5.1 2.9, 2.15.1): with the separators, version, processing id and character set of what it answers. What is given back are its
 * sender's own bytes; what is added is ASCII.
 *
 * <p>Original mode is answered AA, AE or AR. Enhanced mode, where MSH-15 or MSH-16 is valued, is answered CA, CE or CR when MSH-15 asks for it; AA, AE or AR, which says no
 * more than that the message is kept or why not, when only MSH-16 does; and not at all when neither does.
 */
final class Acknowledgment {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'+0000'")
      .withZone(ZoneOffset.UTC);
  private static final Msh NOBODY = new Msh("MSH", '|', List.of("MSH", "^~\\&"));
  /** The first version whose ERR has fields of its own for place, code and severity. */
  private static final String NEW_ERR = "2.5";
  private static final String WITH_STRUCTURE = "2.3.1";
  /** Given back as they came, these would begin or end a frame of MLLP. */
  private static final char START = 0x0B;
  private static final char END = 0x1C;

  private Acknowledgment() {}

  /** Whether a sender who is answered so wants to hear it. */
  static boolean isWanted(Msh header, List<Finding> findings) {
    return !header.isEnhanced() || asks(header, 15, findings) || asks(header, 16, findings);
  }

  private static boolean asks(Msh header, int field, List<Finding> findings) {
    return switch (header.field(field).strip()) {
      case "AL" -> true;
      case "ER" -> !findings.isEmpty();
      case "SU" -> findings.isEmpty();
      default -> false;
    };
  }

  /** The code in MSA-1, table 0008. */
  static String code(Msh header, List<Finding> findings) {
    boolean commits = header.isEnhanced()
        && (asks(header, 15, findings) || !asks(header, 16, findings));
    String kind = findings.isEmpty() ? "A" : Finding.rejects(findings) ? "R" : "E";
    return (commits ? "C" : "A") + kind;
  }

  /** To what has no header that could be read. */
  static byte[] toNobody(List<Finding> findings, Instant now) {
    return of(NOBODY, NOBODY, findings, null, now);
  }

  static byte[] of(Msh header, List<Finding> findings, Instant now) {
    return of(header, header, findings, null, now);
  }

  /**
   * @param header  of the message, or of the batch
   * @param message the same, or the header of the first message of the batch: it names version, event and character set
   * @param text    MSA-3, null for the first finding's
   */
  static byte[] of(Msh header, Msh message, List<Finding> findings, String text, Instant now) {
    Line line = new Line(header);
    line.add("MSH").raw(header.encoding());
    for (int field : new int[] {5, 6, 3, 4}) line.raw(header.field(field));
    line.raw(TIME.format(now)).raw("").raw(type(message)).raw(ownId());
    String version = message.field(12);
    line.raw(message.field(11).isBlank() ? "P" : message.field(11)).raw(version.isBlank() ? NEW_ERR : version);
    if (!message.field(18).isBlank()) line.raw("").raw("").raw("").raw("").raw("").raw(message.field(18));
    line.end().add("MSA").raw(code(header, findings)).raw(header.controlId());
    String said = text != null ? text : findings.isEmpty() ? "" : findings.get(0).text();
    if (!said.isEmpty()) line.text(said);
    line.end();
    boolean isNew = version.isBlank() || isSince(message, NEW_ERR);
    findings.forEach(finding -> error(line, finding, isNew));
    return line.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static void error(Line line, Finding finding, boolean isNew) {
    char component = line.header.component();
    String place = finding.field() == 0 ? "" : "MSH" + component + "1" + component + finding.field();
    line.add("ERR");
    if (isNew) {
      line.raw("")
          .raw(place)
          .raw(line.joined(component, finding))
          .raw("E")
          .raw("")
          .raw("")
          .raw("")
          .text(finding.text());
    } else {
      char sub = line.header.encoding().length() > 3 ? line.header.encoding().charAt(3) : '&';
      String[] where = finding.field() == 0
          ? new String[] {"", "", ""}
          : new String[] {"MSH", "1", "" + finding.field()};
      line.raw(String.join("" + component, where) + component + line.joined(sub, finding));
    }
    line.end();
  }

  /** {@code ACK^A01^ACK}; older versions know fewer of its components. */
  private static String type(Msh message) {
    String event = message.part(9, 2);
    char component = message.component();
    if (event.isEmpty()) return "ACK";
    boolean full = message.field(12).isBlank() || isSince(message, WITH_STRUCTURE);
    return "ACK" + component + event + (full ? component + "ACK" : "");
  }

  private static boolean isSince(Msh message, String version) {
    return message.part(12, 1).compareTo(version) >= 0;
  }

  /** MSH-10 has at most 20 characters. */
  private static String ownId() {
    return UUID.randomUUID().toString().replace("-", "").substring(0, 20);
  }

  /** Segments under the making. */
  private static final class Line {
    private final Msh header;
    private final StringBuilder text = new StringBuilder();

    Line(Msh header) {
      this.header = header;
    }

    Line add(String segment) {
      text.append(segment);
      return this;
    }

    Line raw(String field) {
      text.append(header.separator()).append(field.replace(START, ' ').replace(END, ' '));
      return this;
    }

    /** Words of ours: a character that is a separator here becomes a blank. */
    Line text(String words) {
      return raw(plain(words));
    }

    private String plain(String words) {
      StringBuilder plain = new StringBuilder(words.length());
      for (char one : words.toCharArray()) {
        boolean taken = one == header.separator() || header.encoding().indexOf(one) >= 0 || one < ' ' || one > '~';
        plain.append(taken ? ' ' : one);
      }
      return plain.toString();
    }

    String joined(char separator, Finding finding) {
      return finding.code() + "" + separator + plain(finding.meaning()) + separator + "HL70357";
    }

    Line end() {
      text.append('\r');
      return this;
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
