package io.caregrid.dicom.dimse;

import io.caregrid.dicom.ul.Pdu;
import io.caregrid.dicom.ul.PduWriter;
import io.caregrid.dicom.ul.UserInformation;
import io.caregrid.dicom.ul.UserInformation.Window;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;

/** A requestor byte by byte, that may stop in the middle of anything. Blocks. */
final class RawPeer implements AutoCloseable {
  static final int CLOSED = -1;
  static final String IMPLICIT_LE = "1.2.840.10008.1.2";
  private static final int PATIENCE_MILLIS = 180_000;

  private final Socket socket;
  private final OutputStream out;
  private final DataInputStream in;

  RawPeer(int port) throws IOException {
    this(port, InetAddress.getByName("127.0.0.1"));
  }

  RawPeer(int port, InetAddress from) throws IOException {
    socket = new Socket(InetAddress.getByName("127.0.0.1"), port, from, 0);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    out = socket.getOutputStream();
    in = new DataInputStream(socket.getInputStream());
  }

  /** Context 1 is Verification, 3 is CT Image Storage. */
  static byte[] request(String called, String calling) {
    UserInformation user = new UserInformation(16_384, "2.25.1", "RAW", new Window(0, 1), List.of(), List.of(),
        List.of(), null, null);
    ByteBuf pdu = Unpooled.buffer();
    PduWriter.write(new Pdu.AssociateRq(Pdu.Titles.of(called, calling), Pdu.APPLICATION_CONTEXT, List.of(
        new Pdu.Proposed(1, SopClasses.VERIFICATION, List.of(IMPLICIT_LE)),
        new Pdu.Proposed(3, Slides.CT, List.of(IMPLICIT_LE))), user), pdu);
    return ByteBufUtil.getBytes(pdu);
  }

  static byte[] command(int context, CommandSet command) {
    ByteBuf set = Unpooled.buffer();
    command.write(set);
    ByteBuf pdu = Unpooled.buffer();
    PduWriter.data(0, 16_384, context, true, true, set, pdu);
    return ByteBufUtil.getBytes(pdu);
  }

  static byte[] data(int context, boolean last, byte[] bytes) {
    ByteBuf pdu = Unpooled.buffer();
    PduWriter.data(0, 16_384, context, false, last, Unpooled.wrappedBuffer(bytes), pdu);
    return ByteBufUtil.getBytes(pdu);
  }

  static byte[] release() {
    ByteBuf pdu = Unpooled.buffer();
    PduWriter.write(new Pdu.ReleaseRq(), pdu);
    return ByteBufUtil.getBytes(pdu);
  }

  RawPeer send(byte[] bytes) throws IOException {
    out.write(bytes);
    return this;
  }

  /** Associates as {@code SENDER}. */
  RawPeer associate() throws IOException {
    send(request("CAREGRID", "SENDER"));
    if (read() != Pdu.ASSOCIATE_AC) throw new IllegalStateException("not accepted");
    return this;
  }

  /** Type of the next PDU, whatever is in it; {@link #CLOSED} when the connection is. */
  int read() throws IOException {
    try {
      int type = in.read();
      if (type == CLOSED) return CLOSED;
      in.readByte();
      in.readNBytes(in.readInt());
      return type;
    } catch (SocketException reset) {
      return CLOSED;
    }
  }

  /** Of an A-ASSOCIATE-RJ: result/source/reason. */
  String rejection() throws IOException {
    byte[] pdu = in.readNBytes(10);
    return pdu[0] == Pdu.ASSOCIATE_RJ ? pdu[7] + "/" + pdu[8] + "/" + pdu[9] : "PDU " + pdu[0];
  }

  /** The next response's status. */
  int status() throws IOException {
    if (in.read() != Pdu.DATA_TF) throw new IllegalStateException("no P-DATA-TF");
    in.readByte();
    byte[] message = in.readNBytes(in.readInt());
    return CommandSet.read(Unpooled.wrappedBuffer(message, 6, message.length - 6))
        .number(CommandSet.STATUS)
        .orElseThrow();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
