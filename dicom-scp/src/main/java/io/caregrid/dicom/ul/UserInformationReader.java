package io.caregrid.dicom.ul;

import static io.caregrid.dicom.ul.PduReader.item;
import static io.caregrid.dicom.ul.PduReader.itemType;
import static io.caregrid.dicom.ul.PduReader.latin;
import static io.caregrid.dicom.ul.PduReader.octets;
import static io.caregrid.dicom.ul.PduReader.take;
import static io.caregrid.dicom.ul.PduReader.uid;

import io.caregrid.dicom.ul.UserInformation.CommonExtended;
import io.caregrid.dicom.ul.UserInformation.Extended;
import io.caregrid.dicom.ul.UserInformation.Identity;
import io.caregrid.dicom.ul.UserInformation.Octets;
import io.caregrid.dicom.ul.UserInformation.Role;
import io.caregrid.dicom.ul.UserInformation.Window;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** The user information item's sub-items (PS3.8 annex D.1, PS3.7 annex D.3.3), in any order. */
final class UserInformationReader {
  static final UserInformation NOTHING = new UserInformation(0, null, null, null, List.of(), List.of(), List.of(), null,
      null);

  private long maxLength;
  private String implementationClass;
  private String implementationVersion;
  private Window window;
  private final List<Role> roles = new ArrayList<>();
  private final List<Extended> extended = new ArrayList<>();
  private final List<CommonExtended> common = new ArrayList<>();
  private Identity identity;
  private Octets identityAnswer;

  private UserInformationReader() {}

  static UserInformation read(ByteBuf from) {
    UserInformationReader reader = new UserInformationReader();
    while (from.isReadable()) {
      int type = itemType(from);
      reader.sub(type, item(from, type));
    }
    return reader.result();
  }

  private UserInformation result() {
    return new UserInformation(maxLength, implementationClass, implementationVersion, window, roles, extended, common,
        identity, identityAnswer);
  }

  private void sub(int type, ByteBuf item) {
    switch (type) {
      case 0x51 -> maxLength = take(item, 4, "maximum length").readUnsignedInt();
      case 0x52 -> implementationClass = uid(item);
      case 0x53 -> window = window(take(item, 4, "asynchronous operations window"));
      case 0x54 -> roles.add(role(item));
      case 0x55 -> implementationVersion = latin(item, item.readableBytes()).strip();
      case 0x56 -> extended.add(new Extended(uid(counted(item)), octets(item)));
      case 0x57 -> common.add(common(item));
      case 0x58 -> identity = identity(item);
      case 0x59 -> identityAnswer = octets(counted(item));
      default -> item.skipBytes(item.readableBytes());
    }
  }

  private static Window window(ByteBuf four) {
    return new Window(four.readUnsignedShort(), four.readUnsignedShort());
  }

  private static Role role(ByteBuf item) {
    String sopClass = uid(counted(item));
    ByteBuf two = take(item, 2, "role selection");
    return new Role(sopClass, two.readByte() == 1, two.readByte() == 1);
  }

  private static CommonExtended common(ByteBuf item) {
    String sopClass = uid(counted(item));
    String serviceClass = uid(counted(item));
    List<String> related = new ArrayList<>();
    if (item.isReadable()) {
      ByteBuf general = counted(item);
      while (general.isReadable()) related.add(uid(counted(general)));
    }
    return new CommonExtended(sopClass, serviceClass, related);
  }

  private static Identity identity(ByteBuf item) {
    ByteBuf two = take(item, 2, "user identity");
    int type = two.readUnsignedByte();
    boolean answerWanted = two.readByte() == 1;
    return new Identity(type, answerWanted, octets(counted(item)), octets(counted(item)));
  }

  /** A field with two bytes of length before it. */
  private static ByteBuf counted(ByteBuf item) {
    int length = take(item, 2, "length in user information").readUnsignedShort();
    return take(item, length, "field in user information");
  }
}
