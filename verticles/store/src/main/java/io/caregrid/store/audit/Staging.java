package io.caregrid.store.audit;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@link Stage} of a journal from start to end: what a former process left in it comes first, then lines are taken and moved to the {@link Tape}, and when
 * somebody has cut or removed its file another one is made. While there is none nothing is taken here, and entries go another way.
 */
final class Staging {
  private static final Logger log = LoggerFactory.getLogger(Staging.class);
  /** Making one must not fill a disk. */
  private static final int SPARE = 2;

  private final Segments segments;
  private final Tape tape;
  private final AtomicLong backlog;
  private final int size;
  /** Bytes of lines that are staged and not moved. */
  private final AtomicLong waiting = new AtomicLong();
  private volatile Stage stage;
  private volatile boolean damaged;
  private boolean told;

  /** @param backlog is told of every line that is taken, once */
  Staging(Segments segments, Tape tape, AtomicLong backlog, int size) {
    this.segments = segments;
    this.tape = tape;
    this.backlog = backlog;
    this.size = size;
  }

  /** Any thread. @return false: it has to go another way */
  boolean take(LineBytes line) {
    Stage current = stage;
    if (current == null || damaged || !current.tryHold()) return false;
    try {
      if (!current.append(line.array(), line.length())) return false;
      waiting.addAndGet(line.length());
      backlog.addAndGet(line.length());
      return true;
    } finally {
      current.release();
    }
  }

  boolean isEmpty() {
    Stage current = stage;
    return current == null || current.isEmpty();
  }

  /** Holding the tape. What was staged so far is in the journal's files. */
  void move() throws IOException {
    Stage current = stage;
    if (current == null || damaged) return;
    try {
      for (Stage.Part part = current.next(); part != null; part = current.next()) {
        tape.append(part.bytes(), part.length(), false);
        current.moved(part.end(), tape.written());
        waiting.addAndGet(-part.length());
      }
    } catch (Stage.Damaged | InternalError cut) {
      damaged(cut);
    }
  }

  /** Any thread. Its file is looked through by {@link #renew}, before anything is staged again. */
  void damaged(Throwable cause) {
    if (!damaged) log.error("audit stage cannot be used, another is made file={} cause={}", file(), cause.toString());
    damaged = true;
  }

  /** True: it was never opened, or somebody has cut or removed its file. */
  boolean isToRenew() {
    Stage current = stage;
    return current == null || damaged || !current.isThere();
  }

  private Path file() {
    return segments.folder.resolve("stage");
  }

  /**
   * Holding the tape. Appends to it what was left, each once, and opens another stage; without one when there is no room for its file.
   *
   * @param make false: only what is there is looked through
   * @throws IOException the tape cannot be written: to be called again, nothing is lost
   */
  void renew(boolean make) throws IOException {
    Stage current = stage;
    if (current != null) {
      current.end();
      if (!current.isFile()) rescue(Rescue.of(current.bytes(), segments));
    }
    long next = there();
    if (current != null) current.close();
    stage = null;
    damaged = false;
    backlog.addAndGet(-waiting.getAndSet(0));
    if (next < 0 && make) next = made();
    if (next >= 0) stage = opened(next);
  }

  private void rescue(Rescue left) throws IOException {
    for (String what : left.damaged())
      log.error("audit stage is damaged, what stood there and was not moved is lost file={} what={}", file(), what);
    if (left.bytes() > 0) {
      tape.append(left.all(), left.bytes(), false);
      log.info("audit entries that were staged are in the journal entries={} bytes={}", left.lines().size(),
          left.bytes());
    }
    backlog.addAndGet(left.bytes());
  }

  /** Looks through the file that is there. @return where the next line goes in it; negative: it is none of ours, and set aside */
  private long there() throws IOException {
    Path file = file();
    byte[] bytes = bytes(file);
    if (bytes == null) return -1;
    Rescue left = Rescue.of(bytes, segments);
    rescue(left);
    if (left.size() == size && bytes.length == Stage.HEAD + size) return left.end();
    Path aside = segments.folder.resolve("stage.damaged");
    Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    log.error("audit stage does not fit and is set aside file={} bytes={}", aside, bytes.length);
    return -1;
  }

  /** Null: there is none. */
  private static byte[] bytes(Path file) throws IOException {
    if (Files.notExists(file)) return null;
    if (!Files.isRegularFile(file) || Files.size(file) > Rescue.MOST) return new byte[0];
    try (RandomAccessFile there = new RandomAccessFile(file.toFile(), "r")) {
      byte[] bytes = new byte[(int) there.length()];
      there.readFully(bytes);
      return bytes;
    }
  }

  /** @return where the first line goes; negative: it could not be made */
  private long made() {
    try {
      if (Files.getFileStore(segments.folder).getUsableSpace() < (long) SPARE * size)
        throw new IOException("no room for " + size + " bytes");
      Segments.replace(file(), Stage.blank(size));
      told = false;
      return size;
    } catch (IOException refused) {
      without(refused);
      return -1;
    }
  }

  private Stage opened(long next) {
    try {
      return Stage.open(file(), size, next, tape.written());
    } catch (IOException | InternalError refused) {
      without(refused);
      return null;
    }
  }

  private void without(Throwable refused) {
    if (!told)
      log.warn(
          "audit entries are written by a thread of their own, which is slower: there is no stage file={} cause={}",
          file(), refused.toString());
    told = true;
  }

  /** Holding the tape. Does something while nothing is taken. @param counting gets the bytes of lines that are staged and not moved */
  void still(LongConsumer counting) {
    Stage current = stage;
    if (current != null) current.hold();
    try {
      counting.accept(waiting.get());
    } finally {
      if (current != null) current.release();
    }
  }

  /** Holding the tape. Nothing is taken any more. */
  void end() {
    if (stage != null) stage.end();
  }

  /** Holding the tape. */
  void close() throws IOException {
    if (stage != null) stage.close();
    stage = null;
  }
}
