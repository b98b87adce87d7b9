package io.caregrid.store.audit;

import io.caregrid.store.AuditPosition;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What somebody staged and nobody moved, since the process died in between: whole lines that are not in the journal's files, in order. They are told by their ids,
 * so it does not matter how old the head's position is, nor how often this is done.
 *
 * @param lines   each ends in a line feed
 * @param bytes   of them all
 * @param end     position behind everything that was ever staged here, as far as can be seen
 * @param size    of the ring; 0: the file has no head of ours
 * @param damaged what of it is missing or not whole, for the log
 */
record Rescue(List<byte[]> lines, int bytes, long end, long size, List<String> damaged) {

  /** Largest file that is looked through. */
  static final int MOST = 64 << 20;

  private record Found(Frame frame, byte[] line, String id) {}

  /** @param stage all bytes of the file. Blocks. */
  static Rescue of(byte[] stage, Segments segments) throws IOException {
    ByteBuffer bytes = Frame.buffer(stage);
    boolean ours = stage.length >= Stage.HEAD && bytes.getLong(0) == Stage.MAGIC
        && isSize(bytes.getLong(Stage.RING_AT));
    long size = ours ? bytes.getLong(Stage.RING_AT) : Math.max(Frame.HEAD, stage.length - Stage.HEAD);
    long moved = ours ? bytes.getLong(Stage.MOVED_AT) : 0;
    List<String> damaged = new ArrayList<>();
    if (!ours) damaged.add("no head of ours");
    else if (stage.length != Stage.HEAD + size) damaged.add(stage.length + " bytes, not " + (Stage.HEAD + size));
    TreeMap<Long, Found> found = found(stage, size, moved);
    long end = found.isEmpty() ? moved : Math.max(moved, found.lastEntry().getValue().frame.end());
    List<Found> left = new ArrayList<>(found.values());
    gaps(left, ours ? moved : -1, damaged);
    left.removeIf(one -> one.line == null);
    AuditPosition place = ours
        ? new AuditPosition(bytes.getLong(Stage.SEGMENT_AT), bytes.getLong(Stage.OFFSET_AT))
        : null;
    if (!left.isEmpty()) removeKept(left, place, segments);
    return new Rescue(left.stream().map(Found::line).toList(), left.stream().mapToInt(one -> one.line.length).sum(),
        end, ours ? size : 0, damaged);
  }

  private static boolean isSize(long size) {
    return size >= Frame.HEAD && size <= MOST && Long.bitCount(size) == 1;
  }

  /** Those that were not moved, by position. Without its line where that is not whole. */
  private static TreeMap<Long, Found> found(byte[] stage, long size, long moved) {
    TreeMap<Long, Found> found = new TreeMap<>();
    if (stage.length < Stage.HEAD) return found;
    byte[] ring = Arrays.copyOfRange(stage, Stage.HEAD, stage.length);
    ByteBuffer frames = Frame.buffer(ring);
    for (int at = 0; at < ring.length; at += Frame.HEAD) {
      Frame frame = Frame.at(frames, at, size);
      if (frame == null || frame.position() < moved) continue;
      byte[] line = line(ring, frame, size);
      boolean whole = line != null && line[line.length - 1] == '\n' && Line.isWhole(line, 0, line.length - 1);
      found.put(frame.position(), new Found(frame, whole ? line : null, whole ? Line.id(line, 0) : null));
    }
    return found;
  }

  /** Null where the file ends before it. */
  private static byte[] line(byte[] ring, Frame frame, long size) {
    int from = (int) ((frame.position() + Frame.HEAD) % size);
    int first = (int) Math.min(frame.length(), size - from);
    if (from + first > ring.length || frame.length() - first > ring.length) return null;
    byte[] line = Arrays.copyOfRange(ring, from, from + frame.length());
    System.arraycopy(ring, 0, line, first, frame.length() - first);
    return line;
  }

  /** @param from where the first should be; negative: not known */
  private static void gaps(List<Found> left, long from, List<String> damaged) {
    long expected = from;
    for (Found one : left) {
      if (expected >= 0 && one.frame.position() != expected)
        damaged.add("nothing whole at " + expected + "-" + one.frame.position());
      if (one.line == null) damaged.add("a torn line at " + one.frame.position());
      expected = one.frame.end();
    }
  }

  /** @param place nothing of them is before it; null: not known, then files are looked through that were written when they were made, or later */
  private static void removeKept(List<Found> left, AuditPosition place, Segments segments) throws IOException {
    SortedMap<Long, Long> files = segments.all();
    if (files.isEmpty()) return;
    Set<String> wanted = new HashSet<>();
    left.forEach(one -> wanted.add(one.id));
    long last = files.lastKey();
    AuditPosition until = new AuditPosition(last, files.get(last));
    AuditPosition at = place != null ? place : new AuditPosition(first(left, files, segments), 0);
    while (at.compareTo(until) < 0) {
      Batch batch = Batch.read(segments, at, until);
      for (byte[] line : batch.lines()) wanted.remove(Line.id(line, 0));
      at = batch.next();
    }
    left.removeIf(one -> !wanted.contains(one.id));
    cut(left, last, files.get(last), segments);
  }

  private static long first(List<Found> left, SortedMap<Long, Long> files, Segments segments) throws IOException {
    long least = left.stream().mapToLong(one -> Line.millis(one.line, 0)).min().orElseThrow();
    for (Map.Entry<Long, Long> file : files.entrySet()) {
      if (segments.writtenMillis(file.getKey()) >= least - Batch.SPAN.toMillis()) return file.getKey();
    }
    return files.lastKey();
  }

  /** A line of which the killed process wrote only a part is written anew: its beginning at the end of the last file is no damage. */
  private static void cut(List<Found> left, long number, long length, Segments segments) throws IOException {
    if (left.isEmpty()) return;
    try (RandomAccessFile file = new RandomAccessFile(segments.file(number).toFile(), "rw")) {
      byte[] tail = new byte[(int) Math.min(length, Frame.MOST)];
      file.seek(length - tail.length);
      file.readFully(tail);
      int from = tail.length;
      while (from > 0 && tail[from - 1] != '\n') from--;
      byte[] torn = Arrays.copyOfRange(tail, from, tail.length);
      boolean anew = torn.length > 0 && left.stream().anyMatch(one -> begins(one.line, torn));
      if (anew) file.setLength(length - torn.length);
    }
  }

  private static boolean begins(byte[] line, byte[] torn) {
    return line.length >= torn.length && Arrays.equals(line, 0, torn.length, torn, 0, torn.length);
  }

  /** All in one. */
  byte[] all() {
    byte[] all = new byte[bytes];
    int at = 0;
    for (byte[] line : lines) {
      System.arraycopy(line, 0, all, at, line.length);
      at += line.length;
    }
    return all;
  }
}
