package io.caregrid.perf.dicom;

import io.caregrid.perf.dicom.Phantom.Kind;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.HdrHistogram.Histogram;

/**
 * One association that sends one picture after the other and waits for each answer (PS3.7 9.1.1, synchronous), as modalities do. TCP_NODELAY, and each
 * message in one write: anything else measures Nagle's algorithm.
 */
final class Sender implements AutoCloseable {
  private static final int CONTEXT = 1;
  private static final int ASSOCIATE_AC = 2;
  private static final int DATA_TF = 4;
  private static final int OUR_MAX_PDU = 16_384;

  private final SocketChannel socket;
  private final DataInputStream in;
  private final Kind kind;
  private final int run;
  private final int association;
  private final Phantom phantom;
  private int messageId;

  /** Opens the connection and the association. @param run and association: who this is, see {@link PictureName} */
  Sender(InetSocketAddress peer, String calledAe, Kind kind, int run, int association) throws IOException {
    this.kind = kind;
    this.run = run;
    this.association = association;
    socket = SocketChannel.open();
    socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
    socket.connect(peer);
    in = new DataInputStream(new java.io.BufferedInputStream(Channels.newInputStream(socket), 4096));
    write(associate(calledAe));
    phantom = Phantom.of(kind, PictureName.of(run, association, 0), CONTEXT, accepted());
  }

  /**
   * Sends pictures {@code from} to {@code to}, exclusive. Fails on any answer but success.
   *
   * @param micros gets the time from before the write to after the answer
   */
  void send(int from, int to, Histogram micros) throws IOException {
    for (int number = from; number < to; number++) {
      PictureName name = PictureName.of(run, association, number);
      messageId = messageId % 0xffff + 1;
      byte[] message = phantom.message(name, messageId);
      long before = System.nanoTime();
      write(message);
      int status = answer();
      micros.recordValue((System.nanoTime() - before) / 1000);
      if (status != 0)
        throw new IOException("picture %d of association %d was answered %04XH".formatted(number, association, status));
    }
  }

  int bytes() {
    return phantom.bytes();
  }

  private void write(byte[] message) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(message);
    while (bytes.hasRemaining()) socket.write(bytes);
  }

  private byte[] associate(String calledAe) {
    ByteArrayOutputStream items = new ByteArrayOutputStream();
    item(items, 0x10, "1.2.840.10008.3.1.1.1".getBytes(StandardCharsets.US_ASCII));
    ByteArrayOutputStream context = new ByteArrayOutputStream();
    context.writeBytes(new byte[] {CONTEXT, 0, 0, 0});
    item(context, 0x30, kind.sopClass.getBytes(StandardCharsets.US_ASCII));
    item(context, 0x40, Phantom.EXPLICIT_LE.getBytes(StandardCharsets.US_ASCII));
    item(items, 0x20, context.toByteArray());
    ByteArrayOutputStream user = new ByteArrayOutputStream();
    item(user, 0x51, ByteBuffer.allocate(4).putInt(OUR_MAX_PDU).array());
    item(user, 0x52, "1.2.826.0.1.3680043.10.1337.1".getBytes(StandardCharsets.US_ASCII));
    item(items, 0x50, user.toByteArray());
    ByteBuffer pdu = ByteBuffer.allocate(6 + 68 + items.size());
    pdu.putShort((short) 0x0100).putInt(68 + items.size()).putShort((short) 1).putShort((short) 0);
    pdu.put("%-16s%-16s".formatted(calledAe, "PERF").getBytes(StandardCharsets.US_ASCII)).put(new byte[32]);
    return pdu.put(items.toByteArray()).array();
  }

  private static void item(ByteArrayOutputStream to, int type, byte[] value) {
    to.writeBytes(ByteBuffer.allocate(4).put((byte) type).put((byte) 0).putShort((short) value.length).array());
    to.writeBytes(value);
  }

  /** @return the peer's maximum length */
  private long accepted() throws IOException {
    ByteBuffer answer = pdu(ASSOCIATE_AC);
    long maxPdu = 0;
    boolean accepted = false;
    for (answer.position(68); answer.remaining() >= 4;) {
      int type = answer.get() & 0xff;
      answer.get();
      int length = answer.getShort() & 0xffff;
      if (type == 0x21) accepted = answer.get(answer.position() + 2) == 0;
      if (type == 0x51) maxPdu = answer.getInt(answer.position()) & 0xffffffffL;
      if (type != 0x50) answer.position(answer.position() + length);
    }
    if (!accepted) throw new IOException("the peer does not take " + kind.modality + " pictures");
    return maxPdu;
  }

  /** Status (0000,0900) of the response. */
  private int answer() throws IOException {
    ByteBuffer command = pdu(DATA_TF).position(6).slice().order(ByteOrder.LITTLE_ENDIAN);
    while (command.remaining() >= 8) {
      int group = command.getShort();
      int element = command.getShort() & 0xffff;
      int length = command.getInt();
      if (group == 0 && element == 0x0900) return command.getShort() & 0xffff;
      command.position(command.position() + length);
    }
    throw new IOException("an answer without a status");
  }

  private ByteBuffer pdu(int wanted) throws IOException {
    int type = in.read();
    if (type < 0) throw new EOFException("the peer hung up");
    in.read();
    byte[] body = new byte[in.readInt()];
    in.readFully(body);
    if (type != wanted) throw new IOException("PDU of type " + type + " where " + wanted + " was expected");
    return ByteBuffer.wrap(body);
  }

  /** Releases the association (PS3.8 9.3.6). */
  @Override
  public void close() {
    try (socket) {
      write(new byte[] {5, 0, 0, 0, 0, 4, 0, 0, 0, 0});
      pdu(6);
    } catch (IOException lost) {
      throw new UncheckedIOException(lost);
    }
  }
}
