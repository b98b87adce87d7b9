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
      Frames frames = new Frames(1 << 20, new Budget(1 << 20), bytes, messages);
      frames.letIn(1 << 20);
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
    Frames frames = new Frames(1_000, new Budget(1 << 20), bytes, messages);
    frames.letIn(1_000);
    frames.append(Buffer.buffer(new byte[] {0x30, (byte) 0xE9}));
    assertNull(frames.poll());
    frames.append(Buffer.buffer(new byte[] {7}));
    Malformed refused = assertThrows(Malformed.class, frames::poll);
    assertEquals(Reason.TOO_LARGE, refused.reason);

    Frames endless = new Frames(1_000, new Budget(1 << 20), bytes, messages);
    endless.letIn(1_000);
    endless.append(Buffer.buffer(new byte[] {0x30, -1, -1, -1, -1, -1}));
    assertEquals(Reason.MALFORMED, assertThrows(Malformed.class, endless::poll).reason);
    assertEquals(0, bytes.taken());
  }

  @Test
  void whatThereIsNoMemoryForWaitsUntilThereIs() throws Malformed {
    Budget few = new Budget(10_000);
    Frames frames = new Frames(1 << 20, new Budget(1 << 20), few, messages);
    frames.letIn(1 << 20);
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
    Frames frames = new Frames(1_000, new Budget(1 << 20), bytes, one);
    frames.letIn(1_000);
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
  void whoIsNotLetInYetTakesNothingOfTheReadingsAndOnlyWhatHeHasSent() throws Malformed {
    Budget early = new Budget(200_000);
    Frames frames = new Frames(131_072, early, bytes, messages);
    byte[] hello = Device.packet(0x10, out -> out.write(new byte[130_000]));
    frames.append(Buffer.buffer(Arrays.copyOf(hello, 100)));
    assertNull(frames.poll());
    assertTrue(early.taken() < 4_000, "taken: " + early.taken());
    for (int at = 100; at < hello.length; at += 10_000) {
      assertNull(frames.poll());
      frames.append(Buffer.buffer(Arrays.copyOfRange(hello, at, Math.min(hello.length, at + 10_000))));
    }
    Frame whole = frames.poll();
    assertEquals(130_000, whole.body().length);
    assertEquals(0, bytes.taken());
    assertTrue(early.taken() >= 130_000 && early.taken() < 140_000, "taken: " + early.taken());
    whole.room().release();
    assertEquals(0, early.taken());
  }

  @Test
  void onlyConnectAndPublishMayBeLarge() {
    Frames frames = new Frames(1 << 20, new Budget(1), bytes, messages);
    frames.letIn(1 << 20);
    frames.append(Buffer.buffer(Device.packet(0x82, out -> out.write(new byte[70_000]))));
    assertEquals(Reason.TOO_LARGE, assertThrows(Malformed.class, frames::poll).reason);
    Frames wasteful = new Frames(1_000, new Budget(1), bytes, messages);
    wasteful.append(Buffer.buffer(new byte[] {0x30, (byte) 0x85, 0}));
    assertEquals(Reason.MALFORMED, assertThrows(Malformed.class, wasteful::poll).reason);
  }

  @Test
  void whatHasBegunAndDoesNotEndIsGivenBack() throws Malformed {
    Frames frames = new Frames(100_000, new Budget(1 << 20), bytes, messages);
    frames.letIn(100_000);
    frames.append(Buffer.buffer(publish(50_000)).slice(0, 9_000));
    assertNull(frames.poll());
    assertTrue(bytes.taken() > 50_000);
    assertFalse(frames.isWaiting());
    assertTrue(frames.isInside());

    frames.release();

    assertEquals(0, bytes.taken());
  }
}
