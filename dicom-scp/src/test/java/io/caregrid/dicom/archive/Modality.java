package io.caregrid.dicom.archive;

import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.TransferSyntax;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Sends {@link Phantom}s by C-STORE, one after the other on one association, as a modality does. Its bytes are its own: it shares no code with what it tests. */
final class Modality implements AutoCloseable {
  /** Calling AE title; the same as in {@link Phantom}'s files, so that what is kept is such a file byte for byte. */
  private static final String AE = "TEST";
  private static final String EXPLICIT_LE = "1.2.840.10008.1.2.1";
  private static final int CONTEXT = 1;
  private static final int PDV = 16_000;

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;
  private int messageId;

  /** Fails with an IOException unless the association is accepted. */
  Modality(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(180_000);
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
    try {
      associate();
      pdu(2);
    } catch (IOException refused) {
      socket.close();
      throw refused;
    }
  }

  /** @return the status of the response */
  int store(String instance, byte[] file) throws IOException {
    int header = Part10.header(Phantom.CT, instance, TransferSyntax.EXPLICIT_LE, AE).remaining();
    messageId = messageId % 0xffff + 1;
    byte[] command = command(instance);
    pdv(command, 0, command.length, 3);
    for (int at = header; at < file.length; at += PDV)
      pdv(file, at, Math.min(PDV, file.length - at), at + PDV >= file.length ? 2 : 0);
    out.flush();
    return status();
  }

  private void associate() throws IOException {
    ByteArrayOutputStream items = new ByteArrayOutputStream();
    item(items, 0x10, text("1.2.840.10008.3.1.1.1"));
    ByteArrayOutputStream context = new ByteArrayOutputStream();
    context.writeBytes(new byte[] {CONTEXT, 0, 0, 0});
    item(context, 0x30, text(Phantom.CT));
    item(context, 0x40, text(EXPLICIT_LE));
    item(items, 0x20, context.toByteArray());
    ByteArrayOutputStream user = new ByteArrayOutputStream();
    item(user, 0x51, ByteBuffer.allocate(4).putInt(16_384).array());
    item(user, 0x52, text("1.2.826.0.1.3680043.10.543"));
    item(items, 0x50, user.toByteArray());
    ByteBuffer pdu = ByteBuffer.allocate(74).put((byte) 1).put((byte) 0).putInt(68 + items.size()).putInt(0x10000);
    out.write(pdu.put(text("%-16s%-16s".formatted("CAREGRID", AE))).array());
    out.write(items.toByteArray());
    out.flush();
  }

  private byte[] command(String instance) {
    ByteBuffer command = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN).position(12);
    element(command, 0x0002, even(Phantom.CT));
    element(command, 0x0100, new byte[] {1, 0});
    element(command, 0x0110, new byte[] {(byte) messageId, (byte) (messageId >> 8)});
    element(command, 0x0700, new byte[2]);
    element(command, 0x0800, new byte[2]);
    element(command, 0x1000, even(instance));
    int length = command.position();
    command.putInt(0, 0).putInt(4, 4).putInt(8, length - 12);
    return java.util.Arrays.copyOf(command.array(), length);
  }

  private static void element(ByteBuffer command, int element, byte[] value) {
    command.putShort((short) 0).putShort((short) element).putInt(value.length).put(value);
  }

  /** @param flags 1: command, 2: last */
  private void pdv(byte[] from, int at, int length, int flags) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(12).put((byte) 4).put((byte) 0).putInt(length + 6).putInt(length + 2);
    out.write(head.put((byte) CONTEXT).put((byte) flags).array());
    out.write(from, at, length);
  }

  private int status() throws IOException {
    ByteBuffer command = pdu(4).position(6).slice().order(ByteOrder.LITTLE_ENDIAN);
    while (command.remaining() >= 8) {
      command.getShort();
      int element = command.getShort();
      int length = command.getInt();
      if (element == 0x0900) return command.getShort() & 0xffff;
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

  private static void item(ByteArrayOutputStream to, int type, byte[] value) {
    to.writeBytes(ByteBuffer.allocate(4).put((byte) type).put((byte) 0).putShort((short) value.length).array());
    to.writeBytes(value);
  }

  private static byte[] even(String uid) {
    return text(uid.length() % 2 == 0 ? uid : uid + '\0');
  }

  private static byte[] text(String ascii) {
    return ascii.getBytes(StandardCharsets.US_ASCII);
  }

  /** Without a release: a peer that is gone cannot answer one. */
  @Override
  public void close() throws IOException {
    socket.close();
  }
}
