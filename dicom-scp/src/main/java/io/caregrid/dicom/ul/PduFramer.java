package io.caregrid.dicom.ul;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * A stream of bytes, cut anywhere → PDUs, and the fragments inside P-DATA-TF as they come (PS3.8 section 9.3.5). No I/O.
 *
 * <p>What it holds: 6 bytes of a header, or what has arrived of one PDU that is not P-DATA-TF, at most {@link #LONGEST_BYTES}. A fragment is handed on in
 * as many pieces as it arrives in. Declared lengths are compared with limits and then counted down, never allocated.
 */
final class PduFramer {
  /** 128 contexts with every transfer syntax there is and a SAML assertion fit; anything longer is no association request. */
  static final int LONGEST_BYTES = (1 << 20) + (64 << 10);
  /** A piece that fills less than this part of what was read is copied, so that it does not keep the rest in memory. */
  private static final int SPARSE = 4;

  /** Who takes what comes out, in order. */
  interface Sink {
    /** A whole PDU, not P-DATA-TF. */
    void pdu(Pdu pdu);

    /** A P-DATA-TF PDU begins. */
    void data();

    /**
     * A piece of a fragment, maybe without bytes.
     *
     * @param last  these are the last bytes of the command set or data set
     * @param bytes the sink's from now on
     */
    void fragment(int context, boolean command, boolean last, ByteBuf bytes);

    /** True: nothing more for now. */
    boolean isFull();
  }

  private enum Expected {
    PDU_HEADER, BODY, PDV_HEADER, PDV
  }

  private final Sink sink;
  private final int maxData;
  private final byte[] header = new byte[Pdu.HEADER_BYTES];
  private int headerBytes;
  private Expected expected = Expected.PDU_HEADER;
  private int type;
  private long left;
  private int pdvLeft;
  private int context;
  private int control;
  private ByteBuf body = Unpooled.EMPTY_BUFFER;

  /** @param maxData longest variable field of a P-DATA-TF PDU */
  PduFramer(int maxData, Sink sink) {
    this.maxData = maxData;
    this.sink = sink;
  }

  /**
   * Reads on until nothing is left or the sink is full; what is left then stays in {@code in}, which is the caller's.
   *
   * @throws PduException and then the stream has no more frames
   */
  void feed(ByteBuf in) {
    while (in.isReadable() && !sink.isFull()) {
      switch (expected) {
        case PDU_HEADER -> pduHeader(in);
        case BODY -> body(in);
        case PDV_HEADER -> pdvHeader(in);
        default -> pdv(in);
      }
    }
  }

  /** Lets go of what has arrived of an unfinished PDU. */
  void close() {
    body.release();
    body = Unpooled.EMPTY_BUFFER;
  }

  private boolean header(ByteBuf in) {
    int taken = Math.min(header.length - headerBytes, in.readableBytes());
    in.readBytes(header, headerBytes, taken);
    headerBytes += taken;
    if (headerBytes < header.length) return false;
    headerBytes = 0;
    return true;
  }

  private long length(int at) {
    return (header[at] & 0xffL) << 24 | (header[at + 1] & 0xff) << 16 | (header[at + 2] & 0xff) << 8
        | header[at + 3] & 0xff;
  }

  private void pduHeader(ByteBuf in) {
    // the type is judged before the length is there: other protocols on this port get their answer at once
    if (headerBytes == 0) type = known(in.getUnsignedByte(in.readerIndex()));
    if (!header(in)) return;
    left = length(2);
    if (type == Pdu.DATA_TF) {
      if (left > maxData) throw PduException.invalid("P-DATA-TF is longer than the maximum length announced");
      if (left < Pdu.PDV_HEADER_BYTES) throw PduException.invalid("P-DATA-TF without a PDV");
      sink.data();
      expected = Expected.PDV_HEADER;
    } else {
      if (left > LONGEST_BYTES || left < 4) throw PduException.invalid("PDU length");
      expected = Expected.BODY;
    }
  }

  private static int known(int type) {
    if (type < Pdu.ASSOCIATE_RQ || type > Pdu.ABORT) throw PduException.unrecognized(type);
    return type;
  }

  private void body(ByteBuf in) {
    if (body == Unpooled.EMPTY_BUFFER && in.readableBytes() >= left) {
      ByteBuf whole = in.readSlice((int) left);
      expected = Expected.PDU_HEADER;
      sink.pdu(PduReader.read(type, whole));
      return;
    }
    if (body == Unpooled.EMPTY_BUFFER) body = Unpooled.buffer(256, LONGEST_BYTES);
    int taken = (int) Math.min(left, in.readableBytes());
    body.writeBytes(in, taken);
    left -= taken;
    if (left > 0) return;
    ByteBuf whole = body;
    body = Unpooled.EMPTY_BUFFER;
    expected = Expected.PDU_HEADER;
    try {
      sink.pdu(PduReader.read(type, whole));
    } finally {
      whole.release();
    }
  }

  private void pdvHeader(ByteBuf in) {
    if (!header(in)) return;
    long length = length(0);
    left -= 4;
    if (length < 2 || length > left) throw PduException.invalid("PDV length is not within its PDU");
    left -= length;
    if (left > 0 && left < Pdu.PDV_HEADER_BYTES) throw PduException.invalid("PDV header is cut off by its PDU");
    pdvLeft = (int) length - 2;
    context = header[4] & 0xff;
    control = header[5];
    if (pdvLeft == 0) piece(Unpooled.EMPTY_BUFFER);
    else expected = Expected.PDV;
  }

  private void pdv(ByteBuf in) {
    int taken = Math.min(pdvLeft, in.readableBytes());
    boolean sparse = taken < in.capacity() / SPARSE;
    ByteBuf bytes = sparse ? in.readBytes(taken) : in.readRetainedSlice(taken);
    pdvLeft -= taken;
    piece(bytes);
  }

  /** The state is set before the sink hears of it: it may be full then. */
  private void piece(ByteBuf bytes) {
    boolean whole = pdvLeft == 0;
    if (whole) expected = left == 0 ? Expected.PDU_HEADER : Expected.PDV_HEADER;
    sink.fragment(context, (control & 1) != 0, whole && (control & 2) != 0, bytes);
  }
}
