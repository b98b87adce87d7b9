package io.caregrid.analytics.sql;

import io.caregrid.contract.Failure;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What a query gave, complete: small ones in memory, others in a file that goes when this is closed. Complete before the first byte is sent, so that a
 * query that fails at its millionth row fails with a status and a sentence, and a slow client holds neither a thread, nor memory, nor the lake's files.
 */
final class Answer implements AutoCloseable {
  private static final int IN_MEMORY = 256 << 10;

  final Form form;
  /** See {@link Tables.Pinned#asOf}. */
  final Instant asOf;
  final Path file;
  /** Names of the tables it was made from. */
  final List<String> tables;
  private final long most;
  private final Runnable closed;
  private byte[] memory = new byte[8 << 10];
  private long size;
  private OutputStream overflow;
  private boolean more;
  private final AtomicBoolean isClosed = new AtomicBoolean();

  /**
   * @param tables see {@link #tables}
   * @param file   not there yet; made when it is needed
   * @param most   bytes
   * @param closed told once, when this is closed
   */
  Answer(Form form, Instant asOf, Collection<String> tables, Path file, long most, Runnable closed) {
    this.closed = closed;
    this.form = form;
    this.asOf = asOf;
    this.tables = List.copyOf(tables);
    this.file = file;
    this.most = most;
  }

  /** All of it, when it is small; else null, and it is in {@link #file}. */
  byte[] inMemory() {
    return memory == null ? null : Arrays.copyOf(memory, (int) size);
  }

  long size() {
    return size;
  }

  /** There were more rows than were asked for. */
  boolean hasMore() {
    return more;
  }

  void cut() {
    more = true;
  }

  /** Somebody else has written the file. */
  void written() throws IOException {
    memory = null;
    size = Files.size(file);
    limit(size);
  }

  /** TooCostly 422 beyond the most. */
  void limit(long bytes) {
    if (bytes > most)
      throw new Failure.TooCostly("the answer is larger than " + (most >> 20)
          + " MB (lake.sql.resultMegabytes): ask for fewer rows or columns, or add them up");
  }

  /** Closing it completes the file. */
  OutputStream out() {
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        limit(size + length);
        if (overflow == null && size + length > IN_MEMORY) overflow();
        if (overflow == null) keep(bytes, from, length);
        else overflow.write(bytes, from, length);
        size += length;
      }

      @Override
      public void close() throws IOException {
        if (overflow != null) overflow.close();
      }
    };
  }

  private void keep(byte[] bytes, int from, int length) {
    if (size + length > memory.length)
      memory = Arrays.copyOf(memory, (int) Math.min(IN_MEMORY, Math.max(size + length, memory.length * 2L)));
    System.arraycopy(bytes, from, memory, (int) size, length);
  }

  private void overflow() throws IOException {
    overflow = Files.newOutputStream(file);
    overflow.write(memory, 0, (int) size);
    memory = null;
  }

  @Override
  public void close() {
    try {
      if (overflow != null) overflow.close();
      Files.deleteIfExists(file);
    } catch (IOException stuck) {
      throw new UncheckedIOException(stuck);
    } finally {
      if (isClosed.compareAndSet(false, true)) closed.run();
    }
  }
}
