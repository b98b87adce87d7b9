package io.caregrid.dicom.archive;

import io.caregrid.dicom.archive.RecordHeader.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/** One segment file: records one after the other, each a {@link RecordHeader} and its content. Appending is one thread's; the rest is anybody's. */
final class Segment implements AutoCloseable {
  private static final int CHUNK = 256 * 1024;
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(CHUNK);

  private final FileChannel channel;
  private long end;

  private Segment(FileChannel channel) throws IOException {
    this.channel = channel;
    this.end = channel.size();
  }

  static Segment write(Path path) throws IOException {
    return new Segment(FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  static Segment read(Path path) throws IOException {
    return new Segment(FileChannel.open(path, StandardOpenOption.READ));
  }

  FileChannel channel() {
    return channel;
  }

  long end() {
    return end;
  }

  /** All of them at the end, in as few calls as the system takes. The position moves only when all is written. */
  void append(ByteBuffer[] buffers, long bytes) throws IOException {
    channel.position(end);
    int from = 0;
    while (from < buffers.length) {
      channel.write(buffers, from, buffers.length - from);
      while (from < buffers.length && !buffers[from].hasRemaining()) from++;
    }
    end += bytes;
  }

  /** Leaves room for the header of a record whose length is not known yet. */
  void skipHeader() {
    end = RecordHeader.BYTES;
  }

  /** The data, and of the metadata what is needed to read it again (fdatasync). */
  void force() throws IOException {
    channel.force(false);
  }

  /** Everything from {@code size} on is gone. */
  void cut(long size) throws IOException {
    channel.truncate(size);
    end = size;
  }

  /** Null when there is no header at {@code position}. */
  RecordHeader header(long position) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(RecordHeader.BYTES);
    while (bytes.hasRemaining()) if (channel.read(bytes, position + bytes.position()) < 0) return null;
    return RecordHeader.read(bytes.flip());
  }

  /** Whether the header at {@code position} was not written yet. */
  boolean isBlank(long position) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(RecordHeader.BYTES);
    while (bytes.hasRemaining()) if (channel.read(bytes, position + bytes.position()) < 0) break;
    bytes.flip();
    while (bytes.hasRemaining()) if (bytes.get() != 0) return false;
    return true;
  }

  void writeHeader(RecordHeader header, long position) throws IOException {
    ByteBuffer bytes = header.bytes();
    while (bytes.hasRemaining()) channel.write(bytes, position + bytes.position());
  }

  /** In place; whoever needs it durable forces. */
  void mark(State state, long headerAt) throws IOException {
    ByteBuffer letters = ByteBuffer.allocate(4).putInt(state.letters).flip();
    while (letters.hasRemaining())
      channel.write(letters, headerAt + RecordHeader.STATE_AT + letters.position());
  }

  void zero(long from, long length) throws IOException {
    for (long at = from; at < from + length;) {
      ByteBuffer zeros = ZEROS.duplicate().limit((int) Math.min(CHUNK, from + length - at));
      at += channel.write(zeros, at);
    }
  }

  int crc32c(long from, long length) throws IOException {
    CRC32C crc = new CRC32C();
    digest(crc, from, length);
    return (int) crc.getValue();
  }

  void digest(CRC32C crc, long from, long length) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect((int) Math.min(CHUNK, Math.max(1, length)));
    for (long at = from; at < from + length;) {
      chunk.clear().limit((int) Math.min(chunk.capacity(), from + length - at));
      int read = channel.read(chunk, at);
      if (read < 0) throw new java.io.EOFException("ends at " + at);
      crc.update(chunk.flip());
      at += read;
    }
  }

  /** Whether the content can be read and is what was written. */
  boolean isWhole(Kept kept) {
    try {
      return crc32c(kept.contentAt(), kept.header().length()) == kept.header().crc32c();
    } catch (IOException unreadable) {
      return false;
    }
  }

  /** A record as it stands in the file. */
  record Kept(long headerAt, RecordHeader header) {
    long contentAt() {
      return headerAt + RecordHeader.BYTES;
    }

    long end() {
      return contentAt() + header.length();
    }
  }

  /**
   * The whole records from the beginning.
   *
   * @param torn where something begins that is no whole record; the file's size when nothing does
   */
  record Scan(List<Kept> records, long torn) {}

  Scan scan() throws IOException {
    List<Kept> records = new ArrayList<>();
    return new Scan(records, follow(records, 0, channel.size()));
  }

  /** Whole records behind a place that is none: one bad sector must not hide what comes after it. Reads on to the end. */
  List<Kept> behind(long torn) throws IOException {
    List<Kept> records = new ArrayList<>();
    long size = channel.size();
    for (long at = torn; at < size;) at = follow(records, headerAfter(at, size), size);
    return records;
  }

  /** @return where no whole record begins */
  private long follow(List<Kept> records, long from, long size) throws IOException {
    long at = from;
    while (at < size) {
      RecordHeader header = header(at);
      if (header == null || header.length() > size - at - RecordHeader.BYTES) break;
      if (header.state() != State.FILL) records.add(new Kept(at, header));
      at += RecordHeader.BYTES + header.length();
    }
    return at;
  }

  /** The first place after {@code at} where a header stands, {@code size} when there is none. */
  private long headerAfter(long at, long size) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
    for (long from = at + 1; from <= size - RecordHeader.BYTES; from += CHUNK - RecordHeader.BYTES) {
      fill(this, from, chunk.clear().limit((int) Math.min(CHUNK, size - from)));
      chunk.flip();
      for (int i = 0; i + RecordHeader.BYTES <= chunk.limit(); i++)
        if (RecordHeader.mayBegin(chunk, i) && header(from + i) != null) return from + i;
    }
    return size;
  }

  /** Whether two regions hold the same bytes. */
  static boolean same(Segment one, long oneAt, Segment other, long otherAt, long length) throws IOException {
    ByteBuffer left = ByteBuffer.allocateDirect(CHUNK);
    ByteBuffer right = ByteBuffer.allocateDirect(CHUNK);
    for (long done = 0; done < length; done += left.limit()) {
      int count = (int) Math.min(CHUNK, length - done);
      fill(one, oneAt + done, left.clear().limit(count));
      fill(other, otherAt + done, right.clear().limit(count));
      if (!left.flip().equals(right.flip())) return false;
    }
    return true;
  }

  private static void fill(Segment from, long position, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      int read = from.channel.read(into, position + into.position());
      if (read < 0) throw new java.io.EOFException("ends at " + position);
    }
  }

  /** Copies a region to the end of this one. */
  void take(Segment from, long position, long length) throws IOException {
    channel.position(end);
    for (long done = 0; done < length;) {
      long count = from.channel.transferTo(position + done, length - done, channel);
      if (count <= 0) throw new java.io.EOFException("ends at " + (position + done));
      done += count;
    }
    end += length;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
