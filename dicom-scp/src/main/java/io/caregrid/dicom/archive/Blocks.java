package io.caregrid.dicom.archive;

import com.sun.nio.file.ExtendedOpenOption;
import io.caregrid.dicom.archive.RecordHeader.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The growing end of a segment file: groups of records, each filled up to whole blocks of the file system with a {@link State#FILL}. So no block is written
 * twice, and a group goes to disk straight from memory, past the page cache (O_DIRECT), where the file system takes that: filling fresh pages that nobody
 * reads soon cost ten times the CPU of everything else. One thread.
 */
final class Blocks implements AutoCloseable {
  /** Block sizes beyond this are no block sizes but some network's idea of a good request. */
  private static final int MOST_BLOCK = 64 << 10;
  private static final int USUAL_BLOCK = 4096;
  private static final int STAGE = 4 << 20;

  private final FileChannel channel;
  private final int block;
  private final ByteBuffer stage;
  private long written;

  private Blocks(FileChannel channel, int block, ByteBuffer stage) throws IOException {
    this.channel = channel;
    this.block = block;
    this.stage = stage;
    written = channel.size();
  }

  /** Memory to put groups together in, for one writer at a time: {@value #STAGE} bytes, aligned. */
  static ByteBuffer stage() {
    return ByteBuffer.allocateDirect(STAGE + MOST_BLOCK).alignedSlice(MOST_BLOCK).limit(STAGE).slice();
  }

  /** @param path an empty file */
  static Blocks open(Path path, ByteBuffer stage) throws IOException {
    stage.clear();
    try {
      // never less than a page: another writer of this file, through the page cache, must not share one with us
      long block = Math.max(Files.getFileStore(path).getBlockSize(), USUAL_BLOCK);
      if (Long.bitCount(block) == 1 && block <= MOST_BLOCK)
        return new Blocks(FileChannel.open(path, StandardOpenOption.WRITE, ExtendedOpenOption.DIRECT), (int) block,
            stage);
    } catch (UnsupportedOperationException | IOException cached) {
      // through the page cache, then; an open that fails for another reason fails again
    }
    return new Blocks(FileChannel.open(path, StandardOpenOption.WRITE), USUAL_BLOCK, stage);
  }

  /** Where the next byte goes. */
  long end() {
    return written + stage.position();
  }

  void put(ByteBuffer bytes) throws IOException {
    int end = bytes.limit();
    while (bytes.position() < end) {
      if (!stage.hasRemaining()) write();
      bytes.limit(bytes.position() + Math.min(end - bytes.position(), stage.remaining()));
      stage.put(bytes);
      bytes.limit(end);
    }
  }

  void put(RecordHeader header) throws IOException {
    put(header.bytes());
  }

  /** Fills up the last block, and everything is in the file: {@link #force} follows. */
  void fill() throws IOException {
    int gap = gap();
    if (gap > 0 && gap < RecordHeader.BYTES) gap += block;
    if (gap > 0) {
      put(new RecordHeader(State.FILL, gap - RecordHeader.BYTES, 0, 0));
      put(ByteBuffer.allocate(gap - RecordHeader.BYTES));
    }
    write();
  }

  private int gap() {
    return (int) (-end() & block - 1);
  }

  private void write() throws IOException {
    stage.flip();
    while (stage.hasRemaining()) written += channel.write(stage, written);
    stage.clear();
  }

  /** The data, and of the metadata what is needed to read it again (fdatasync). */
  void force() throws IOException {
    channel.force(false);
  }

  /** Everything from {@code size} on is gone, also what was not written yet. */
  void cut(long size) throws IOException {
    stage.clear();
    channel.truncate(size);
    written = size;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
