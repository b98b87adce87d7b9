package io.caregrid.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.github.luben.zstd.Zstd;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Some lines of a journal as one row: packed (RFC 8878), and with a number for everything by which one of them may be asked for. A number may stand for two things,
 * once in billions: who finds a block reads its lines.
 *
 * @param first  least id
 * @param last   greatest id
 * @param events how many lines
 * @param keys   of all lines, each once, see {@link #key}
 * @param packed the lines, each with its line feed
 */
record AuditBlock(UUID first, UUID last, int events, Long[] keys, Buffer packed) {

  private static final Logger log = LoggerFactory.getLogger(AuditBlock.class);
  static final Comparator<UUID> ORDER = (a, b) -> {
    int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
    return high != 0 ? high : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
  };
  private static final JsonFactory JSON = new JsonFactory();
  private static final int LEVEL = 1;
  /** What a line may be asked for by, beside the references in it. */
  private static final Set<String> FIELDS = Set.of("subject", "deed", "address", "node", "status");
  private static final Set<String> REFERENCES = Set.of("what", "patients");
  private static final String PATIENT_IDS = "patientIds";

  /**
   * Null when there is nothing in it. Takes a few milliseconds for a megabyte.
   *
   * @param lines without line feeds
   */
  static AuditBlock of(List<byte[]> lines) {
    byte[] all = joined(lines);
    Reading reading = new Reading();
    if (reading.isRead(all, lines.size())) return reading.block(all);
    Reading readable = new Reading();
    List<byte[]> some = lines.stream().filter(readable::isReadable).toList();
    return readable.block(joined(some));
  }

  private static byte[] joined(List<byte[]> lines) {
    byte[] all = new byte[lines.stream().mapToInt(line -> line.length + 1).sum()];
    int at = 0;
    for (byte[] line : lines) {
      System.arraycopy(line, 0, all, at, line.length);
      at += line.length;
      all[at++] = '\n';
    }
    return all;
  }

  private static final class Reading {
    private final Set<Long> keys = new HashSet<>();
    private final Map<String, String> before = new HashMap<>();
    private UUID first;
    private UUID last;
    private int events;

    /** All lines, one after the other. False: one of them is not readable, and nothing here is of use. */
    boolean isRead(byte[] all, int many) {
      try (JsonParser parser = JSON.createParser(all)) {
        while (parser.nextToken() == JsonToken.START_OBJECT) line(parser);
        return !parser.hasCurrentToken() && events == many;
      } catch (IOException | IllegalArgumentException unreadable) {
        return false;
      }
    }

    boolean isReadable(byte[] line) {
      Reading alone = new Reading();
      boolean readable = alone.isRead(line, 1);
      if (readable) isRead(line, events + 1);
      else log.error("audit line stays in its file only, it is no JSON of ours");
      return readable;
    }

    private void line(JsonParser parser) throws IOException {
      UUID id = read(parser);
      if (first == null || ORDER.compare(id, first) < 0) first = id;
      if (last == null || ORDER.compare(id, last) > 0) last = id;
      events++;
    }

    private UUID read(JsonParser parser) throws IOException {
      UUID id = null;
      for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
        JsonToken value = parser.nextToken();
        if (field.equals("id")) id = UUID.fromString(parser.getText());
        else if (FIELDS.contains(field)) once(field, field.equals("status") ? status(parser) : parser.getText());
        else if (value == JsonToken.START_ARRAY) list(parser, field);
        else parser.skipChildren();
      }
      if (id == null) throw new IllegalArgumentException("a line without an id");
      return id;
    }

    private static String status(JsonParser parser) throws IOException {
      return String.valueOf(parser.getIntValue() / 100);
    }

    /** Mostly the same as in the line before. */
    private void once(String field, String value) {
      if (!value.equals(before.put(field, value))) keys.add(key(field, value));
    }

    private void list(JsonParser parser, String field) throws IOException {
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (REFERENCES.contains(field)) keys.add(key("", parser.getText()));
        else if (field.equals(PATIENT_IDS)) keys.add(key(PATIENT_IDS, folded(parser.getText())));
      }
    }

    AuditBlock block(byte[] lines) {
      if (events == 0) return null;
      byte[] packed = Zstd.compress(lines, LEVEL);
      return new AuditBlock(first, last, events, keys.toArray(Long[]::new), Buffer.buffer(packed));
    }
  }

  /** The index of pictures keeps them so, and people type them as they like. */
  static String folded(String patientId) {
    return patientId.strip().toLowerCase(Locale.ROOT);
  }

  /**
   * FNV-1a over characters, mixed. For ever: it is in every row.
   *
   * @param field empty for a reference, {@code patientIds}, {@code subject}, {@code deed}, {@code address}, {@code node}, or {@code status} (its first digit)
   */
  static long key(String field, String value) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < field.length(); i++) hash = (hash ^ field.charAt(i)) * 0x100000001b3L;
    hash = (hash ^ '|') * 0x100000001b3L;
    for (int i = 0; i < value.length(); i++) hash = (hash ^ value.charAt(i)) * 0x100000001b3L;
    hash ^= hash >>> 32;
    hash *= 0xd6e8feb86659fd93L;
    return hash ^ hash >>> 32;
  }

  /** The lines in a row, without line feeds. */
  static List<byte[]> lines(byte[] packed) {
    long size = Zstd.getFrameContentSize(packed);
    if (size < 0 || size > Integer.MAX_VALUE) throw new IllegalStateException("a block of audit events is damaged");
    byte[] all = Zstd.decompress(packed, (int) size);
    List<byte[]> lines = new ArrayList<>();
    int from = 0;
    for (int to = 0; to < all.length; to++) {
      if (all[to] != '\n') continue;
      lines.add(Arrays.copyOfRange(all, from, to));
      from = to + 1;
    }
    return lines;
  }
}
