package io.caregrid.dicom.ul;

import io.netty.buffer.ByteBuf;

/**
 * Who uses an association: hears the indications and confirmations of PS3.8 section 7. All calls come on the association's event loop, one after the
 * other; each may call back into the association.
 */
public interface ServiceUser {
  /** How an association came to its end. */
  enum End {
    /** Released by both sides. */
    RELEASED,
    /** Never was one: refused. */
    REJECTED,
    /** We aborted it, since the peer broke the protocol or we wanted to. */
    ABORTED,
    /** The peer aborted it. */
    ABORTED_BY_PEER,
    /** The peer said nothing for too long. */
    SILENT,
    /** The connection is gone. */
    LOST
  }

  /** A-ASSOCIATE indication, to an acceptor: answer with {@link Association#accept} or {@link Association#reject}. */
  void requested(Pdu.AssociateRq request);

  /** A-ASSOCIATE confirmation, to a requestor. */
  void accepted(Pdu.AssociateAc answer);

  /** A-ASSOCIATE confirmation, to a requestor; {@link #ended} follows. */
  void rejected(Pdu.AssociateRj why);

  /**
   * P-DATA indication: the next piece of a command set or a data set.
   *
   * @param last  with it the command set or data set is complete
   * @param bytes the user's from now on; may be empty
   */
  void fragment(int context, boolean command, boolean last, ByteBuf bytes);

  /** A-RELEASE indication: answer with {@link Association#releaseResponse} when everything owed has been sent. */
  void releaseRequested();

  /** More may be sent; after {@link Association#isWritable} was false. */
  void writable();

  /** The peer waits for us: its silence is no silence. */
  boolean owesAnswer();

  /** Last call, exactly once, whatever happened. */
  void ended(End end);
}
