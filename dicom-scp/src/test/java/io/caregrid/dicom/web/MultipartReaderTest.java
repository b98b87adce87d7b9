package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MultipartReaderTest {
  /** Writes down what the reader finds. */
  private static final class Notes implements MultipartReader.Parts {
    final List<Map<String, String>> heads = new ArrayList<>();
    final List<String> bodies = new ArrayList<>();
    private ByteArrayOutputStream open;

    @Override
    public void begin(Map<String, String> headers) {
      assertTrue(open == null, "the part before has ended");
      heads.add(headers);
      open = new ByteArrayOutputStream();
    }

    @Override
    public void data(ByteBuf bytes) {
      open.writeBytes(ByteBufUtil.getBytes(bytes));
      bytes.release();
    }

    @Override
    public void end() {
      bodies.add(open.toString(StandardCharsets.ISO_8859_1));
      open = null;
    }
  }

  private static Notes read(String boundary, byte[] body, int... cuts) {
    Notes notes = new Notes();
    MultipartReader reader = new MultipartReader(boundary, notes);
    int from = 0;
    for (int cut : cuts) {
      reader.feed(Unpooled.wrappedBuffer(body, from, cut - from));
      from = cut;
    }
    reader.feed(Unpooled.wrappedBuffer(body, from, body.length - from));
    reader.finish();
    return notes;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static final String TRICKY = "pre\r\n--B\r\nContent-Type: application/dicom\r\nX: a\r\n b\r\n\r\n"
      + "one\r\n--Bx\r\n--\r\n-\r--B\r\r\n\r\n--B \t\r\n\r\n\r\n--B-\r\n--B-x\r\n--B \rx\r\n--B--\r\n--B\r\n\r\nepilogue";

  @Test
  void splittingAtAnyByteChangesNothing() {
    byte[] body = bytes(TRICKY);
    Notes whole = read("B", body);

    assertEquals(List.of("one\r\n--Bx\r\n--\r\n-\r--B\r\r\n", "\r\n--B-\r\n--B-x\r\n--B \rx"), whole.bodies);
    assertEquals(Map.of("content-type", "application/dicom", "x", "a b"), whole.heads.get(0));
    for (int one = 0; one <= body.length; one++) {
      for (int two = one; two <= body.length; two++) {
        Notes cut = read("B", body, one, two);
        assertEquals(whole.bodies, cut.bodies, "cut at " + one + " and " + two);
        assertEquals(whole.heads, cut.heads, "cut at " + one + " and " + two);
      }
    }
  }

  @Test
  void oneByteAtATimeIsTheSame() {
    byte[] body = bytes(TRICKY);
    int[] everywhere = java.util.stream.IntStream.range(0, body.length).toArray();

    assertEquals(read("B", body).bodies, read("B", body, everywhere).bodies);
  }

  @Test
  void everyTruncationIsNotASuccess() {
    byte[] body = bytes("--B\r\n\r\none\r\n--B\r\nA: b\r\n\r\ntwo\r\n--B--");

    read("B", body);
    for (int length = 0; length < body.length; length++) {
      byte[] short_ = Arrays.copyOf(body, length);
      assertThrows(Failure.Invalid.class, () -> read("B", short_), "after " + length);
    }
  }

  @Test
  void randomBytesInRandomPiecesComeOutAsTheyWentIn() {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      byte[][] parts = new byte[1 + random.nextInt(4)][];
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      for (int part = 0; part < parts.length; part++) {
        parts[part] = new byte[random.nextInt(200)];
        for (int at = 0; at < parts[part].length; at++) parts[part][at] = (byte) "\r\n-qQ z".charAt(random.nextInt(7));
        body.writeBytes(bytes("--qQz\r\n\r\n"));
        body.writeBytes(parts[part]);
        body.writeBytes(bytes("\r\n"));
      }
      body.writeBytes(bytes("--qQz--\r\n"));
      if (Arrays.stream(parts).anyMatch(part -> holdsDelimiter(part))) continue;
      int[] cuts = random.ints(5, 0, body.size()).sorted().toArray();

      List<String> found = read("qQz", body.toByteArray(), cuts).bodies;

      assertEquals(Arrays.stream(parts).map(part -> new String(part, StandardCharsets.ISO_8859_1)).toList(), found,
          "caregrid.test.seed " + seed);
    }
  }

  private static boolean holdsDelimiter(byte[] part) {
    return ("\r\n" + new String(part, StandardCharsets.ISO_8859_1)).contains("\r\n--qQz");
  }

  @Test
  void aLargePartIsHandedOnAtOnceAndNeverCollected() {
    int[] seen = new int[1];
    MultipartReader reader = new MultipartReader("B", new MultipartReader.Parts() {
      @Override
      public void begin(Map<String, String> headers) {}

      @Override
      public void data(ByteBuf bytes) {
        seen[0] += bytes.readableBytes();
        bytes.release();
      }

      @Override
      public void end() {}
    });
    reader.feed(Unpooled.wrappedBuffer(bytes("--B\r\n\r\n")));
    byte[] piece = new byte[64 << 10];
    for (int n = 1; n <= 100; n++) {
      reader.feed(Unpooled.wrappedBuffer(piece));
      assertEquals(n * piece.length, seen[0]);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "ends with blank ", "line\nbreak"})
  void whatIsNoBoundaryIsRefused(String boundary) {
    assertThrows(Failure.Invalid.class, () -> new MultipartReader(boundary, new Notes()));
  }

  @Test
  void boundariesMayBeLongerThanTheStandardSaysForOrthancsAre() {
    String long_ = "7ff88f21-857c-47ec-924f-f31bba63b66b-7ff88f21-857c-47ec-924f-f31bba63b66b";

    assertEquals(List.of("x"), read(long_, bytes("--" + long_ + "\r\n\r\nx\r\n--" + long_ + "--")).bodies);
    assertThrows(Failure.Invalid.class, () -> new MultipartReader("x".repeat(201), new Notes()));
  }

  @Test
  void boundariesMayHoldBlanksAndPunctuation() {
    assertEquals(List.of("x"),
        read("q q'()+_,-./:=?", bytes("--q q'()+_,-./:=?\r\n\r\nx\r\n--q q'()+_,-./:=?--")).bodies);
  }

  @Test
  void aHeadWithoutEndIsRefusedBeforeItFillsMemory() {
    MultipartReader reader = new MultipartReader("B", new Notes());
    reader.feed(Unpooled.wrappedBuffer(bytes("--B\r\n")));

    Failure refused = assertThrows(Failure.Invalid.class,
        () -> reader.feed(Unpooled.wrappedBuffer(new byte[MultipartReader.HEAD_BYTES])));
    assertTrue(refused.getMessage().contains("part 1"), refused.getMessage());
  }

  @Test
  void aHeaderWithoutColonIsRefusedByItsPart() {
    Failure refused = assertThrows(Failure.Invalid.class,
        () -> read("B", bytes("--B\r\nno colon here\r\n\r\nx\r\n--B--")));
    assertEquals("a header of part 1 has no colon", refused.getMessage());
  }

  @Test
  void allByteValuesPass() {
    byte[] all = new byte[256];
    for (int n = 0; n < all.length; n++) all[n] = (byte) n;
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(bytes("--B\r\n\r\n"));
    body.writeBytes(all);
    body.writeBytes(bytes("\r\n--B--"));

    assertArrayEquals(all, bytes(read("B", body.toByteArray()).bodies.get(0)));
  }
}
