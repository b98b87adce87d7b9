package io.caregrid.dicom.ul;

import io.caregrid.dicom.ul.UserInformation.CommonExtended;
import io.caregrid.dicom.ul.UserInformation.Extended;
import io.caregrid.dicom.ul.UserInformation.Identity;
import io.caregrid.dicom.ul.UserInformation.Octets;
import io.caregrid.dicom.ul.UserInformation.Role;
import io.caregrid.dicom.ul.UserInformation.Window;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.List;

/** PDUs for tests, as values and as bytes. */
final class Wire {
  static final String VERIFICATION = "1.2.840.10008.1.1";
  static final String IMPLICIT = "1.2.840.10008.1.2";

  private Wire() {}

  static Pdu.AssociateRq request() {
    return new Pdu.AssociateRq(Pdu.Titles.of("CAREGRID", "MODALITY"), Pdu.APPLICATION_CONTEXT,
        List.of(new Pdu.Proposed(1, VERIFICATION, List.of(IMPLICIT))), user(16384));
  }

  static Pdu.AssociateAc acceptance() {
    return new Pdu.AssociateAc(Pdu.Titles.of("CAREGRID", "MODALITY"), Pdu.APPLICATION_CONTEXT,
        List.of(new Pdu.Answered(1, 0, IMPLICIT)), user(16384));
  }

  static UserInformation user(long maxLength) {
    return new UserInformation(maxLength, "2.25.1", "TEST", null, List.of(), List.of(), List.of(), null, null);
  }

  /** Every sub-item there is. */
  static UserInformation everything() {
    return new UserInformation(0xFFFF_FFFFL, "2.25.2", "TEST_2", new Window(16, 1),
        List.of(new Role("1.2.3", true, false), new Role("1.2.4", false, true)),
        List.of(new Extended("1.2.3", new Octets(new byte[] {2, 0, 3})),
            new Extended("1.2.5", new Octets(new byte[0]))),
        List.of(new CommonExtended("1.2.6", "1.2.840.10008.4.2", List.of("1.2.7", "1.2.8")),
            new CommonExtended("1.2.9", "1.2.840.10008.4.2", List.of())),
        new Identity(2, true, new Octets("name".getBytes()), new Octets("secret".getBytes())),
        new Octets(new byte[] {1, 2, 3}));
  }

  static ByteBuf bytes(Pdu pdu) {
    ByteBuf out = Unpooled.buffer();
    PduWriter.write(pdu, out);
    return out;
  }

  /** P-DATA-TF with one PDV. */
  static ByteBuf data(int context, boolean command, boolean last, byte... message) {
    ByteBuf out = Unpooled.buffer();
    PduWriter.data(0, 1 << 20, context, command, last, Unpooled.wrappedBuffer(message), out);
    return out;
  }

  static ByteBuf hex(String hex) {
    return Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex.replaceAll("\\s", "")));
  }
}
