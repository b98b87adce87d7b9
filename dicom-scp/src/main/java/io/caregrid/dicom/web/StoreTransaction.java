package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.Incoming;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.dicom.archive.Incoming.Receipt;
import io.caregrid.dicom.archive.Refused;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.store.Cause;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.buffer.BufferInternal;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One STOW-RS request while its body comes: every part goes into the archive as it arrives, and the next is read while the last ones become durable. On
 * the request's context.
 *
 * <p>Reading pauses while the archive has no room and while {@link #UNDER_WAY} instances wait for the disk. A body that breaks off takes back the part
 * it broke off in; what was complete stays, and the answer names it, but is 400.
 */
final class StoreTransaction implements MultipartReader.Parts {
  static final int UNDER_WAY = 64;
  /** Of one request: each has a place in the answer, however little came of it. */
  static final int MOST_PARTS = 100_000;
  /** As much of a part as holds preamble and group 2. */
  private static final int IDENTITY_BYTES = 4096;
  private static final Logger log = LoggerFactory.getLogger(StoreTransaction.class);

  private final HttpServerRequest request;
  private final Supplier<Incoming> archive;
  private final Expected expected;
  private final MultipartReader reader;
  private final Promise<StoreAnswer> answer = Promise.promise();
  private final List<StoreAnswer.Outcome> outcomes = new ArrayList<>();
  private Part part;
  private Future<Void> draining;
  private int underWay;
  private boolean received;
  private boolean paused;
  private boolean ended;
  private String broken;

  private static final class Part {
    final Incoming incoming;
    final StoreAnswer.Failed refused;
    final ByteArrayOutputStream identity = new ByteArrayOutputStream();

    Part(Incoming incoming, StoreAnswer.Failed refused) {
      this.incoming = incoming;
      this.refused = refused;
    }
  }

  /**
   * @param content of the request: {@code multipart/related} or {@code application/dicom}
   * @param archive a new way in for each part
   * @param study   the one in the address, null when it names none
   * @throws Failure.Invalid when the boundary is none
   */
  StoreTransaction(HttpServerRequest request, MediaType content, Supplier<Incoming> archive, String study) {
    this.request = request;
    this.archive = archive;
    this.expected = new Expected(null, null, study);
    this.reader = content.name().startsWith("multipart/")
        ? new MultipartReader(content.parameter("boundary"), this)
        : null;
  }

  /** Completes when every part that came is either durable or refused. Fails when the client has gone. */
  Future<StoreAnswer> run() {
    if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) request.response().writeContinue();
    request.exceptionHandler(gone -> breakOff("the connection broke before the body ended"));
    request.handler(this::take);
    request.endHandler(over -> endBody());
    request.resume();
    return answer.future();
  }

  private void take(Buffer chunk) {
    if (broken != null || ended || chunk.length() == 0) return;
    received = true;
    ByteBuf bytes = ((BufferInternal) chunk).getByteBuf();
    try {
      if (reader != null) reader.feed(bytes);
      else single(bytes);
    } catch (Failure.Invalid unreadable) {
      breakOff(unreadable.getMessage());
    }
    flow();
  }

  private void single(ByteBuf bytes) {
    if (part == null) begin(Map.of());
    data(bytes.retainedSlice());
  }

  private void endBody() {
    if (broken != null) return;
    try {
      if (reader == null && part != null) end();
      if (reader != null && received) reader.finish();
      ended = true;
    } catch (Failure.Invalid truncated) {
      breakOff(truncated.getMessage());
    }
    settle();
  }

  @Override
  public void begin(Map<String, String> headers) {
    if (outcomes.size() >= MOST_PARTS)
      throw new Failure.Invalid("a request may have at most " + MOST_PARTS + " parts");
    String type = MediaType.of(headers.get("content-type")).name();
    String encoding = headers.getOrDefault("content-transfer-encoding", "binary").toLowerCase(Locale.ROOT);
    if (!type.isEmpty() && !type.equals("application/dicom")) {
      part = new Part(null, failed(StoreAnswer.OTHER_MEDIA_TYPE, "the part's Content-Type must be application/dicom"));
    } else if (!List.of("binary", "8bit", "7bit").contains(encoding)) {
      part = new Part(null,
          failed(StoreAnswer.PROCESSING_FAILURE, "the part's Content-Transfer-Encoding must be binary"));
    } else {
      part = new Part(archive.get(), null);
    }
  }

  private static StoreAnswer.Failed failed(int reason, String comment) {
    return new StoreAnswer.Failed(null, null, reason, comment);
  }

  @Override
  public void data(ByteBuf bytes) {
    int missing = Math.min(IDENTITY_BYTES - part.identity.size(), bytes.readableBytes());
    if (missing > 0) part.identity.writeBytes(ByteBufUtil.getBytes(bytes, bytes.readerIndex(), missing));
    if (part.incoming == null) bytes.release();
    else if (!part.incoming.write(bytes) && draining == null) drain(part.incoming.drained());
  }

  private void drain(Future<Void> room) {
    draining = room;
    room.onComplete(there -> {
      if (draining == room) draining = null;
      flow();
    });
  }

  @Override
  public void end() {
    Part done = part;
    part = null;
    draining = null;
    int slot = outcomes.size();
    outcomes.add(done.refused);
    if (done.incoming == null) return;
    underWay++;
    done.incoming.finish(expected)
        .onComplete(result -> {
          outcomes.set(slot, result.succeeded() ? taken(done, result.result()) : refused(done, result.cause()));
          underWay--;
          flow();
          settle();
        });
  }

  private static StoreAnswer.Outcome taken(Part part, Receipt receipt) {
    if (receipt.outcome() != Outcome.STORED)
      return new StoreAnswer.Failed(receipt.sopClass(), receipt.key().instance(), StoreAnswer.EXISTS,
          receipt.outcome() == Outcome.SAME
              ? "the instance is here already, with the same content"
              : "another instance is here under this SOP Instance UID, and stays");
    String promised = identity(part, Tag.MEDIA_STORAGE_SOP_CLASS_UID);
    boolean differs = promised != null && !promised.equals(receipt.sopClass());
    return new StoreAnswer.Stored(receipt.key(), receipt.sopClass(), differs ? StoreAnswer.CLASS_DIFFERS : 0);
  }

  private static StoreAnswer.Outcome refused(Part part, Throwable cause) {
    String sopClass = identity(part, Tag.MEDIA_STORAGE_SOP_CLASS_UID);
    String sopInstance = identity(part, Tag.MEDIA_STORAGE_SOP_INSTANCE_UID);
    if (cause instanceof Refused refused)
      return new StoreAnswer.Failed(sopClass, sopInstance, reason(refused.why), refused.getMessage());
    if (cause instanceof Failure.Busy busy)
      return new StoreAnswer.Failed(sopClass, sopInstance, StoreAnswer.OUT_OF_RESOURCES, busy.getMessage());
    log.error("an instance could not be stored cause={}", Cause.andPlace(cause));
    return new StoreAnswer.Failed(sopClass, sopInstance, StoreAnswer.PROCESSING_FAILURE,
        "an error of this node's own; its log tells more");
  }

  private static int reason(Refused.Why why) {
    return switch (why) {
      case TOO_LARGE -> StoreAnswer.TOO_LARGE;
      default -> why.web;
    };
  }

  /** From group 2, null when that cannot be read. */
  private static String identity(Part part, int tag) {
    try {
      DataSet meta = Part10.read(Source.of(ByteBuffer.wrap(part.identity.toByteArray()))).meta();
      String uid = meta.text(tag);
      return uid != null && Addresses.isUid(uid) ? uid : null;
    } catch (DicomException unreadable) {
      return null;
    }
  }

  private void breakOff(String why) {
    if (broken != null || ended) return;
    broken = why;
    if (part != null && part.incoming != null) part.incoming.abandon();
    part = null;
    draining = null;
    flow();
    settle();
  }

  /** Pauses and resumes the client. */
  private void flow() {
    boolean full = broken == null && (draining != null || underWay >= UNDER_WAY);
    if (full == paused) return;
    paused = full;
    if (full) request.pause();
    else request.resume();
  }

  private void settle() {
    if ((ended || broken != null) && underWay == 0) answer.tryComplete(new StoreAnswer(outcomes, broken));
  }
}
