package io.caregrid.dicom.archive;

import io.caregrid.dicom.data.Source;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * An instance in memory: the buffers it came in, in order, not copied; only crumbs are gathered into trays of our own. However it is cut, it takes less
 * than twice its bytes, and one small tray. Reads forward are quick.
 */
final class Pieces implements Source {
  /** A buffer costs more than its bytes below this. */
  private static final int CRUMB = 1024;
  /** Each tray is twice the one before. */
  private static final int FIRST_TRAY = 1024;
  private static final int LARGEST_TRAY = 64 * 1024;

  private final List<ByteBuf> buffers = new ArrayList<>();
  /** Of which the bytes from {@code open} on are not among the buffers yet. */
  private ByteBuf tray;
  private int open;
  private int nextTray = FIRST_TRAY;
  private long size;
  private int at;
  private long atStart;

  /** Takes it over. */
  void add(ByteBuf bytes) {
    size += bytes.readableBytes();
    if (bytes.readableBytes() >= CRUMB) {
      closeTray();
      buffers.add(bytes);
      return;
    }
    while (bytes.isReadable()) {
      if (tray == null) tray = tray();
      tray.writeBytes(bytes, Math.min(bytes.readableBytes(), tray.writableBytes()));
      if (!tray.isWritable()) leaveTray();
    }
    bytes.release();
  }

  private ByteBuf tray() {
    int bytes = nextTray;
    nextTray = Math.min(LARGEST_TRAY, bytes * 2);
    open = 0;
    return PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
  }

  /** What is in it so far gets its place among the buffers; the rest stays free for crumbs to come. */
  private void closeTray() {
    if (tray == null || tray.writerIndex() == open) return;
    buffers.add(tray.retainedSlice(open, tray.writerIndex() - open));
    open = tray.writerIndex();
  }

  private void leaveTray() {
    if (tray == null) return;
    closeTray();
    tray.release();
    tray = null;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long position, ByteBuffer into) throws EOFException {
    if (position < 0 || position + into.remaining() > size) throw new EOFException();
    closeTray();
    if (position < atStart) {
      at = 0;
      atStart = 0;
    }
    while (into.hasRemaining()) {
      ByteBuf buffer = buffers.get(at);
      long inside = position - atStart;
      if (inside >= buffer.readableBytes()) {
        atStart += buffer.readableBytes();
        at++;
        continue;
      }
      int count = (int) Math.min(into.remaining(), buffer.readableBytes() - inside);
      int end = into.limit();
      into.limit(into.position() + count);
      buffer.getBytes(buffer.readerIndex() + (int) inside, into);
      into.limit(end);
      position += count;
    }
  }

  /** Adds the buffers as they lie; they stay ours. */
  void into(List<ByteBuffer> all) {
    closeTray();
    for (ByteBuf buffer : buffers) {
      if (buffer.nioBufferCount() == 1) all.add(buffer.nioBuffer());
      else all.addAll(List.of(buffer.nioBuffers()));
    }
  }

  /** Hands the buffers over: they are the caller's to release. */
  List<ByteBuf> handOver() {
    leaveTray();
    List<ByteBuf> given = List.copyOf(buffers);
    buffers.clear();
    size = 0;
    return given;
  }

  void release() {
    handOver().forEach(ByteBuf::release);
  }
}
