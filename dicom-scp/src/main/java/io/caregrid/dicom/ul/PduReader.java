package io.caregrid.dicom.ul;

import io.caregrid.dicom.ul.UserInformation.Octets;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Bytes of one PDU's variable field → {@link Pdu} (PS3.8 section 9.3). Pure; reads only what is there, whatever lengths are declared. */
public final class PduReader {
  private PduReader() {}

  /**
   * @param type of the PDU's header, not {@link Pdu#DATA_TF}
   * @param body exactly its variable field; read from here, not released
   * @throws PduException when it is not what the type says
   */
  public static Pdu read(int type, ByteBuf body) {
    return switch (type) {
      case Pdu.ASSOCIATE_RQ -> request(body);
      case Pdu.ASSOCIATE_AC -> acceptance(body);
      case Pdu.ASSOCIATE_RJ -> {
        ByteBuf four = take(body, 4, "A-ASSOCIATE-RJ").skipBytes(1);
        yield new Pdu.AssociateRj(four.readUnsignedByte(), four.readUnsignedByte(), four.readUnsignedByte());
      }
      case Pdu.RELEASE_RQ -> new Pdu.ReleaseRq();
      case Pdu.RELEASE_RP -> new Pdu.ReleaseRp();
      case Pdu.ABORT -> {
        ByteBuf four = take(body, 4, "A-ABORT").skipBytes(2);
        yield new Pdu.Abort(four.readUnsignedByte(), four.readUnsignedByte());
      }
      default -> throw PduException.unrecognized(type);
    };
  }

  private static Pdu request(ByteBuf body) {
    Pdu.Titles titles = titles(body);
    String application = null;
    List<Pdu.Proposed> contexts = new ArrayList<>();
    UserInformation user = UserInformationReader.NOTHING;
    BitSet ids = new BitSet();
    while (body.isReadable()) {
      int type = itemType(body);
      ByteBuf item = item(body, type);
      switch (type) {
        case 0x10 -> application = uid(item);
        case 0x20 -> contexts.add(proposed(item, ids));
        case 0x50 -> user = UserInformationReader.read(item);
        default -> item.skipBytes(item.readableBytes());
      }
    }
    return new Pdu.AssociateRq(titles, application, contexts, user);
  }

  private static Pdu acceptance(ByteBuf body) {
    Pdu.Titles titles = titles(body);
    String application = null;
    List<Pdu.Answered> contexts = new ArrayList<>();
    UserInformation user = UserInformationReader.NOTHING;
    while (body.isReadable()) {
      int type = itemType(body);
      ByteBuf item = item(body, type);
      switch (type) {
        case 0x10 -> application = uid(item);
        case 0x21 -> contexts.add(answered(item));
        case 0x50 -> user = UserInformationReader.read(item);
        default -> item.skipBytes(item.readableBytes());
      }
    }
    return new Pdu.AssociateAc(titles, application, contexts, user);
  }

  private static Pdu.Titles titles(ByteBuf body) {
    ByteBuf fixed = take(body, 68, "fixed fields");
    int version = fixed.readUnsignedShort();
    fixed.skipBytes(2);
    return new Pdu.Titles(version, latin(fixed, 16), latin(fixed, 16), latin(fixed, 32));
  }

  private static Pdu.Proposed proposed(ByteBuf item, BitSet ids) {
    int id = take(item, 4, "presentation context").readUnsignedByte();
    if (id % 2 == 0 || ids.get(id)) throw PduException.invalid("presentation context ID is even or there twice");
    ids.set(id);
    String abstractSyntax = null;
    List<String> transferSyntaxes = new ArrayList<>();
    while (item.isReadable()) {
      int type = itemType(item);
      ByteBuf sub = item(item, type);
      if (type == 0x30) abstractSyntax = uid(sub);
      else if (type == 0x40) transferSyntaxes.add(uid(sub));
    }
    if (abstractSyntax == null) throw PduException.invalid("presentation context without abstract syntax");
    return new Pdu.Proposed(id, abstractSyntax, transferSyntaxes);
  }

  private static Pdu.Answered answered(ByteBuf item) {
    ByteBuf four = take(item, 4, "presentation context");
    int id = four.readUnsignedByte();
    int result = four.skipBytes(1).readUnsignedByte();
    String transferSyntax = "";
    while (item.isReadable()) {
      int type = itemType(item);
      ByteBuf sub = item(item, type);
      if (type == 0x40) transferSyntax = uid(sub);
    }
    return new Pdu.Answered(id, result, transferSyntax);
  }

  static int itemType(ByteBuf from) {
    if (from.readableBytes() < 4) throw PduException.invalid("item header is cut off");
    return from.getUnsignedByte(from.readerIndex());
  }

  /** The field of an item or sub-item whose header begins here. */
  static ByteBuf item(ByteBuf from, int type) {
    int length = from.skipBytes(2).readUnsignedShort();
    return take(from, length, "item " + Integer.toHexString(type) + "H");
  }

  static ByteBuf take(ByteBuf from, int length, String what) {
    if (from.readableBytes() < length) throw PduException.invalid(what + " is cut off");
    return from.readSlice(length);
  }

  /** A UID without what pads it: NUL by the book, spaces in the field. */
  static String uid(ByteBuf all) {
    return latin(all, all.readableBytes()).replace('\0', ' ').strip();
  }

  static String latin(ByteBuf from, int length) {
    return from.readCharSequence(length, StandardCharsets.ISO_8859_1).toString();
  }

  static Octets octets(ByteBuf all) {
    byte[] bytes = new byte[all.readableBytes()];
    all.readBytes(bytes);
    return new Octets(bytes);
  }
}
