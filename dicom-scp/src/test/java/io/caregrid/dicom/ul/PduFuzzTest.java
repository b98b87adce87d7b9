package io.caregrid.dicom.ul;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bytes nobody meant as PDUs: they are read, or refused by {@link PduException}, and what was read can be written and read again. */
class PduFuzzTest {
  private static final int MAX_DATA = 4096;

  /** For Jazzer: the first byte says how the rest is cut. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 2) return;
    ByteBuf stream = Unpooled.wrappedBuffer(input, 1, input.length - 1);
    PduFramer framer = new PduFramer(MAX_DATA, new Checking());
    int most = 1 + (input[0] & 0xff);
    try {
      while (stream.isReadable()) framer.feed(stream.readSlice(Math.min(most, stream.readableBytes())));
    } catch (PduException refused) {
      // the answer to bytes that are no PDU
    } finally {
      framer.close();
    }
  }

  private static final class Checking implements PduFramer.Sink {
    @Override
    public void pdu(Pdu pdu) {
      ByteBuf again = Wire.bytes(pdu);
      int type = again.readUnsignedByte();
      again.skipBytes(5);
      assertEquals(pdu, PduReader.read(type, again));
    }

    @Override
    public void data() {}

    @Override
    public void fragment(int context, boolean command, boolean last, ByteBuf bytes) {
      if (bytes.readableBytes() > MAX_DATA) throw new AssertionError("more than one PDU may hold");
      bytes.release();
    }

    @Override
    public boolean isFull() {
      return false;
    }
  }

  @Test
  void damagedAssociationsAreReadOrRefused() {
    ByteBuf whole = Wire.bytes(new Pdu.AssociateRq(Wire.request().titles(), Pdu.APPLICATION_CONTEXT,
        Wire.request().contexts(), Wire.everything()));
    long seed = Long.getLong("caregrid.test.seed", 20261121);
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      byte[] input = new byte[whole.readableBytes() + 1];
      whole.getBytes(0, input, 1, input.length - 1);
      input[0] = (byte) random.nextInt();
      for (int change = random.nextInt(4); change >= 0; change--)
        input[1 + random.nextInt(input.length - 1)] = (byte) random.nextInt();
      try {
        fuzzerTestOneInput(input);
      } catch (RuntimeException | AssertionError bug) {
        throw new AssertionError("caregrid.test.seed " + seed, bug);
      }
    }
  }
}
