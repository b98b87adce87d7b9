package io.caregrid.dicom.archive;

import io.caregrid.dicom.data.Source;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** An instance in memory: the buffers it came in, in order, not copied; only crumbs are gathered into buffers of our own. Reads forward are quick. */
final class Pieces implements Source {
  /** A buffer costs more than its bytes below this. */
  private static final int CRUMB = 1024;
  private static final int TRAY = 16 * 1024;

  private final List<ByteBuf> buffers = new ArrayList<>();
  private ByteBuf tray;
  private long size;
  private int at;
  private long atStart;

  /** Takes it over. */
  void add(ByteBuf bytes) {
    int count = bytes.readableBytes();
    if (count >= CRUMB) {
      tray = null;
      buffers.add(bytes);
      size += count;
      return;
    }
    if (tray == null || tray.writableBytes() < count) {
      tray = PooledByteBufAllocator.DEFAULT.directBuffer(TRAY, TRAY);
      buffers.add(tray);
    }
    tray.writeBytes(bytes);
    size += count;
    bytes.release();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long position, ByteBuffer into) throws EOFException {
    if (position < 0 || position + into.remaining() > size) throw new EOFException();
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
    for (ByteBuf buffer : buffers) {
      if (buffer.nioBufferCount() == 1) all.add(buffer.nioBuffer());
      else all.addAll(List.of(buffer.nioBuffers()));
    }
  }

  /** Hands the buffers over: they are the caller's to release. */
  List<ByteBuf> handOver() {
    List<ByteBuf> given = List.copyOf(buffers);
    buffers.clear();
    tray = null;
    size = 0;
    return given;
  }

  void release() {
    handOver().forEach(ByteBuf::release);
  }
}
