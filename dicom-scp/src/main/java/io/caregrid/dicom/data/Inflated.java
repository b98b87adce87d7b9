package io.caregrid.dicom.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.zip.Inflater;

/**
 * A deflated data set (PS3.5 A.5) as the bytes it stands for. The first {@value #KEPT} bytes are kept as they are inflated; what is behind them is
 * inflated again as it is read, and reading backwards there starts over, {@value #MOST_TIMES} times as far as it may go in all: memory and time are bounded
 * whatever the stream claims.
 *
 * <p>An {@link Inflater} holds memory outside of the heap. It ends with its stream, with {@link #close}, or with whatever the deflated bytes come from
 * ({@link Source#whenClosed}).
 */
final class Inflated implements Source, AutoCloseable {
  static final int KEPT = 8 << 20;
  private static final int MOST_TIMES = 8;
  private static final Supplier<Inflater> RAW = () -> new Inflater(true);

  private final Source source;
  private final long from;
  private final long reach;
  private final long mostBytes;
  private final Supplier<Inflater> inflaters;
  private final ReentrantLock reading = new ReentrantLock();
  private byte[] kept;
  private int keptBytes;
  private long size = -1;
  private long worked;
  private InflatedStream stream;
  private boolean watched;
  private volatile boolean closed;

  private Inflated(Source source, long from, long reach, long mostBytes, Supplier<Inflater> inflaters) {
    this.source = source;
    this.from = from;
    this.reach = reach;
    this.mostBytes = mostBytes;
    this.inflaters = inflaters;
  }

  /** All of it. DicomException, at the first look: not a deflate stream, cut off, or more than {@code mostBytes}. */
  static Inflated whole(Source source, long from, long mostBytes) {
    return whole(source, from, mostBytes, RAW);
  }

  static Inflated whole(Source source, long from, long mostBytes, Supplier<Inflater> inflaters) {
    return new Inflated(source, from, mostBytes, mostBytes, inflaters);
  }

  /**
   * What stands before pixel data. Nothing beyond {@code reach} is inflated: there {@link #read} is a {@link DicomException.TooLarge}, and {@link #size}
   * is {@code mostBytes} when the stream goes on.
   */
  static Inflated head(Source source, long from, long reach, long mostBytes) {
    return head(source, from, reach, mostBytes, RAW);
  }

  static Inflated head(Source source, long from, long reach, long mostBytes, Supplier<Inflater> inflaters) {
    return new Inflated(source, from, reach, mostBytes, inflaters);
  }

  /** Inflates once, as far as is allowed. */
  @Override
  public long size() {
    reading.lock();
    try {
      if (size < 0) size = counted();
      return size;
    } finally {
      reading.unlock();
      endWhenClosed();
    }
  }

  private long counted() {
    byte[] keeping = new byte[0];
    InflatedStream once = new InflatedStream(source, from, inflaters.get());
    try (once) {
      for (long had = 0; once.end() <= reach && once.advance(); had = once.end()) {
        if (closed) throw new DicomException("closed while it was inflated");
        if (had >= KEPT) continue;
        int count = (int) Math.min(once.end() - had, KEPT - had);
        if (had + count > keeping.length) keeping = Arrays.copyOf(keeping, (int) Math.min(KEPT, 2 * had + count));
        System.arraycopy(once.chunk(), 0, keeping, (int) had, count);
      }
    }
    worked += once.end();
    kept = keeping;
    keptBytes = (int) Math.min(KEPT, once.end());
    if (once.end() <= reach) return once.end();
    if (reach < mostBytes) return mostBytes;
    throw new DicomException.TooLarge("more than " + mostBytes + " bytes when inflated");
  }

  @Override
  public void read(long position, ByteBuffer into) throws IOException {
    if (position < 0 || position + into.remaining() > size()) throw new EOFException();
    reading.lock();
    try {
      int early = (int) Math.min(into.remaining(), Math.max(0, keptBytes - position));
      if (early > 0) into.put(kept, (int) position, early);
      if (into.hasRemaining()) late(position + early, into);
    } finally {
      reading.unlock();
      endWhenClosed();
    }
  }

  private void late(long position, ByteBuffer into) throws IOException {
    if (position + into.remaining() > reach)
      throw new DicomException.TooLarge("more than " + reach + " bytes inflated before pixel data");
    if (stream == null || position < stream.start()) restart();
    while (into.hasRemaining()) {
      int got = stream.read(position, into);
      position += got;
      if (got > 0) continue;
      if (closed) throw new IOException("closed");
      if (!stream.advance()) throw new EOFException();
    }
  }

  private void restart() throws IOException {
    if (!watched) source.whenClosed(this::close);
    watched = true;
    if (closed) throw new IOException("closed");
    if (stream != null) {
      stream.close();
      worked += stream.end();
    }
    if (worked > MOST_TIMES * reach) throw new DicomException.TooLarge("a deflated data set read to and fro");
    stream = new InflatedStream(source, from, inflaters.get());
  }

  /** Waits for nobody: who reads just now, ends what he holds. Again without effect. What was kept may still be read. */
  @Override
  public void close() {
    closed = true;
    endWhenClosed();
  }

  private void endWhenClosed() {
    if (!closed || !reading.tryLock()) return;
    try {
      if (stream != null) stream.close();
      stream = null;
    } finally {
      reading.unlock();
    }
  }
}
