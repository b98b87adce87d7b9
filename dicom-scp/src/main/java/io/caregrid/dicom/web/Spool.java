package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.data.Source;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/** A piece of an answer, made by a job and then sent: written first, then read, then closed; by one thread at a time. */
final class Spool implements Source, AutoCloseable {
  private static final int PIECE = 32 << 10;
  /** Beyond this it is in a file. */
  private static final int MOST_PIECES = 8;

  private final Spools spools;
  private final List<byte[]> pieces = new ArrayList<>();
  private FileChannel file;
  /** Its last piece, while it is written into a file. */
  private byte[] tail;
  private long size;
  private long disk;

  Spool(Spools spools) {
    this.spools = spools;
  }

  /** A job that fills it; it is closed when that fails. */
  interface Writes {
    void to(OutputStream out) throws IOException;
  }

  static Spool of(Spools spools, Writes what) throws IOException {
    Spool spool = spools.open();
    try {
      what.to(spool.out());
      spool.settle();
      return spool;
    } catch (IOException | RuntimeException | Error failed) {
      spool.close();
      throw failed;
    }
  }

  @Override
  public long size() {
    return size;
  }

  /** True: reading it waits for no disk. */
  boolean isInMemory() {
    return file == null;
  }

  private OutputStream out() {
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        int done = 0;
        while (done < length) done += append(bytes, from + done, length - done);
      }
    };
  }

  private int append(byte[] bytes, int from, int length) throws IOException {
    int at = (int) (size % PIECE);
    if (at == 0) newPiece();
    int now = Math.min(length, PIECE - at);
    System.arraycopy(bytes, from, file == null ? pieces.get(pieces.size() - 1) : tail, at, now);
    size += now;
    return now;
  }

  private void newPiece() throws IOException {
    if (file == null && pieces.size() < MOST_PIECES && spools.takeMemory(PIECE)) {
      pieces.add(new byte[PIECE]);
      return;
    }
    long more = file == null ? size + PIECE : PIECE;
    if (!spools.takeDisk(more))
      throw new Failure.Busy("slow clients hold more than " + Spools.DISK_BYTES + " bytes of answers on disk");
    disk += more;
    if (file == null) toFile();
    else put(tail, PIECE);
  }

  private void toFile() throws IOException {
    file = spools.file();
    for (byte[] piece : pieces) put(piece, PIECE);
    spools.giveMemory((long) pieces.size() * PIECE);
    pieces.clear();
    tail = new byte[PIECE];
  }

  private void put(byte[] piece, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(piece, 0, length);
    while (bytes.hasRemaining()) file.write(bytes);
  }

  private void settle() throws IOException {
    if (file != null && size > 0) put(tail, (int) ((size - 1) % PIECE + 1));
    tail = null;
  }

  @Override
  public void read(long position, ByteBuffer into) throws IOException {
    if (position < 0 || position + into.remaining() > size) throw new EOFException();
    long at = position;
    while (into.hasRemaining()) {
      if (file != null) {
        int got = file.read(into, at);
        if (got < 0) throw new EOFException();
        at += got;
      } else {
        int skip = (int) (at % PIECE);
        int now = Math.min(into.remaining(), PIECE - skip);
        into.put(pieces.get((int) (at / PIECE)), skip, now);
        at += now;
      }
    }
  }

  @Override
  public void close() {
    spools.giveMemory((long) pieces.size() * PIECE);
    pieces.clear();
    spools.giveDisk(disk);
    disk = 0;
    if (file == null) return;
    try {
      file.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    file = null;
  }
}
