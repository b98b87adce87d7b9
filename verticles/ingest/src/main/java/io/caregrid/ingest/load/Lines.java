package io.caregrid.ingest.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** Lines of bytes and where they end; of one that is too long, nothing but its end. One thread. */
final class Lines {
  private final InputStream in;
  private final int longest;
  private final byte[] buffer = new byte[1 << 16];
  private int at;
  private int filled;
  private long offset;

  /**
   * @param offset bytes of {@code in} that are behind us already
   * @param longest bytes of a line that is given
   */
  Lines(InputStream in, long offset, int longest) {
    this.in = in;
    this.offset = offset;
    this.longest = longest;
  }

  /**
   * @param bytes without its end; null when it is too long
   * @param end   offset behind it
   */
  record Line(byte[] bytes, long end) {}

  /** Null at the end of the file. */
  Line next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    boolean tooLong = false;
    long begin = offset;
    while (true) {
      if (at == filled) {
        filled = in.read(buffer);
        at = 0;
        if (filled <= 0) {
          filled = 0;
          return offset == begin ? null : line(line, tooLong);
        }
      }
      int end = at;
      while (end < filled && buffer[end] != '\n') end++;
      int length = end - at;
      tooLong |= line.size() + length > longest;
      if (!tooLong) line.write(buffer, at, length);
      boolean whole = end < filled;
      offset += length + (whole ? 1 : 0);
      at = whole ? end + 1 : end;
      if (whole) return line(line, tooLong);
    }
  }

  private Line line(ByteArrayOutputStream line, boolean tooLong) {
    return new Line(tooLong ? null : line.toByteArray(), offset);
  }
}
