package io.caregrid.analytics.lake.delta;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.SeekableInputStream;

/** A Parquet file that is in memory: what is read, or what was written last. */
final class MemoryFile implements InputFile, OutputFile {
  private byte[] content;

  MemoryFile(byte[] content) {
    this.content = content;
  }

  byte[] content() {
    return content;
  }

  @Override
  public long getLength() {
    return content.length;
  }

  @Override
  public SeekableInputStream newStream() {
    Bytes bytes = new Bytes(content);
    return new DelegatingSeekableInputStream(bytes) {
      @Override
      public long getPos() {
        return bytes.position();
      }

      @Override
      public void seek(long to) throws IOException {
        bytes.seek(to);
      }
    };
  }

  private static final class Bytes extends ByteArrayInputStream {
    Bytes(byte[] content) {
      super(content);
    }

    long position() {
      return pos;
    }

    void seek(long to) throws EOFException {
      if (to < 0 || to > count) throw new EOFException("behind the end");
      pos = (int) to;
    }
  }

  @Override
  public PositionOutputStream create(long blockSize) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    return new PositionOutputStream() {
      @Override
      public long getPos() {
        return bytes.size();
      }

      @Override
      public void write(int one) {
        bytes.write(one);
      }

      @Override
      public void write(byte[] from, int offset, int length) {
        bytes.write(from, offset, length);
      }

      @Override
      public void close() {
        content = bytes.toByteArray();
      }
    };
  }

  @Override
  public PositionOutputStream createOrOverwrite(long blockSize) {
    return create(blockSize);
  }

  @Override
  public boolean supportsBlockSize() {
    return false;
  }

  @Override
  public long defaultBlockSize() {
    return 0;
  }
}
