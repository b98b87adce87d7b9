package io.caregrid.dicom.dimse;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.Incoming;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.archive.Refused;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.store.Cause;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One C-STORE on its way into the archive (PS3.4 annex B.2): a Part 10 header of ours, then the bytes as they come. What is wrong with the command is
 * known before its data set has come; that is then read to its end and dropped, so that the association lives on.
 */
final class Store {
  private static final Logger log = LoggerFactory.getLogger(Store.class);
  private static final String COMMENT_DIFFERENT = "SOP Instance UID is taken by other content, which stays";

  /**
   * What becomes of it.
   *
   * @param comment null: nothing to say
   * @param key     null when nothing of it is kept
   * @param patient his Patient ID, null when it is not known
   */
  record Answer(int status, String comment, InstanceKey key, String patient) {
    static Answer refused(int status, String comment) {
      return new Answer(status, comment, null, null);
    }
  }

  final int context;
  final CommandSet request;
  private final Incoming incoming;
  private final Answer refused;

  private Store(int context, CommandSet request, Incoming incoming, Answer refused) {
    this.context = context;
    this.request = request;
    this.incoming = incoming;
    this.refused = refused;
  }

  /** @param refused what will be answered whatever comes */
  static Store refused(int context, CommandSet request, Answer refused) {
    return new Store(context, request, null, refused);
  }

  /** Opens an instance in the archive; {@link #begin} follows. */
  static Store into(Incoming incoming, int context, CommandSet request) {
    return new Store(context, request, incoming, null);
  }

  /** @return false: read nothing more until {@link #drained} */
  boolean begin(TransferSyntax syntax, String callingAe) {
    return incoming.write(
        Unpooled.wrappedBuffer(Part10.header(request.text(CommandSet.AFFECTED_SOP_CLASS),
            request.text(CommandSet.AFFECTED_SOP_INSTANCE), syntax, callingAe)));
  }

  /** @return false: read nothing more until {@link #drained} */
  boolean write(ByteBuf bytes) {
    if (incoming != null && bytes.isReadable()) return incoming.write(bytes);
    bytes.release();
    return true;
  }

  Future<Void> drained() {
    return incoming.drained();
  }

  /** Never fails: whatever went wrong is an answer too. */
  Future<Answer> finish() {
    if (refused != null) return Future.succeededFuture(refused);
    return incoming.finish(new Incoming.Expected(request.text(CommandSet.AFFECTED_SOP_CLASS),
        request.text(CommandSet.AFFECTED_SOP_INSTANCE), null))
        .map(Store::kept)
        .otherwise(Store::failed);
  }

  void abandon() {
    if (incoming != null) incoming.abandon();
  }

  private static Answer kept(Incoming.Receipt receipt) {
    return receipt.outcome() == Incoming.Outcome.DIFFERENT
        ? new Answer(Status.COERCION, COMMENT_DIFFERENT, receipt.key(), receipt.patientId())
        : new Answer(Status.SUCCESS, null, receipt.key(), receipt.patientId());
  }

  private static Answer failed(Throwable cause) {
    if (cause instanceof Refused no)
      return Answer.refused(no.why.dimse, no.getMessage());
    if (cause instanceof Failure.Busy) return Answer.refused(Status.OUT_OF_RESOURCES, "try again later");
    log.error("an instance could not be kept cause={}", Cause.andPlace(cause));
    return Answer.refused(Status.PROCESSING_FAILURE, "internal error; the node's log says more");
  }
}
