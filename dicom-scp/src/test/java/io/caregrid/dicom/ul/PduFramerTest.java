package io.caregrid.dicom.ul;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PduFramerTest {
  /** Puts pieces of a fragment together again, so that how a stream was cut can be compared away. */
  private static final class Collecting implements PduFramer.Sink {
    final List<String> events = new ArrayList<>();
    final StringBuilder fragment = new StringBuilder();
    int largest;
    boolean full;

    @Override
    public void pdu(Pdu pdu) {
      events.add(pdu.toString());
    }

    @Override
    public void data() {
      events.add("data");
    }

    @Override
    public void fragment(int context, boolean command, boolean last, ByteBuf bytes) {
      largest = Math.max(largest, bytes.readableBytes());
      fragment.append(ByteBufUtil.hexDump(bytes));
      if (last) {
        events.add(context + (command ? " command " : " data ") + fragment);
        fragment.setLength(0);
      }
      bytes.release();
    }

    @Override
    public boolean isFull() {
      return full;
    }
  }

  private static final String SEVERAL_PDVS = """
      0400 00000020
        00000006 01 01 aabbccdd
        00000002 01 03
        00000006 01 00 01020304
        00000002 01 02
      """;

  private static ByteBuf stream() {
    return Unpooled.wrappedBuffer(Wire.bytes(Wire.request()), Wire.hex(SEVERAL_PDVS),
        Wire.data(3, true, true, new byte[] {1, 2, 3}), Wire.data(3, false, true, new byte[300]),
        Wire.bytes(new Pdu.ReleaseRq())).copy();
  }

  @Test
  void howAStreamIsCutCannotBeSeen() {
    List<String> whole = events(stream(), Integer.MAX_VALUE, null);
    assertEquals(List.of("data", "1 command aabbccdd", "1 data 01020304", "data", "3 command 010203"),
        whole.subList(1, 6));

    assertEquals(whole, events(stream(), 1, null));
    for (long seed = 0; seed < 200; seed++) assertEquals(whole, events(stream(), 40, new Random(seed)), "seed " + seed);
  }

  private static List<String> events(ByteBuf stream, int most, Random random) {
    Collecting sink = new Collecting();
    PduFramer framer = new PduFramer(1024, sink);
    while (stream.isReadable()) {
      int length = Math.min(random == null ? most : random.nextInt(1, most), stream.readableBytes());
      framer.feed(stream.readSlice(length).copy());
    }
    framer.close();
    return sink.events;
  }

  @Test
  void aFullSinkLeavesTheRestWhereItIs() {
    Collecting sink = new Collecting();
    PduFramer framer = new PduFramer(1024, sink);
    ByteBuf stream = stream();
    sink.full = true;

    framer.feed(stream);
    assertEquals(0, stream.readerIndex());
    sink.full = false;
    framer.feed(stream);
    assertEquals(0, stream.readableBytes());
  }

  @Test
  void aDeclaredLengthIsNeverAllocated() {
    for (String header : List.of("0400 ffffffff", "0100 ffffffff", "0200 00110001", "0400 00000401"))
      assertEquals(Pdu.Abort.INVALID_PARAMETER, refusal(header).reason, header);

    Collecting sink = new Collecting();
    PduFramer framer = new PduFramer(1 << 20, sink);
    framer.feed(Wire.hex("0400 00100000 000ffffc 01 00 01020304"));
    assertEquals(4, sink.largest);
  }

  @Test
  void lengthsThatDoNotFitIntoEachOtherAreRefused() {
    for (String wrong : List.of("0400 00000006 00000003 01 00", "0400 00000006 00000001 01 00",
        "0400 0000000a 00000003 01 00 01 0000", "0400 00000000", "0400 00000005", "0500 00000000", "0500 00000003"))
      assertEquals(Pdu.Abort.INVALID_PARAMETER, refusal(wrong).reason, wrong);
  }

  @Test
  void anotherProtocolIsRecognizedByItsFirstByte() {
    for (String first : List.of("47", "16", "80", "00", "08", "ff"))
      assertEquals(Pdu.Abort.UNRECOGNIZED_PDU, refusal(first).reason);
  }

  @Test
  void aFewBytesDoNotKeepAWholeReadInMemory() {
    ByteBuf read = Unpooled.buffer(65_536);
    read.writeBytes(Wire.data(1, false, false, new byte[100]));
    List<ByteBuf> kept = new ArrayList<>();
    PduFramer framer = new PduFramer(1024, new PduFramer.Sink() {
      @Override
      public void pdu(Pdu pdu) {}

      @Override
      public void data() {}

      @Override
      public void fragment(int context, boolean command, boolean last, ByteBuf bytes) {
        kept.add(bytes);
      }

      @Override
      public boolean isFull() {
        return false;
      }
    });

    framer.feed(read);
    read.release();

    assertEquals(0, read.refCnt());
    assertTrue(kept.get(0).capacity() <= 256);
    kept.get(0).release();
  }

  private static PduException refusal(String hex) {
    return assertThrows(PduException.class, () -> new PduFramer(1024, new Collecting()).feed(Wire.hex(hex)));
  }
}
