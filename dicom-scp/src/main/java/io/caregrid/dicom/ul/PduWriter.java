package io.caregrid.dicom.ul;

import io.caregrid.dicom.ul.UserInformation.CommonExtended;
import io.caregrid.dicom.ul.UserInformation.Extended;
import io.caregrid.dicom.ul.UserInformation.Identity;
import io.caregrid.dicom.ul.UserInformation.Octets;
import io.caregrid.dicom.ul.UserInformation.Role;
import io.caregrid.dicom.ul.UserInformation.Window;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** {@link Pdu} → bytes (PS3.8 section 9.3), and fragments → P-DATA-TF. Pure: writes into the buffer it is given. */
public final class PduWriter {
  private PduWriter() {}

  public static void write(Pdu pdu, ByteBuf out) {
    if (pdu instanceof Pdu.AssociateRq request) request(request, out);
    else if (pdu instanceof Pdu.AssociateAc acceptance) acceptance(acceptance, out);
    else
      if (pdu instanceof Pdu.AssociateRj rejection)
        four(Pdu.ASSOCIATE_RJ, 0, rejection.result(), rejection.source(), rejection.reason(), out);
      else
        if (pdu instanceof Pdu.ReleaseRq) four(Pdu.RELEASE_RQ, 0, 0, 0, 0, out);
        else if (pdu instanceof Pdu.ReleaseRp) four(Pdu.RELEASE_RP, 0, 0, 0, 0, out);
        else if (pdu instanceof Pdu.Abort abort) four(Pdu.ABORT, 0, 0, abort.source(), abort.reason(), out);
  }

  /**
   * One command set or data set, or a part of it, as P-DATA-TF PDUs of one PDV each.
   *
   * @param maxLength the peer's maximum length; 0: no limit, then {@code atMost} counts
   * @param atMost    longest variable field we care to make
   * @param last      true when {@code bytes} are the end of it; then even no bytes give a PDV
   * @param bytes     read from here, not released
   */
  public static void data(long maxLength, int atMost, int context, boolean command, boolean last, ByteBuf bytes,
      ByteBuf out) {
    int room = room(maxLength, atMost);
    do {
      int length = Math.min(room, bytes.readableBytes());
      boolean end = last && length == bytes.readableBytes();
      dataHeader(context, command, end, length, out);
      out.writeBytes(bytes, length);
    } while (bytes.isReadable());
  }

  /** The headers of a P-DATA-TF with one PDV; {@code length} bytes of message have to follow. */
  public static void dataHeader(int context, boolean command, boolean last, int length, ByteBuf out) {
    out.writeShort(Pdu.DATA_TF << 8).writeInt(length + Pdu.PDV_HEADER_BYTES);
    out.writeInt(length + 2).writeByte(context).writeByte((command ? 1 : 0) | (last ? 2 : 0));
  }

  /** Bytes of a message that fit into one P-DATA-TF: even (PS3.8 E.1), and never more than the peer takes. */
  public static int room(long maxLength, int atMost) {
    long length = maxLength == 0 ? atMost : Math.min(maxLength, atMost);
    return (int) (length - Pdu.PDV_HEADER_BYTES) & ~1;
  }

  private static void four(int type, int first, int second, int third, int fourth, ByteBuf out) {
    out.writeShort(type << 8).writeInt(4).writeByte(first).writeByte(second).writeByte(third).writeByte(fourth);
  }

  private static void request(Pdu.AssociateRq request, ByteBuf out) {
    int start = open(Pdu.ASSOCIATE_RQ, request, out);
    for (Pdu.Proposed context : request.contexts()) {
      int item = item(0x20, out);
      out.writeByte(context.id()).writeZero(3);
      text(0x30, context.abstractSyntax(), out);
      context.transferSyntaxes().forEach(syntax -> text(0x40, syntax, out));
      close(item, out);
    }
    close(request.user(), start, out);
  }

  private static void acceptance(Pdu.AssociateAc acceptance, ByteBuf out) {
    int start = open(Pdu.ASSOCIATE_AC, acceptance, out);
    for (Pdu.Answered context : acceptance.contexts()) {
      int item = item(0x21, out);
      out.writeByte(context.id()).writeByte(0).writeByte(context.result()).writeByte(0);
      text(0x40, context.transferSyntax(), out);
      close(item, out);
    }
    close(acceptance.user(), start, out);
  }

  private static int open(int type, Pdu.Associate pdu, ByteBuf out) {
    out.writeShort(type << 8);
    int start = out.writerIndex();
    Pdu.Titles titles = pdu.titles();
    out.writeInt(0).writeShort(titles.version()).writeShort(0);
    out.writeCharSequence(titles.called() + titles.calling() + titles.reserved(), StandardCharsets.ISO_8859_1);
    if (pdu.applicationContext() != null) text(0x10, pdu.applicationContext(), out);
    return start;
  }

  private static void close(UserInformation user, int start, ByteBuf out) {
    int item = item(0x50, out);
    user(user, out);
    close(item, out);
    out.setInt(start, out.writerIndex() - start - 4);
  }

  private static void user(UserInformation user, ByteBuf out) {
    out.writeShort(0x5100).writeShort(4).writeInt((int) user.maxLength());
    if (user.implementationClass() != null) text(0x52, user.implementationClass(), out);
    Window window = user.window();
    if (window != null)
      out.writeShort(0x5300).writeShort(4).writeShort(window.invoked()).writeShort(window.performed());
    for (Role role : user.roles()) {
      int item = item(0x54, out);
      counted(role.sopClass(), out);
      out.writeBoolean(role.scu()).writeBoolean(role.scp());
      close(item, out);
    }
    if (user.implementationVersion() != null) text(0x55, user.implementationVersion(), out);
    for (Extended extended : user.extended()) {
      int item = item(0x56, out);
      counted(extended.sopClass(), out);
      out.writeBytes(extended.information().bytes());
      close(item, out);
    }
    user.common().forEach(common -> common(common, out));
    if (user.identity() != null) identity(user.identity(), out);
    if (user.identityAnswer() != null) {
      int item = item(0x59, out);
      counted(user.identityAnswer(), out);
      close(item, out);
    }
  }

  private static void common(CommonExtended common, ByteBuf out) {
    int item = item(0x57, out);
    counted(common.sopClass(), out);
    counted(common.serviceClass(), out);
    int related = out.writerIndex();
    out.writeShort(0);
    common.relatedGeneral().forEach(uid -> counted(uid, out));
    close(related, out);
    close(item, out);
  }

  private static void identity(Identity identity, ByteBuf out) {
    int item = item(0x58, out);
    out.writeByte(identity.type()).writeBoolean(identity.answerWanted());
    counted(identity.primary(), out);
    counted(identity.secondary(), out);
    close(item, out);
  }

  /** @return where its length stands */
  private static int item(int type, ByteBuf out) {
    out.writeShort(type << 8);
    int place = out.writerIndex();
    out.writeShort(0);
    return place;
  }

  private static void close(int place, ByteBuf out) {
    out.setShort(place, out.writerIndex() - place - 2);
  }

  private static void text(int type, String text, ByteBuf out) {
    int item = item(type, out);
    out.writeCharSequence(text, StandardCharsets.ISO_8859_1);
    close(item, out);
  }

  private static void counted(String text, ByteBuf out) {
    counted(new Octets(text.getBytes(StandardCharsets.ISO_8859_1)), out);
  }

  private static void counted(Octets octets, ByteBuf out) {
    out.writeShort(octets.bytes().length).writeBytes(octets.bytes());
  }
}
