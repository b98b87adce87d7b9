package io.caregrid.store.audit;

import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Caller;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
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
  private static final byte[] ID = "{\"id\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final int ID_LENGTH = 36;
  private static final String ID_TIME = "xxxxxxxx-xxxx";
  private static final String CRC_MEMBER = ",\"crc\":\"";
  private static final byte[] CRC = CRC_MEMBER.getBytes(StandardCharsets.US_ASCII);
  private static final int TAIL = CRC.length + 8 + 2;

  private record Second(long second, String text) {}

  /** Most entries come in the same second as the one before. */
  private static volatile Second last = new Second(0, "1970-01-01T00:00:00");

  private Line() {}

  /** Ends in a line feed. */
  static LineBytes of(Entry entry, UUID id, String node) {
    Caller caller = entry.caller();
    LineBytes line = new LineBytes(1024).raw("{\"id\":\"").raw(id.toString());
    line.raw("\",\"at\":\"").raw(at(EventIds.millis(id))).raw("\"");
    line.member(",\"node\":", node, MOST_KEY)
        .member(",\"subject\":", caller.subject(), MOST_KEY)
        .member(",\"issuer\":", caller.issuer(), MOST)
        .member(",\"name\":", caller.name(), MOST)
        .members(",\"roles\":", sorted(caller.roles()), MOST_KEYS, MOST_KEY)
        .member(",\"address\":", caller.address(), MOST)
        .member(",\"trace\":", caller.trace(), MOST)
        .member(",\"deed\":", entry.deed().code, MOST_KEY);
    line.raw(",\"status\":").raw(Integer.toString(entry.status()));
    line.members(",\"what\":", entry.what(), MOST_KEYS, MOST_KEY)
        .members(",\"patients\":", entry.patients(), MOST_KEYS, MOST_KEY)
        .members(",\"patientIds\":", entry.patientIds(), MOST_KEYS, MOST_KEY);
    if (entry.times() != 1) line.raw(",\"times\":").raw(Long.toString(entry.times()));
    line.member(",\"query\":", entry.query(), MOST_QUERY);
    int crc = crc(line.array(), 0, line.length());
    return line.raw(CRC_MEMBER).hex(crc).raw("\"}\n");
  }

  private static List<String> sorted(Set<String> roles) {
    return roles.size() < 2 ? List.copyOf(roles) : roles.stream().sorted().toList();
  }

  private static String at(long millis) {
    long second = Math.floorDiv(millis, 1000L);
    Second known = last;
    if (known.second != second) {
      String whole = Instant.ofEpochSecond(second).toString();
      known = new Second(second, whole.substring(0, whole.length() - 1));
      last = known;
    }
    long rest = millis - second * 1000;
    if (rest == 0) return known.text + "Z";
    return known.text + (rest < 10 ? ".00" : rest < 100 ? ".0" : ".") + rest + "Z";
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  /** The id of a whole line. */
  static String id(byte[] bytes, int from) {
    return new String(bytes, from + ID.length, ID_LENGTH, StandardCharsets.US_ASCII);
  }

  /** Milliseconds since 1970 in the id of a whole line. */
  static long millis(byte[] bytes, int from) {
    long millis = 0;
    for (int i = 0; i < ID_TIME.length(); i++) {
      if (ID_TIME.charAt(i) == 'x') millis = millis << 4 | Character.digit(bytes[from + ID.length + i], 16);
    }
    return millis;
  }

  /**
   * Whether these bytes are a line as it was written.
   *
   * @param to where its line feed is, exclusive
   */
  static boolean isWhole(byte[] bytes, int from, int to) {
    int length = to - from - TAIL;
    if (length < ID.length + ID_LENGTH) return false;
    for (int i = 0; i < CRC.length; i++) {
      if (bytes[from + length + i] != CRC[i]) return false;
    }
    String digits = new String(bytes, from + length + CRC.length, 8, StandardCharsets.US_ASCII);
    return bytes[to - 2] == '"' && bytes[to - 1] == '}'
        && digits.equals(HexFormat.of().toHexDigits(crc(bytes, from, length)));
  }
}
