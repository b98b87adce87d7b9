package io.caregrid.dicom.dimse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.dicom.ul.Pdu;
import io.caregrid.dicom.ul.PduReader;
import io.caregrid.dicom.ul.PduWriter;
import io.caregrid.dicom.ul.UserInformation;
import io.caregrid.dicom.ul.UserInformation.Extended;
import io.caregrid.dicom.ul.UserInformation.Role;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NegotiationTest {
  private static final Negotiation NEGOTIATION = new Negotiation(131_072, true);

  private static Pdu.AssociateAc answer(List<Role> roles, List<Extended> extended) {
    UserInformation user = new UserInformation(16_384, "2.25.1", "RAW", null, roles, extended, List.of(), null, null);
    return NEGOTIATION.answer(new Pdu.AssociateRq(Pdu.Titles.of("CAREGRID", "SENDER"), Pdu.APPLICATION_CONTEXT,
        List.of(new Pdu.Proposed(1, Slides.CT, List.of(RawPeer.IMPLICIT_LE))), user));
  }

  private static Pdu.AssociateAc sent(Pdu.AssociateAc answer) {
    ByteBuf pdu = Unpooled.buffer();
    PduWriter.write(answer, pdu);
    return (Pdu.AssociateAc) PduReader.read(Pdu.ASSOCIATE_AC, pdu.skipBytes(Pdu.HEADER_BYTES));
  }

  /** The user information item has two bytes for its length (PS3.8 table 9-16): what fills the request may not overfill the answer. */
  @Test
  void whoNamesThousandsOfClassesIsAnsweredForThoseHeProposes() {
    List<Role> roles = new ArrayList<>();
    List<Extended> extended = new ArrayList<>();
    for (int n = 0; n < 1_100; n++) roles.add(new Role("2.25.1" + n, true, true));
    for (int n = 0; n < 1_100; n++)
      extended.add(new Extended("2.25.22222222222222222222222222" + n, new UserInformation.Octets(new byte[0])));
    roles.add(new Role(Slides.CT, true, true));
    roles.add(new Role(Slides.CT, true, true));
    extended.add(new Extended(Slides.CT, new UserInformation.Octets(new byte[] {2})));

    UserInformation heard = sent(answer(roles, extended)).user();

    assertEquals(List.of(new Role(Slides.CT, true, false)), heard.roles());
    assertEquals(List.of(Slides.CT), heard.extended().stream().map(Extended::sopClass).toList());
    assertEquals(131_072, heard.maxLength());
  }
}
