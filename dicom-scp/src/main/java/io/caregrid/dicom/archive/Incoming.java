package io.caregrid.dicom.archive;

import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;

/**
 * One instance on its way into the archive: the bytes of a whole Part 10 file (PS3.10 section 7), in order, as they come.
 *
 * <p>One caller's thread at a time. Small instances are collected in memory, large ones go to disk as they come; either way memory is bounded by
 * {@code dicom.bufferBytes} over all of them, and whoever writes on after {@code false} from {@link #write} breaks that bound.
 */
public interface Incoming {
  /**
   * Takes the bytes over; they are released here.
   *
   * @return false: stop reading until {@link #drained}
   */
  boolean write(ByteBuf bytes);

  /** Completes when more may be written. On the Vert.x context of the caller. */
  Future<Void> drained();

  /**
   * That was all. Completes only when bytes and index row are durable; fails with {@link Refused}, and then nothing of it is kept.
   *
   * @param expected what the door promised about the instance
   */
  Future<Receipt> finish(Expected expected);

  /** The sender went away or changed its mind: nothing of it is kept. Idempotent; after {@link #finish} without effect. */
  void abandon();

  /**
   * What the data set must agree with; null where the door knows nothing.
   *
   * @param sopClass    Affected SOP Class UID of the C-STORE-RQ
   * @param sopInstance Affected SOP Instance UID of the C-STORE-RQ
   * @param study       the study in STOW-RS's address
   */
  record Expected(String sopClass, String sopInstance, String study) {
    public static final Expected ANYTHING = new Expected(null, null, null);
  }

  /**
   * @param outcome what became of it
   * @param key     which instance it was
   * @param sopClass its SOP Class UID
   * @param patientId (0010,0020) as it was sent; null when it has none, and when it is not kept
   */
  record Receipt(Outcome outcome, InstanceKey key, String sopClass, String patientId) {}

  enum Outcome {
    /** New here. */
    STORED,
    /** Its data set is here already, byte for byte, whoever sent it. Nothing was added. */
    SAME,
    /** Another content is here under this SOP Instance UID. That one stays, this one is not kept. */
    DIFFERENT
  }
}
