package io.caregrid.dicom.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Bytes at rest, readable at any place: memory, a file, or a part of one. Any thread. */
public interface Source {
  long size();

  /** Fills {@code into} from {@code position}. EOFException: fewer bytes are there. */
  void read(long position, ByteBuffer into) throws IOException;

  static Source of(ByteBuffer bytes) {
    ByteBuffer mine = bytes.slice();
    return new Source() {
      @Override
      public long size() {
        return mine.limit();
      }

      @Override
      public void read(long position, ByteBuffer into) throws IOException {
        if (position < 0 || position + into.remaining() > mine.limit()) throw new EOFException();
        into.put(mine.slice((int) position, into.remaining()));
      }
    };
  }

  /** {@code length} bytes of a file from {@code offset}; the channel stays its owner's. */
  static Source of(FileChannel file, long offset, long length) {
    return new Source() {
      @Override
      public long size() {
        return length;
      }

      @Override
      public void read(long position, ByteBuffer into) throws IOException {
        if (position < 0 || position + into.remaining() > length) throw new EOFException();
        while (into.hasRemaining()) {
          int read = file.read(into, offset + position);
          if (read < 0) throw new EOFException();
          position += read;
        }
      }
    };
  }

  /**
   * What a raw deflate stream (RFC 1951) from {@code from} to the end of {@code source} stands for. Memory stays below 9 MiB whatever it inflates to.
   * DicomException: it is not one, is cut off, or inflates to more than {@code maxBytes}.
   */
  static Source inflate(Source source, long from, long maxBytes) {
    return Inflated.of(source, from, maxBytes);
  }
}
