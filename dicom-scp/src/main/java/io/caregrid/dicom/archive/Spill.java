package io.caregrid.dicom.archive;

import io.caregrid.store.Cause;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An instance that goes to a segment file of its own while it comes. Buffers are offered by the sender's thread and written, in order, by one I/O
 * thread at a time; what fails there is said at the next look. Small ones are gathered first: neither memory nor calls of the system depend on how a
 * sender cuts.
 */
final class Spill {
  private static final Logger log = LoggerFactory.getLogger(Spill.class);
  /** Bytes after which the disk has to have them, so that a large instance does not end with a long wait. */
  private static final long FORCE_EVERY = 64L << 20;
  private static final int MOST_BUFFERS = 512;
  /** Below this a call of the system costs more than copying. */
  private static final int CRUMB = 4 * 1024;
  private static final int TRAY = 64 * 1024;

  private final Shelf shelf;
  private final Memory memory;
  private final Executor disk;
  private final ConcurrentLinkedQueue<ByteBuf> queue = new ConcurrentLinkedQueue<>();
  private final AtomicLong unflushed = new AtomicLong();
  private final AtomicBoolean running = new AtomicBoolean();
  private final ConcurrentLinkedQueue<Runnable> waiting = new ConcurrentLinkedQueue<>();
  private final long resumeBelow;
  /** The sender's thread alone: crumbs that are not offered yet. */
  private ByteBuf tray;
  private String file;
  private Segment segment;
  private long unforced;
  private volatile IOException failed;
  private volatile Runnable afterAll;

  Spill(Shelf shelf, Memory memory, Executor disk, long resumeBelow) {
    this.shelf = shelf;
    this.memory = memory;
    this.disk = disk;
    this.resumeBelow = resumeBelow;
  }

  /** The sender's thread; takes it over. */
  void add(ByteBuf bytes) {
    unflushed.addAndGet(bytes.readableBytes());
    if (bytes.readableBytes() < CRUMB) {
      gather(bytes);
      return;
    }
    offerTray();
    queue.add(bytes);
    start();
  }

  private void gather(ByteBuf crumb) {
    while (crumb.isReadable()) {
      if (tray == null) tray = PooledByteBufAllocator.DEFAULT.directBuffer(TRAY, TRAY);
      tray.writeBytes(crumb, Math.min(crumb.readableBytes(), tray.writableBytes()));
      // where memory is short, nobody waits for more company
      if (!tray.isWritable() || memory.isFull()) offerTray();
    }
    crumb.release();
  }

  /** The sender's thread: what was gathered goes to disk now. */
  void flush() {
    offerTray();
  }

  private void offerTray() {
    if (tray == null) return;
    queue.add(tray);
    tray = null;
    start();
  }

  /** Everything was offered: {@code then} runs on an I/O thread, after the last of it was written or given up. */
  void whenWritten(Runnable then) {
    if (tray != null) queue.add(tray);
    tray = null;
    afterAll = then;
    start();
  }

  long unflushed() {
    return unflushed.get();
  }

  /** Null while all goes well. */
  IOException failed() {
    return failed;
  }

  /** Runs it when little is left to write; perhaps at once, perhaps more than once. */
  void whenFlushed(Runnable then) {
    waiting.add(then);
    if (unflushed.get() <= resumeBelow && waiting.remove(then)) then.run();
  }

  private void start() {
    if (running.compareAndSet(false, true)) disk.execute(this::run);
  }

  private void run() {
    List<ByteBuf> taken = new ArrayList<>();
    for (ByteBuf next = queue.poll(); next != null; next = taken.size() < MOST_BUFFERS ? queue.poll() : null)
      taken.add(next);
    long bytes = taken.stream().mapToLong(ByteBuf::readableBytes).sum();
    try {
      if (failed == null && bytes > 0) write(taken, bytes);
    } catch (IOException full) {
      failed = full;
      discard();
    } catch (RuntimeException | Error bug) {
      log.error("an instance is not written cause={}", Cause.andPlace(bug));
      failed = new IOException("not written", bug);
      discard();
    } finally {
      taken.forEach(ByteBuf::release);
      memory.give(bytes);
      unflushed.addAndGet(-bytes);
    }
    if (unflushed.get() <= resumeBelow)
      for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) call(next);
    boolean ended = afterAll != null && queue.isEmpty();
    if (ended) {
      Runnable then = afterAll;
      afterAll = null;
      call(then);
    }
    running.set(false);
    if (!queue.isEmpty() || afterAll != null) start();
  }

  /** One that fails must not leave the others waiting. */
  private static void call(Runnable then) {
    try {
      then.run();
    } catch (RuntimeException | Error bug) {
      log.error("somebody who waited for the disk was not called cause={}", Cause.andPlace(bug));
    }
  }

  private void write(List<ByteBuf> taken, long bytes) throws IOException {
    if (segment == null) {
      file = shelf.create();
      segment = Segment.write(shelf.path(file));
      segment.skipHeader();
    }
    List<ByteBuffer> buffers = new ArrayList<>(taken.size());
    for (ByteBuf each : taken) buffers.addAll(List.of(each.nioBuffers()));
    segment.append(buffers.toArray(ByteBuffer[]::new), bytes);
    unforced += bytes;
    if (unforced < FORCE_EVERY) return;
    segment.force();
    unforced = 0;
  }

  /** I/O thread, after everything was written. */
  String file() {
    return file;
  }

  Segment segment() {
    return segment;
  }

  /** I/O thread: the whole record is durable. The file stays unsettled until its row is. */
  void seal(RecordHeader header) throws IOException {
    segment.writeHeader(header, 0);
    segment.force();
    segment.close();
  }

  /** I/O thread: nothing of it is kept. */
  void discard() {
    try {
      if (segment != null) segment.close();
      if (file != null) shelf.remove(file);
    } catch (IOException left) {
      if (failed == null) failed = left; // an unsettled file without a row: the next start removes it
    }
    segment = null;
    file = null;
  }
}
