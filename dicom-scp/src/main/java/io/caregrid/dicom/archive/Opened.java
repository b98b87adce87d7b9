package io.caregrid.dicom.archive;

import io.caregrid.dicom.data.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/** An instance's file, to be sent or read; the bytes stay as they are until it is closed, even when the instance is deleted meanwhile. */
public final class Opened implements AutoCloseable {
  private final Segment segment;
  private final long offset;
  private final long length;
  private final Runnable leave;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Queue<Runnable> closing = new ConcurrentLinkedQueue<>();

  Opened(Segment segment, long offset, long length, Runnable leave) {
    this.segment = segment;
    this.offset = offset;
    this.length = length;
    this.leave = leave;
  }

  /** Read it at places only: never by its position. */
  public FileChannel channel() {
    return segment.channel();
  }

  /** Where in {@link #channel} the Part 10 file begins. */
  public long offset() {
    return offset;
  }

  /** Its bytes. */
  public long length() {
    return length;
  }

  /** The Part 10 file alone. */
  public Source source() {
    return Source.of(segment.channel(), offset, length, this::whenClosed);
  }

  private void whenClosed(Runnable then) {
    closing.add(then);
    if (closed.get()) runClosing();
  }

  private void runClosing() {
    for (Runnable next = closing.poll(); next != null; next = closing.poll()) next.run();
  }

  /** Any thread; again without effect. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) return;
    leave.run();
    runClosing();
    try {
      segment.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
