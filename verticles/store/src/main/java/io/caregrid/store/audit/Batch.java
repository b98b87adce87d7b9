package io.caregrid.store.audit;

import io.caregrid.store.AuditPosition;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Some lines of a journal, read off its files: never more than {@link #SPAN} of time, so that the database knows where not to look.
 *
 * @param lines   whole ones, in order, without their line feeds
 * @param next    where the next batch begins
 * @param bytes   of files between its beginning and {@code next}
 * @param damaged bytes among them that are no whole line, as places {@code file: from-to}
 */
record Batch(List<byte[]> lines, AuditPosition next, long bytes, List<String> damaged) {

  static final int BYTES = 1 << 20;
  /** Longest line that is looked for; none that {@link Line} makes is longer. */
  static final int MOST_BYTES = 32 << 20;
  static final Duration SPAN = io.caregrid.store.AuditEvents.SPAN;

  /** Nothing when {@code from} is {@code until}. Blocks. */
  static Batch read(Segments segments, AuditPosition from, AuditPosition until) throws IOException {
    long segment = from.segment();
    long offset = from.offset();
    while (true) {
      Batch some = read(segments, segment, offset, segment == until.segment() ? until.offset() : Long.MAX_VALUE, BYTES);
      if (some.bytes > 0) return some;
      if (segment >= until.segment()) return lost(segments, offset, until);
      Long following = segments.all().higherKey(segment);
      if (following == null || following > until.segment()) return lost(segments, 0, until);
      segment = following;
      offset = 0;
    }
  }

  /** Of the last file there is nothing behind the offset. */
  private static Batch lost(Segments segments, long offset, AuditPosition until) {
    long bytes = until.offset() - offset;
    String place = segments.file(until.segment()).getFileName() + ": " + offset + "-" + until.offset();
    return new Batch(List.of(), until, Math.max(0, bytes), bytes > 0 ? List.of(place) : List.of());
  }

  /** True: there was something up to there, and no line in it. */
  boolean isLost(AuditPosition until) {
    return lines.isEmpty() && !damaged.isEmpty() && next.equals(until);
  }

  private static Batch read(Segments segments, long segment, long offset, long until, int most) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(segments.file(segment).toFile(), "r")) {
      long end = Math.min(until, file.length());
      byte[] bytes = new byte[(int) Math.max(0, Math.min(end - offset, most))];
      file.seek(offset);
      file.readFully(bytes);
      boolean last = offset + bytes.length == end;
      if (!last && most < MOST_BYTES && !hasLine(bytes)) return read(segments, segment, offset, until, most * 4);
      return parse(segments.file(segment).getFileName().toString(), segment, offset, bytes, last);
    } catch (FileNotFoundException none) {
      return new Batch(List.of(), new AuditPosition(segment, offset), 0, List.of());
    }
  }

  private static boolean hasLine(byte[] bytes) {
    for (byte one : bytes) if (one == '\n') return true;
    return false;
  }

  /** @param last nothing follows in this file, so what has no line feed is torn; otherwise it is left for the next batch, unless it is all there is */
  static Batch parse(String name, long segment, long offset, byte[] bytes, boolean last) {
    List<byte[]> lines = new ArrayList<>();
    List<String> damaged = new ArrayList<>();
    long least = Long.MAX_VALUE;
    long most = Long.MIN_VALUE;
    int from = 0;
    while (from < bytes.length) {
      int to = from;
      while (to < bytes.length && bytes[to] != '\n') to++;
      boolean cut = to == bytes.length;
      if (cut && !last && from > 0) break;
      if (!cut && Line.isWhole(bytes, from, to)) {
        long millis = Line.millis(bytes, from);
        if (!lines.isEmpty() && Math.max(most, millis) - Math.min(least, millis) >= SPAN.toMillis()) break;
        least = Math.min(least, millis);
        most = Math.max(most, millis);
        lines.add(Arrays.copyOfRange(bytes, from, to));
      } else {
        damaged.add(name + ": " + (offset + from) + "-" + (offset + to));
      }
      from = Math.min(bytes.length, to + 1);
    }
    return new Batch(lines, new AuditPosition(segment, offset + from), from, damaged);
  }
}
