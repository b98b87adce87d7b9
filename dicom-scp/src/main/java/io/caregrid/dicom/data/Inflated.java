package io.caregrid.dicom.data;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A deflated data set (PS3.5 A.5) as the bytes it stands for. Up to {@value #KEPT} bytes are kept; beyond that they are inflated again as they are
 * read, and reading backwards starts over: memory stays flat whatever the stream claims.
 */
final class Inflated implements Source {
  static final int KEPT = 8 << 20;
  private static final int CHUNK = 64 * 1024;

  private final Source source;
  private final long from;
  private final long size;
  private Stream stream;

  private Inflated(Source source, long from, long size) {
    this.source = source;
    this.from = from;
    this.size = size;
  }

  /** Inflates all of it once, to know its size. DicomException: not a deflate stream, cut off, or more than {@code maxBytes}. */
  static Source of(Source source, long from, long maxBytes) {
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    Stream stream = new Stream(source, from);
    byte[] chunk = new byte[CHUNK];
    long size = 0;
    try {
      for (int got = stream.next(chunk, 0, CHUNK); got > 0; got = stream.next(chunk, 0, CHUNK)) {
        size += got;
        if (size > maxBytes) throw new DicomException("more than " + maxBytes + " bytes when inflated");
        if (size <= KEPT) kept.write(chunk, 0, got);
      }
    } finally {
      stream.inflater.end();
    }
    return size <= KEPT ? Source.of(ByteBuffer.wrap(kept.toByteArray())) : new Inflated(source, from, size);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public synchronized void read(long position, ByteBuffer into) throws IOException {
    if (position < 0 || position + into.remaining() > size) throw new EOFException();
    if (stream == null || position < stream.position) stream = new Stream(source, from);
    byte[] chunk = new byte[(int) Math.min(CHUNK, Math.max(into.remaining(), position - stream.position))];
    while (stream.position < position)
      stream.next(chunk, 0, (int) Math.min(chunk.length, position - stream.position));
    while (into.hasRemaining())
      into.put(chunk, 0, stream.next(chunk, 0, Math.min(chunk.length, into.remaining())));
  }

  private static final class Stream {
    private final Source source;
    private final Inflater inflater = new Inflater(true);
    private final byte[] deflated = new byte[CHUNK];
    private long next;
    /** How much has been inflated. */
    private long position;

    Stream(Source source, long from) {
      this.source = source;
      this.next = from;
    }

    /** 0 at the end. */
    int next(byte[] into, int at, int count) {
      try {
        while (true) {
          int got = inflater.inflate(into, at, count);
          position += got;
          if (got > 0 || inflater.finished() || count == 0) return got;
          if (inflater.needsDictionary()) throw new DicomException("a deflate stream with a dictionary");
          feed();
        }
      } catch (DataFormatException broken) {
        throw new DicomException("not a deflate stream, near " + next);
      }
    }

    private void feed() {
      int count = (int) Math.min(CHUNK, source.size() - next);
      if (count <= 0) throw new DicomException("the deflate stream is cut off at " + next);
      Window.read(source, next, ByteBuffer.wrap(deflated, 0, count));
      inflater.setInput(deflated, 0, count);
      next += count;
    }
  }
}
