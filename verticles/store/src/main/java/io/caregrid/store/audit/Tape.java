package io.caregrid.store.audit;

import io.caregrid.store.AuditPosition;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file that is written, and the next one. Whoever {@link #hold holds} it writes, by large writes mostly; forcing it and making the next file take long and are
 * done by a thread that does not hold it meanwhile.
 *
 * <p>{@link RandomAccessFile}, since a channel would be closed by the interrupt of any thread that writes.
 */
final class Tape {
  private static final Logger log = LoggerFactory.getLogger(Tape.class);
  private static final long OLD_MILLIS = TimeUnit.DAYS.toMillis(1);

  private final Segments segments;
  private final long most;
  private final Clock clock;
  private final ReentrantLock held = new ReentrantLock();
  private final Deque<RandomAccessFile> full = new ArrayDeque<>();
  private final AuditPosition start;
  private volatile AuditPosition written;
  private RandomAccessFile file;
  private long number;
  private long length;
  private long begun;
  private boolean unforced;
  private RandomAccessFile spare;
  private long spareNumber;
  /** Given to a file: a number that failed is not tried again. */
  private long last;

  /** @param last number of the last file that is there; none of them is written any more */
  Tape(Segments segments, long most, Clock clock, long last) {
    this.segments = segments;
    this.most = most;
    this.clock = clock;
    this.last = last;
    this.start = new AuditPosition(last + 1, 0);
    this.written = start;
  }

  /** Where this process began. */
  AuditPosition start() {
    return start;
  }

  /** Everything before it is kept; there may be nothing yet behind the start of its file. */
  AuditPosition written() {
    return written;
  }

  boolean tryHold(Duration within) throws InterruptedException {
    return held.tryLock(within.toMillis(), TimeUnit.MILLISECONDS);
  }

  void hold() {
    held.lock();
  }

  void release() {
    held.unlock();
  }

  /** Holding. Whole lines; with {@code sync} they survive the loss of power, too. */
  void append(byte[] lines, int bytes, boolean sync) throws IOException {
    open(bytes);
    file.write(lines, 0, bytes);
    if (sync) file.getChannel().force(false);
    else unforced = true;
    length += bytes;
    written = new AuditPosition(number, length);
  }

  private boolean hasNext() {
    return spare != null && spareNumber > number;
  }

  private void open(int more) throws IOException {
    if (file != null && !isDue(more)) return;
    if (file == null || spare != null || length > 2 * most) turn();
  }

  private boolean isDue(int more) {
    return length > 0 && length + more > most || isOld();
  }

  private boolean isOld() {
    return clock.millis() - begun > OLD_MILLIS;
  }

  private void turn() throws IOException {
    if (file != null) full.add(file);
    file = null;
    boolean ready = hasNext();
    RandomAccessFile next = ready ? spare : segments.create(++last);
    number = ready ? spareNumber : last;
    if (ready) spare = null;
    file = next;
    length = 0;
    begun = clock.millis();
  }

  /** Not holding. What was written before survives the loss of power. */
  void force() throws IOException {
    RandomAccessFile current;
    Deque<RandomAccessFile> left;
    hold();
    try {
      current = unforced ? file : null;
      unforced = false;
      left = new ArrayDeque<>(full);
      full.clear();
    } finally {
      release();
    }
    for (RandomAccessFile one : left) {
      try (one) {
        one.getChannel().force(false);
      }
    }
    if (current != null) forceCurrent(current);
  }

  private void forceCurrent(RandomAccessFile current) throws IOException {
    try {
      current.getChannel().force(false);
    } catch (java.nio.channels.ClosedChannelException given) {
      log.debug("audit file was given up while it was forced");
    }
  }

  /** Not holding. Makes the next file when it will be needed soon, so that what is written has not to wait for the folder. */
  void prepare() throws IOException {
    long wanted;
    hold();
    try {
      if (spare != null || file != null && length < most / 2 && !isOld()) return;
      wanted = ++last;
    } finally {
      release();
    }
    RandomAccessFile made = segments.create(wanted);
    hold();
    try {
      if (wanted > number) {
        spare = made;
        spareNumber = wanted;
      } else {
        made.close();
      }
    } finally {
      release();
    }
  }

  /** Holding. The file is never written again (Linux reports a lost page once); a line that is not whole is cut off. */
  void giveUp() {
    RandomAccessFile broken = file;
    file = null;
    unforced = false;
    if (broken == null) return;
    try (broken) {
      broken.setLength(length);
    } catch (IOException torn) {
      log.warn("audit journal ends in a torn line file={} cause={}", segments.file(number), torn.toString());
    }
  }

  /** Holding, and after the last {@link #force}. */
  void close() throws IOException {
    for (RandomAccessFile one : new RandomAccessFile[] {file, spare}) if (one != null) one.close();
    file = null;
    spare = null;
  }
}
