package io.caregrid.ingest.mqtt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.ingest.Budget;
import io.caregrid.ingest.mqtt.Frames.Frame;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FramesTest {
  private final Budget bytes = new Budget(1 << 20);
  private final Budget messages = new Budget(10);

  private static byte[] publish(int length) {
    return Device.packet(0x30, out -> out.write(new byte[length]));
  }

  @Test
  void packetsAreFoundInWhateverPiecesTheyCome() throws Malformed {
    byte[] sent = Device.joined(publish(5), new byte[] {(byte) 0xC0, 0}, publish(0), publish(200), publish(20_000),
        new byte[] {0x62, 2, 0, 1});
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      Frames frames = new Frames(1 << 20, bytes, messages);
      List<Integer> lengths = new ArrayList<>();
      for (int at = 0; at < sent.length;) {
        int to = Math.min(sent.length, at + 1 + random.nextInt(seed < 25 ? 7 : 9_000));
        frames.append(Buffer.buffer(Arrays.copyOfRange(sent, at, to)));
        at = to;
        for (Frame frame = frames.poll(); frame != null; frame = frames.poll()) {
          lengths.add(frame.body().length);
          frame.room().release();
        }
      }
      assertEquals(List.of(5, 0, 0, 200, 20_000, 2), lengths, "seed " + seed);
      assertFalse(frames.isInside());
    }
    assertEquals(0, bytes.taken());
    assertEquals(0, messages.taken());
  }

  @Test
  void aLengthAloneIsEnoughToRefuseAPacket() throws Malformed {
    Frames frames = new Frames(1_000, bytes, messages);
    frames.append(Buffer.buffer(new byte[] {0x30, (byte) 0xE9}));
    assertNull(frames.poll());
    frames.append(Buffer.buffer(new byte[] {7}));
    Malformed refused = assertThrows(Malformed.class, frames::poll);
    assertEquals(Reason.TOO_LARGE, refused.reason);

    Frames endless = new Frames(1_000, bytes, messages);
    endless.append(Buffer.buffer(new byte[] {0x30, -1, -1, -1, -1, -1}));
    assertEquals(Reason.MALFORMED, assertThrows(Malformed.class, endless::poll).reason);
    assertEquals(0, bytes.taken());
  }

  @Test
  void whatThereIsNoMemoryForWaitsUntilThereIs() throws Malformed {
    Budget few = new Budget(10_000);
    Frames frames = new Frames(1 << 20, few, messages);
    frames.append(Buffer.buffer(publish(2_000)).appendBytes(publish(2_000)));
    Frame first = frames.poll();
    assertNull(frames.poll());
    assertTrue(frames.isWaiting());

    first.room().release();

    assertArrayEquals(new byte[2_000], frames.poll().body());
    frames.release();
  }

  @Test
  void aNodesMessagesAreCountedToo() throws Malformed {
    Budget one = new Budget(1);
    Frames frames = new Frames(1_000, bytes, one);
    frames.append(Buffer.buffer(publish(1)).appendBytes(publish(1)).appendBytes(new byte[] {(byte) 0xC0, 0}));
    Frame first = frames.poll();
    assertNull(frames.poll());
    assertTrue(frames.isWaiting());
    first.room().release();
    first.room().release();
    frames.poll().room().release();
    assertEquals(0xC0, frames.poll().first());
    assertEquals(0, bytes.taken());
    assertEquals(0, one.taken());
  }

  @Test
  void whatHasBegunAndDoesNotEndIsGivenBack() throws Malformed {
    Frames frames = new Frames(100_000, bytes, messages);
    frames.append(Buffer.buffer(publish(50_000)).slice(0, 9_000));
    assertNull(frames.poll());
    assertTrue(bytes.taken() > 50_000);
    assertFalse(frames.isWaiting());
    assertTrue(frames.isInside());

    frames.release();

    assertEquals(0, bytes.taken());
  }
}
