package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * multipart/related as it comes off the wire (RFC 2046 section 5.1, RFC 2387): pieces of any size in, parts out.
 *
 * <p>Holds back at most one delimiter and one head of {@link #HEAD_BYTES}; everything else is handed on at once. A line that only begins like the
 * delimiter ({@code --boundaryX}) is data: pixels may look like anything.
 */
final class MultipartReader {
  static final int HEAD_BYTES = 16 << 10;
  private static final int PADDING = 256;
  /** RFC 2046 says 70; Orthanc sends 73. */
  private static final int BOUNDARY_LENGTH = 200;

  /** What was found, in order. */
  interface Parts {
    /** @param headers of the part, names in lower case */
    void begin(Map<String, String> headers);

    /** The receiver releases them. */
    void data(ByteBuf bytes);

    void end();
  }

  private enum At {
    PREAMBLE, DELIMITER, HEAD, DATA, EPILOGUE
  }

  private final byte[] delimiter;
  private final Parts parts;
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();
  private At at = At.PREAMBLE;
  private At before = At.PREAMBLE;
  /** Bytes of the delimiter that have been seen; the first line of a body has no line end before it. */
  private int matched = 2;
  private int begun;
  /** How much of CR LF CR LF the head ends with so far. */
  private int lineEnds;

  /** @throws Failure.Invalid when the boundary is none (RFC 2046 section 5.1.1) */
  MultipartReader(String boundary, Parts parts) {
    if (boundary == null || !boundary.matches("[ -~]{0," + (BOUNDARY_LENGTH - 1) + "}[!-~]"))
      throw new Failure.Invalid(
          "Content-Type: multipart/related needs a boundary of 1 to " + BOUNDARY_LENGTH + " printable characters");
    this.delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.US_ASCII);
    this.parts = parts;
  }

  /**
   * Reads all of it; the bytes stay the caller's, parts get retained slices.
   *
   * @throws Failure.Invalid for a head that is none
   */
  void feed(ByteBuf bytes) {
    while (bytes.isReadable()) {
      switch (at) {
        case PREAMBLE, DATA -> scan(bytes);
        case DELIMITER -> afterDelimiter(bytes);
        case HEAD -> head(bytes);
        case EPILOGUE -> bytes.skipBytes(bytes.readableBytes());
      }
    }
  }

  /**
   * The body is over.
   *
   * @throws Failure.Invalid when the closing boundary has not been seen: something is missing
   */
  void finish() {
    if (at != At.EPILOGUE)
      throw new Failure.Invalid("the body ends before the closing boundary, in part " + begun + ": it is not complete");
  }

  private void scan(ByteBuf bytes) {
    int carried = matched;
    int from = bytes.readerIndex();
    int to = bytes.writerIndex();
    int next = from;
    while (next < to && matched < delimiter.length) {
      if (matched == 0) {
        int hit = bytes.indexOf(next, to, delimiter[0]);
        next = hit < 0 ? to : hit + 1;
        matched = hit < 0 ? 0 : 1;
      } else if (bytes.getByte(next) == delimiter[matched]) {
        matched++;
        next++;
      } else {
        matched = 0; // only the first byte of a delimiter is CR: no shorter match can be inside of it
      }
    }
    emit(bytes, carried, carried + next - from - matched);
    bytes.readerIndex(next);
    if (matched == delimiter.length) {
      before = at;
      at = At.DELIMITER;
      matched = 0;
    }
  }

  /** The first {@code count} of the bytes held back before and those in {@code bytes}. */
  private void emit(ByteBuf bytes, int carried, int count) {
    if (at != At.DATA || count <= 0) return;
    int old = Math.min(carried, count);
    if (old > 0) parts.data(Unpooled.wrappedBuffer(delimiter, 0, old));
    if (count > old) parts.data(bytes.retainedSlice(bytes.readerIndex(), count - old));
  }

  /** {@code --} closes, white space and a line end open a part; anything else was data. */
  private void afterDelimiter(ByteBuf bytes) {
    byte next = bytes.readByte();
    int last = held.size() == 0 ? -1 : held.toByteArray()[held.size() - 1];
    if (next == '-' && held.size() == 1 && last == '-') {
      endPart();
      at = At.EPILOGUE;
    } else if (next == '\n' && last == '\r') {
      endPart();
      at = At.HEAD;
      lineEnds = 2;
    } else if (next == '-' && held.size() == 0 || isPadding(next, last) && held.size() < PADDING) {
      held.write(next);
    } else {
      bytes.readerIndex(bytes.readerIndex() - 1);
      wasData();
    }
  }

  private static boolean isPadding(byte next, int last) {
    return last != '-' && last != '\r' && (next == ' ' || next == '\t' || next == '\r');
  }

  private void endPart() {
    held.reset();
    if (before == At.DATA) parts.end();
  }

  private void wasData() {
    at = before;
    if (at == At.DATA) {
      parts.data(Unpooled.wrappedBuffer(delimiter));
      if (held.size() > 0) parts.data(Unpooled.wrappedBuffer(held.toByteArray()));
    }
    held.reset();
  }

  private void head(ByteBuf bytes) {
    while (bytes.isReadable()) {
      byte next = bytes.readByte();
      held.write(next);
      if (isOver(next)) {
        begun++;
        Map<String, String> headers = headers(held.toString(StandardCharsets.ISO_8859_1));
        held.reset();
        at = At.DATA;
        parts.begin(headers);
        return;
      }
      if (held.size() >= HEAD_BYTES)
        throw new Failure.Invalid("the headers of part " + (begun + 1) + " are longer than " + HEAD_BYTES + " bytes");
    }
  }

  /** An empty line. */
  private boolean isOver(byte next) {
    if (next == '\r') lineEnds = lineEnds == 2 ? 3 : 1;
    else lineEnds = next == '\n' && lineEnds % 2 == 1 ? lineEnds + 1 : 0;
    return lineEnds == 4;
  }

  private Map<String, String> headers(String head) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (String line : head.replaceAll("\r\n[ \t]+", " ").split("\r\n")) {
      if (line.isEmpty()) continue;
      int colon = line.indexOf(':');
      if (colon < 1) throw new Failure.Invalid("a header of part " + begun + " has no colon");
      headers.put(line.substring(0, colon).strip().toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    return headers;
  }
}
