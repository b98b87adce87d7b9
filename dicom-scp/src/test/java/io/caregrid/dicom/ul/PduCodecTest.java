package io.caregrid.dicom.ul;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PduCodecTest {
  @Test
  void whatIsWrittenIsReadBack() {
    for (Pdu pdu : List.of(Wire.request(), Wire.acceptance(), Pdu.AssociateRj.LOCAL_LIMIT, new Pdu.ReleaseRq(),
        new Pdu.ReleaseRp(), new Pdu.Abort(2, 6),
        new Pdu.AssociateRq(Pdu.Titles.of("A", "B"), Pdu.APPLICATION_CONTEXT, contexts(128), Wire.everything()),
        new Pdu.AssociateAc(Pdu.Titles.of("A", "B"), Pdu.APPLICATION_CONTEXT,
            List.of(new Pdu.Answered(255, 4, "")), Wire.everything())))
      assertEquals(pdu, read(Wire.bytes(pdu)));
  }

  private static List<Pdu.Proposed> contexts(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new Pdu.Proposed(2 * i + 1, "1.2." + i, List.of("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")))
        .toList();
  }

  @Test
  void anAssociationRequestStandsAsTable911Says() {
    ByteBuf bytes = Wire.bytes(new Pdu.AssociateRq(Pdu.Titles.of("CALLED", "CALLING"), Pdu.APPLICATION_CONTEXT,
        List.of(new Pdu.Proposed(3, "1.2", List.of("1.3"))),
        new UserInformation(4096, "2.25", null, new UserInformation.Window(16, 1), List.of(), List.of(), List.of(),
            null, null)));

    assertEquals("""
        0100 0000008f
        0001 0000 43414c4c454420202020202020202020 43414c4c494e47202020202020202020
        0000000000000000000000000000000000000000000000000000000000000000
        1000 0015 312e322e3834302e31303030382e332e312e312e31
        2000 0012 03000000 3000 0003 312e32 4000 0003 312e33
        5000 0018 5100 0004 00001000 5200 0004 322e3235 5300 0004 0010 0001
        """.replaceAll("\\s", ""), ByteBufUtil.hexDump(bytes));
  }

  @Test
  void namesArePaddedInTheFieldInManyWays() {
    Pdu.AssociateRq request = (Pdu.AssociateRq) read(Wire.hex("""
        0100 0000007f
        0001 0000 2043414c4c4544000000000000000000 43414c4c494e47202020202020202020
        0000000000000000000000000000000000000000000000000000000000000000
        1000 0017 312e322e3834302e31303030382e332e312e312e31 0000
        2000 0014 03000000 3000 0004 312e3200 4000 0004 312e3320
        5000 0000
        """));

    assertEquals("CALLED", request.titles().calledAe());
    assertEquals("CALLING", request.titles().callingAe());
    assertEquals(Pdu.APPLICATION_CONTEXT, request.applicationContext());
    assertEquals(List.of(new Pdu.Proposed(3, "1.2", List.of("1.3"))), request.contexts());
  }

  @Test
  void itemsNobodyKnowsAreSkipped() {
    UserInformation user = UserInformationReader
        .read(Wire.hex("5100 0004 00004000  7700 0003 010203  5a00 0000  5200 0003 312e32"));

    assertEquals(16384, user.maxLength());
    assertEquals("1.2", user.implementationClass());
  }

  @Test
  void aPresentationContextIdIsOddAndThereOnce() {
    for (List<Pdu.Proposed> wrong : List.of(List.of(new Pdu.Proposed(2, "1.2", List.of())),
        List.of(new Pdu.Proposed(0, "1.2", List.of())),
        List.of(new Pdu.Proposed(1, "1.2", List.of()), new Pdu.Proposed(1, "1.3", List.of())))) {
      ByteBuf bytes = Wire.bytes(
          new Pdu.AssociateRq(Pdu.Titles.of("A", "B"), Pdu.APPLICATION_CONTEXT, wrong, Wire.user(0)));

      assertEquals(Pdu.Abort.INVALID_PARAMETER, assertThrows(PduException.class, () -> read(bytes)).reason);
    }
  }

  /** Cut off, or with one byte changed: an answer is a value or a {@link PduException}, never anything else. */
  @Test
  void damagedBytesAreNamedAsSuch() {
    ByteBuf whole = Wire
        .bytes(new Pdu.AssociateRq(Pdu.Titles.of("A", "B"), Pdu.APPLICATION_CONTEXT, contexts(3), Wire.everything()));
    long seed = Long.getLong("caregrid.test.seed", 20261121);
    Random random = new Random(seed);
    for (int length = 6; length < whole.readableBytes(); length++) {
      ByteBuf cut = whole.copy(0, length);
      readOrRefuse(cut, seed);
      for (int i = 0; i < 20; i++) {
        ByteBuf changed = whole.copy();
        changed.setByte(random.nextInt(6, length + 1), random.nextInt(256));
        readOrRefuse(changed, seed);
      }
    }
  }

  private static void readOrRefuse(ByteBuf bytes, long seed) {
    try {
      read(bytes);
    } catch (PduException refused) {
      // an answer too
    } catch (RuntimeException bug) {
      throw new AssertionError("caregrid.test.seed " + seed, bug);
    }
  }

  @Test
  void aMessageIsCutIntoEvenPiecesThatFitThePeer() {
    byte[] message = new byte[1001];
    ByteBuf out = io.netty.buffer.Unpooled.buffer();

    PduWriter.data(107, 1 << 20, 5, false, true, io.netty.buffer.Unpooled.wrappedBuffer(message), out);

    List<Integer> lengths = new ArrayList<>();
    List<Integer> controls = new ArrayList<>();
    while (out.isReadable()) {
      assertEquals(0x0400, out.readUnsignedShort());
      int length = out.readInt();
      assertEquals(length - 4, out.readInt());
      assertEquals(5, out.readUnsignedByte());
      controls.add((int) out.readByte());
      lengths.add(length - 6);
      out.skipBytes(length - 6);
    }
    assertEquals(1001, lengths.stream().mapToInt(Integer::intValue).sum());
    assertEquals(List.of(100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 1), lengths);
    assertEquals(List.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2), controls);
  }

  private static Pdu read(ByteBuf pdu) {
    int type = pdu.readUnsignedByte();
    pdu.skipBytes(5);
    return PduReader.read(type, pdu);
  }
}
