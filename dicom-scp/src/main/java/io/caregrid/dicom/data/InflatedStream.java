package io.caregrid.dicom.data;

import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** One way through a raw deflate stream (RFC 1951), forwards; the last two chunks are still there, for a look just behind. */
final class InflatedStream implements AutoCloseable {
  private static final int CHUNK = 64 * 1024;

  private final Source source;
  private final Inflater inflater;
  private final byte[] deflated = new byte[CHUNK];
  private long next;
  private byte[] before = new byte[CHUNK];
  private byte[] chunk = new byte[CHUNK];
  private int beforeLength;
  private int chunkLength;
  private long end;
  private boolean over;

  /** @param inflater raw; ours from now on, and ended with the stream or {@link #close} */
  InflatedStream(Source source, long from, Inflater inflater) {
    this.source = source;
    this.next = from;
    this.inflater = inflater;
  }

  /** Inflates the next chunk. False: there is none. */
  boolean advance() {
    if (over) return false;
    byte[] free = before;
    int got;
    try {
      got = fill(free);
    } catch (RuntimeException | Error broken) {
      close();
      throw broken;
    }
    if (got == 0) return false;
    before = chunk;
    beforeLength = chunkLength;
    chunk = free;
    chunkLength = got;
    end += got;
    return true;
  }

  /** Of which the first bytes were inflated last. */
  byte[] chunk() {
    return chunk;
  }

  /** How much has been inflated. */
  long end() {
    return end;
  }

  /** The first byte that is still there. */
  long start() {
    return end - chunkLength - beforeLength;
  }

  /** @return how many of the bytes that are there went into it, 0 when {@code position} is not yet */
  int read(long position, ByteBuffer into) {
    if (position >= end) return 0;
    long chunkStart = end - chunkLength;
    boolean late = position >= chunkStart;
    int at = (int) (position - (late ? chunkStart : start()));
    int count = Math.min(into.remaining(), (late ? chunkLength : beforeLength) - at);
    into.put(late ? chunk : before, at, count);
    return count;
  }

  private int fill(byte[] into) {
    try {
      int filled = 0;
      while (filled < into.length) {
        int got = inflater.inflate(into, filled, into.length - filled);
        filled += got;
        if (inflater.finished()) {
          close();
          break;
        }
        if (got > 0) continue;
        if (inflater.needsDictionary()) throw new DicomException("a deflate stream with a dictionary");
        feed();
      }
      return filled;
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

  /** Again without effect; what is there can still be read. */
  @Override
  public void close() {
    over = true;
    inflater.end();
  }
}
