package io.caregrid.dicom.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A look into a source that moves forward: small reads come from memory. {@link #bytes} are the caller's to read until the next call. */
final class Window {
  private static final int SIZE = 16 * 1024;

  private final Source source;
  private final int usual;
  private final long to;
  private byte[] bytes = new byte[0];
  private long start;
  private int filled;

  /** @param to nothing from here on is looked at */
  Window(Source source, long from, long to) {
    this(source, from, to, SIZE);
  }

  /** @param usual how much is read at once, unless more is asked for */
  Window(Source source, long from, long to, int usual) {
    this.usual = usual;
    if (from < 0 || from > to || to > source.size())
      throw new DicomException("bytes " + from + " to " + to + " of " + source.size());
    this.source = source;
    this.start = from;
    this.to = to;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Where in {@link #bytes} the {@code count} bytes from {@code position} are; count is at most 16 KiB. DicomException: they are not there. */
  int at(long position, int count) {
    if (position < start || position + count > start + filled) fill(position, count);
    return (int) (position - start);
  }

  /** A copy. The caller has made sure that so much is there. */
  byte[] copy(long position, int count) {
    if (count <= SIZE) {
      int at = at(position, count);
      return Arrays.copyOfRange(bytes, at, at + count);
    }
    byte[] copy = new byte[count];
    read(source, position, ByteBuffer.wrap(copy));
    return copy;
  }

  private void fill(long position, int count) {
    if (count > to - position) throw new DicomException("the data ends within an element at " + position);
    int size = (int) Math.min(Math.max(usual, count), to - position);
    if (bytes.length < size) bytes = new byte[size];
    read(source, position, ByteBuffer.wrap(bytes, 0, size));
    start = position;
    filled = size;
  }

  static void read(Source source, long position, ByteBuffer into) {
    try {
      source.read(position, into);
    } catch (EOFException end) {
      throw new DicomException("the data ends before " + (position + into.remaining()));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
