package io.caregrid.ingest.hl7;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.ingest.Budget;
import io.caregrid.ingest.hl7.MllpFrames.Fault;
import io.caregrid.ingest.hl7.MllpFrames.Frame;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MllpFramesTest {
  private static final int MOST = 20_000;
  private final Budget budget = new Budget(50_000);

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String text(Frame frame) {
    return new String(frame.bytes(), StandardCharsets.ISO_8859_1);
  }

  private List<String> read(MllpFrames frames, byte[] sent, int piece) {
    List<String> read = new ArrayList<>();
    for (int from = 0; from < sent.length; from += piece) {
      frames.append(Buffer.buffer(java.util.Arrays.copyOfRange(sent, from, Math.min(sent.length, from + piece))));
      for (Frame frame = frames.poll(); frame != null; frame = frames.poll()) {
        assertEquals(Fault.NONE, frame.fault());
        read.add(text(frame));
        frames.release();
      }
    }
    return read;
  }

  @Test
  void messagesAreFoundInWhateverPiecesTheyCome() {
    byte[] sent = bytes(
        "\r\nnoise\u001c\r\u000bMSH|1\r\u001c\r\u000bMSH|a\u001cb\u000bc\r\u001c\u001c\r\r\r\u000b\u001c\r\u000bMSH|\u00e9\r\u001c\r");
    for (int piece = 1; piece <= sent.length; piece++)
      assertEquals(List.of("MSH|1\r", "MSH|a\u001cb\u000bc\r\u001c", "", "MSH|\u00e9\r"),
          read(new MllpFrames(MOST, budget), sent, piece), "in pieces of " + piece);
    assertEquals(0, budget.taken());
  }

  @Test
  void aMessageThatBeginsAnewReplacesWhatItsSenderGaveUp() {
    byte[] sent = bytes("\u000bMSH|half\r\u000bMSH|whole\r\u001c\r");

    for (int piece = 1; piece <= sent.length; piece++)
      assertEquals(List.of("MSH|whole\r"), read(new MllpFrames(MOST, budget), sent, piece));
  }

  @Test
  void ofAFrameThatIsTooLargeOnlyTheBeginningIsKeptAndTheNextOneIsRead() {
    MllpFrames frames = new MllpFrames(MOST, budget);
    frames.append(Buffer.buffer("\u000bMSH|large"));
    assertNull(frames.poll());
    for (int n = 0; n < 10; n++) {
      frames.append(Buffer.buffer("x".repeat(9_000)));
      assertNull(frames.poll());
    }
    assertEquals(0, budget.taken(), "what is thrown away takes no memory");
    frames.append(Buffer.buffer("\u001c\r\u000bMSH|small\u001c\r"));

    Frame large = frames.poll();

    assertEquals(Fault.TOO_LARGE, large.fault());
    assertEquals(8_192, large.bytes().length);
    assertTrue(text(large).startsWith("MSH|largex"));
    assertEquals("MSH|small", text(frames.poll()));
  }

  @Test
  void aFrameForWhichThereIsNoMemoryIsReadToItsEndAndSaysSo() {
    MllpFrames other = new MllpFrames(60_000, budget);
    other.append(Buffer.buffer("\u000b" + "x".repeat(45_000)));
    assertNull(other.poll());
    MllpFrames frames = new MllpFrames(MOST, budget);
    frames.append(Buffer.buffer("\u000bMSH|" + "y".repeat(10_000) + "\u001c\r"));

    Frame crowded = frames.poll();

    assertEquals(Fault.CROWDED, crowded.fault());
    assertTrue(text(crowded).startsWith("MSH|yy"));
    assertEquals(45_000, budget.taken());
    other.release();
    frames.append(Buffer.buffer("\u000bMSH|" + "y".repeat(10_000) + "\u001c\r"));
    assertEquals(Fault.NONE, frames.poll().fault());
  }

  @Test
  void whoSendsNoFramesIsNoticed() {
    MllpFrames frames = new MllpFrames(MOST, budget);
    frames.append(Buffer.buffer("GET / HTTP/1.1\r\n".repeat(4_096)));
    assertNull(frames.poll());
    assertFalse(frames.isNoise());
    frames.append(Buffer.buffer("x"));
    assertNull(frames.poll());
    assertTrue(frames.isNoise());
    assertFalse(frames.isInside());
  }
}
