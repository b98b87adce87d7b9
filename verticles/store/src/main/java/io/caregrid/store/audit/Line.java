package io.caregrid.store.audit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import io.caregrid.contract.Audit.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * An entry as one line of JSON, whose last member {@code crc} is the CRC32C of all bytes before its comma: so a torn or changed line is told from a whole one.
 * It finds damage; it is no proof against forgery.
 */
final class Line {
  /** Longest text, characters; what is longer is cut and ends in an ellipsis. What the database finds entries by has to fit into its index. */
  static final int MOST = 4096;
  /** Of what was asked, all that a door takes: else somebody could hide it behind a long comment. */
  static final int MOST_QUERY = 60_000;
  static final int MOST_KEY = 500;
  private static final int MOST_KEYS = 5000;
  private static final JsonFactory JSON = new JsonFactory();
  private static final byte[] CRC = ",\"crc\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final int TAIL = CRC.length + 8 + 2;

  private Line() {}

  /** Ends in a line feed. Has no character that PostgreSQL's jsonb does not take. */
  static byte[] of(Entry entry, UUID id, String node) {
    try (ByteArrayBuilder bytes = new ByteArrayBuilder(512)) {
      try (JsonGenerator json = JSON.createGenerator(bytes)) {
        write(json, entry, id, node);
      }
      byte[] object = bytes.toByteArray();
      return sealed(object, object.length - 1);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static void write(JsonGenerator json, Entry entry, UUID id, String node) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", id.toString());
    json.writeStringField("at", Instant.ofEpochMilli(EventIds.millis(id)).toString());
    json.writeStringField("node", clean(node, MOST_KEY));
    json.writeStringField("subject", clean(entry.caller().subject(), MOST_KEY));
    text(json, "issuer", entry.caller().issuer());
    text(json, "name", entry.caller().name());
    list(json, "roles", entry.caller().roles().stream().sorted().toList());
    text(json, "address", entry.caller().address());
    text(json, "trace", entry.caller().trace());
    json.writeStringField("deed", entry.deed().code);
    json.writeNumberField("status", entry.status());
    list(json, "what", entry.what());
    list(json, "patients", entry.patients());
    if (entry.query() != null) json.writeStringField("query", clean(entry.query(), MOST_QUERY));
    json.writeEndObject();
  }

  private static void text(JsonGenerator json, String name, String value) throws IOException {
    if (value != null) json.writeStringField(name, clean(value, MOST));
  }

  private static void list(JsonGenerator json, String name, List<String> values) throws IOException {
    if (values.isEmpty()) return;
    json.writeArrayFieldStart(name);
    for (String value : values.subList(0, Math.min(values.size(), MOST_KEYS))) json.writeString(clean(value, MOST_KEY));
    json.writeEndArray();
  }

  /** Without NUL and halves of surrogate pairs, and not too long. */
  static String clean(String text, int most) {
    String cut = text.length() <= most ? text : text.substring(0, most - 1) + "…";
    StringBuilder clean = null;
    for (int i = 0; i < cut.length(); i++) {
      char c = cut.charAt(i);
      boolean pair = Character.isHighSurrogate(c) && i + 1 < cut.length()
          && Character.isLowSurrogate(cut.charAt(i + 1));
      if (pair) {
        i++;
      } else if (c == 0 || Character.isSurrogate(c)) {
        if (clean == null) clean = new StringBuilder(cut);
        clean.setCharAt(i, '\uFFFD');
      }
    }
    return clean == null ? cut : clean.toString();
  }

  private static byte[] sealed(byte[] object, int length) {
    byte[] line = new byte[length + TAIL + 1];
    System.arraycopy(object, 0, line, 0, length);
    System.arraycopy(CRC, 0, line, length, CRC.length);
    byte[] digits = HexFormat.of().toHexDigits(crc(object, 0, length)).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(digits, 0, line, length + CRC.length, digits.length);
    line[line.length - 3] = '"';
    line[line.length - 2] = '}';
    line[line.length - 1] = '\n';
    return line;
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  /**
   * Whether these bytes are a line as it was written.
   *
   * @param to where its line feed is, exclusive
   */
  static boolean isWhole(byte[] bytes, int from, int to) {
    int length = to - from - TAIL;
    if (length < 2) return false;
    for (int i = 0; i < CRC.length; i++) {
      if (bytes[from + length + i] != CRC[i]) return false;
    }
    String digits = new String(bytes, from + length + CRC.length, 8, StandardCharsets.US_ASCII);
    return bytes[to - 2] == '"' && bytes[to - 1] == '}'
        && digits.equals(HexFormat.of().toHexDigits(crc(bytes, from, length)));
  }
}
