package io.caregrid.dicom.archive;

import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;

/**
 * One instance on its way. Collected in memory while it is small; from {@link Arrivals#smallBytes} on, or when memory is short for long, it goes to a file
 * of its own as it comes. One sender's thread, until {@link #finish}; from then on it is the committer's.
 */
final class Arrival implements Incoming {
  private final Arrivals house;
  private final Context context;
  private final Pieces pieces = new Pieces();
  private final CRC32C crc = new CRC32C();
  private final Promise<Receipt> answer = Promise.promise();
  private long length;
  private Spill spill;
  private Refused refused;
  private boolean ended;
  private long movedAt;
  private Described described;
  private RecordHeader header;

  Arrival(Arrivals house, Context context) {
    this.house = house;
    this.context = context;
  }

  @Override
  public boolean write(ByteBuf bytes) {
    if (ended || refused != null || !bytes.isReadable()) {
      bytes.release();
      return true;
    }
    if (length == 0) house.collecting().add(this);
    length += bytes.readableBytes();
    if (length > house.mostBytes()) {
      bytes.release();
      refuse(new Refused(Why.TOO_LARGE, "larger than " + house.mostBytes() + " bytes, dicom.maxInstance"));
      return true;
    }
    for (ByteBuffer part : bytes.nioBuffers()) crc.update(part);
    movedAt = System.nanoTime();
    house.memory().take(bytes.readableBytes());
    if (spill != null) spill.add(bytes);
    else pieces.add(bytes);
    if (spill == null && length > house.smallBytes()) spill();
    house.collecting().watch();
    return mayGoOn();
  }

  private boolean mayGoOn() {
    return !house.memory().isFull() && (spill == null || spill.unflushed() < house.unflushedBytes());
  }

  private void spill() {
    spill = house.spill();
    for (ByteBuf piece : pieces.handOver()) spill.add(piece);
  }

  private void refuse(Refused why) {
    refused = why;
    discard();
  }

  @Override
  public Future<Void> drained() {
    if (ended || refused != null || mayGoOn()) return Future.succeededFuture();
    Promise<Void> free = Promise.promise();
    look(free, new AtomicBoolean());
    return free.future();
  }

  /** Any thread. All small ones together may fill memory without one being whole: whose sender has stopped goes to a file. */
  void makeRoom() {
    context.runOnContext(now -> {
      boolean stopped = System.nanoTime() - movedAt >= TimeUnit.MILLISECONDS.toNanos(Collecting.PATIENCE_MILLIS);
      if (!stopped || ended || refused != null) return;
      if (spill == null) spill();
      spill.flush();
    });
  }

  /** On the sender's context: enough room, or wait for what is short. */
  private void look(Promise<Void> free, AtomicBoolean done) {
    if (done.get()) return;
    boolean over = ended || refused != null || mayGoOn();
    if (over && done.compareAndSet(false, true)) free.complete();
    else if (spill == null || house.memory().isFull()) house.memory().whenFree(() -> again(free, done));
    else spill.whenFlushed(() -> again(free, done));
  }

  private void again(Promise<Void> free, AtomicBoolean done) {
    context.runOnContext(now -> look(free, done));
  }

  @Override
  public Future<Receipt> finish(Expected expected) {
    if (ended) return Future.failedFuture(new IllegalStateException("finished or abandoned before"));
    ended = true;
    house.collecting().remove(this);
    if (refused == null && house.isShort())
      refuse(new Refused(Why.OUT_OF_RESOURCES, "the archive's disk is nearly full"));
    if (refused != null) return Future.failedFuture(refused);
    if (spill != null) spill.whenWritten(() -> finishLarge(expected));
    else finishSmall(expected);
    return answer.future();
  }

  /** Inflating takes processor time that a sender decides: that is done elsewhere. */
  private void finishSmall(Expected expected) {
    try {
      Part10 head = Described.head(pieces);
      if (head.syntax().deflated()) house.inflating().execute(() -> describeSmall(head, expected));
      else describeSmall(head, expected);
    } catch (RuntimeException | Error bad) {
      discard();
      fail(bad);
    }
  }

  private void describeSmall(Part10 head, Expected expected) {
    try {
      describe(pieces, head, expected);
      house.commit(this);
    } catch (RuntimeException | Error bad) {
      discard();
      fail(bad);
    }
  }

  /** I/O thread. */
  private void finishLarge(Expected expected) {
    try {
      if (spill.failed() != null) throw house.refused(spill.failed());
      Source file = Source.of(spill.segment().channel(), RecordHeader.BYTES, length);
      Part10 head = Described.head(file);
      if (head.syntax().deflated()) house.inflating().execute(() -> describeLarge(file, head, expected));
      else describeLarge(file, head, expected);
    } catch (RuntimeException | Error bad) {
      spill.discard();
      fail(bad);
    }
  }

  private void describeLarge(Source file, Part10 head, Expected expected) {
    try {
      describe(file, head, expected);
      spill.seal(header);
      house.commit(this);
    } catch (IOException full) {
      spill.discard();
      fail(house.refused(full));
    } catch (RuntimeException | Error bad) {
      spill.discard();
      fail(bad);
    }
  }

  private void describe(Source source, Part10 head, Expected expected) {
    described = Described.of(source, head, expected, house.tags());
    header = new RecordHeader(State.LIVE, length, (int) crc.getValue(), house.now());
  }

  @Override
  public void abandon() {
    if (ended) return;
    ended = true;
    discard();
  }

  /** Nothing is kept. */
  private void discard() {
    house.collecting().remove(this);
    if (spill != null) spill.whenWritten(spill::discard);
    else releasePieces();
  }

  /** The bytes are in a file, or not wanted. */
  void releasePieces() {
    long held = pieces.size();
    pieces.release();
    house.memory().give(held);
  }

  boolean isLarge() {
    return spill != null;
  }

  /** Of a large one: where it lies already. */
  String file() {
    return spill.file();
  }

  Pieces pieces() {
    return pieces;
  }

  RecordHeader header() {
    return header;
  }

  Described described() {
    return described;
  }

  void answer(Outcome outcome, InstanceKey key) {
    String patient = outcome == Outcome.DIFFERENT ? null : described.patientId();
    Receipt receipt = new Receipt(outcome, key, described.sopClass(), patient);
    context.runOnContext(done -> answer.tryComplete(receipt));
  }

  void fail(Throwable why) {
    context.runOnContext(done -> answer.tryFail(why));
  }
}
