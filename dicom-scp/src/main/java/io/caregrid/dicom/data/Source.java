package io.caregrid.dicom.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.function.Consumer;

/** Bytes at rest, readable at any place: memory, a file, or a part of one. Any thread. */
public interface Source {
  long size();

  /** Fills {@code into} from {@code position}. EOFException: fewer bytes are there. */
  void read(long position, ByteBuffer into) throws IOException;

  /** {@code then} runs when what is behind this source is let go of, on whatever thread does it. Memory never is. */
  default void whenClosed(Runnable then) {}

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
    return of(file, offset, length, then -> {});
  }

  /** @param closing takes what is to run when the owner closes the file */
  static Source of(FileChannel file, long offset, long length, Consumer<Runnable> closing) {
    return new Source() {
      @Override
      public long size() {
        return length;
      }

      @Override
      public void whenClosed(Runnable then) {
        closing.accept(then);
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
   * What a raw deflate stream (RFC 1951) from {@code from} to the end of {@code source} stands for. Memory stays below 13 MiB whatever it inflates to.
   * DicomException, at the first look: it is not one, is cut off, or inflates to more than {@code maxBytes}.
   */
  static Source inflate(Source source, long from, long maxBytes) {
    return Inflated.whole(source, from, maxBytes);
  }
}
