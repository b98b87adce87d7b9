package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Bodies larger than the node's memory, and clients that do not keep up. The node has {@link SmallNode#BYTES} bytes for everything. */
@Tag("full")
@ExtendWith(Engines.class)
class StreamingIT {
  private static final int ROWS = 65_535;
  private static final int FRAMES = 250;
  private static final long LARGE = (long) ROWS * Slices.COLUMNS * FRAMES;
  private static final int CLIENTS = 50;
  private static final int SLOW = 64;
  /** Of a picture of which the node renders one at a time, and not two. */
  private static final int SIDE = 2600;
  private static final String DEFLATED = "application/dicom; transfer-syntax=1.2.840.10008.1.2.1.99";
  private static final String RLE = "application/dicom; transfer-syntax=1.2.840.10008.1.2.5";
  private static final Duration PROMPTLY = Duration.ofSeconds(60);
  private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static SmallNode node;
  private static long stored;

  @BeforeAll
  static void open(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    node = SmallNode.start(postgres, folder);
    stored = checksum(large());
    HttpResponse<byte[]> answer = post(new SequenceInputStream(Collections.enumeration(List.of(
        text("--b\r\nContent-Type: application/dicom\r\n\r\n"), large(), text("\r\n--b--")))));
    assertEquals(200, answer.statusCode(), () -> Answers.text(answer));
    assertTrue(LARGE > 1.5 * SmallNode.BYTES, "larger than memory");
  }

  @AfterAll
  static void close() throws Exception {
    node.close();
  }

  private static InputStream text(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** One multi-frame, made while it is read. */
  private static InputStream large() {
    List<InputStream> pieces = new ArrayList<>();
    pieces.add(new ByteArrayInputStream(Slices.head(1, 1, ROWS, FRAMES)));
    byte[] frame = Slices.pixels(1, ROWS);
    for (int n = 0; n < FRAMES; n++) pieces.add(new ByteArrayInputStream(frame));
    return new SequenceInputStream(Collections.enumeration(pieces));
  }

  private static long checksum(InputStream in) throws IOException {
    CRC32C crc = new CRC32C();
    byte[] piece = new byte[1 << 16];
    for (int count = in.read(piece); count >= 0; count = in.read(piece)) crc.update(piece, 0, count);
    return crc.getValue();
  }

  private static HttpResponse<byte[]> post(InputStream body) throws Exception {
    return CLIENT.send(HttpRequest.newBuilder(URI.create(node.base() + "/studies"))
        .header("Content-Type", WebDoor.MULTIPART)
        .POST(BodyPublishers.ofInputStream(() -> body))
        .build(), BodyHandlers.ofByteArray());
  }

  private static HttpRequest request(String path, String accept) {
    return HttpRequest.newBuilder(URI.create(node.base() + path)).header("Accept", accept).timeout(PROMPTLY).build();
  }

  private static byte[] promptly(String path, String accept) throws Exception {
    HttpResponse<byte[]> answer = CLIENT.send(request(path, accept), BodyHandlers.ofByteArray());
    assertEquals(200, answer.statusCode(), () -> Answers.text(answer));
    return answer.body();
  }

  @Test
  void anInstanceLargerThanMemoryComesBackByteForByte() throws Exception {
    HttpResponse<InputStream> answer = CLIENT.send(request(Slices.path(1, 1), WebDoor.AS_KEPT),
        BodyHandlers.ofInputStream());

    assertEquals(stored, checksum(answer.body()));
  }

  @Test
  void aStudyLargerThanMemoryIsStoredInOneRequestAndStreamedOut() throws Exception {
    int instances = 500;
    List<InputStream> body = new ArrayList<>();
    byte[] pixels = Slices.pixels(2, 1 << 15);
    for (int n = 1; n <= instances; n++) {
      body.add(text("--b\r\nContent-Type: application/dicom\r\n\r\n"));
      body.add(new ByteArrayInputStream(Slices.head(2, n, 1 << 14, 2)));
      body.add(new ByteArrayInputStream(pixels));
      body.add(text("\r\n"));
    }
    body.add(text("--b--"));

    HttpResponse<byte[]> answer = post(new SequenceInputStream(Collections.enumeration(body)));
    long kept = size("/studies/" + Slices.study(2), WebDoor.ANY);
    long packed = size("/studies/" + Slices.study(2), WebDoor.ANY.replace("*", "1.2.840.10008.1.2.5"));

    assertEquals(200, answer.statusCode(), () -> Answers.text(answer));
    assertTrue(kept > SmallNode.BYTES * 1.5, () -> kept + " bytes");
    assertTrue(packed > SmallNode.BYTES * 1.5, () -> packed + " bytes of noise, which RLE does not make smaller");
  }

  private static long size(String path, String accept) throws Exception {
    HttpResponse<InputStream> answer = CLIENT.send(request(path, accept), BodyHandlers.ofInputStream());
    assertEquals(200, answer.statusCode());
    try (InputStream in = answer.body()) {
      return in.transferTo(OutputStream.nullOutputStream());
    }
  }

  @Test
  void clientsThatDoNotReadTakeNoMemoryAndStopNobody() throws Exception {
    List<RawClient> idle = new ArrayList<>();
    try {
      for (int n = 0; n < CLIENTS; n++) {
        idle.add(new RawClient(node.port).ask(Slices.path(1, 1), n % 2 == 0 ? WebDoor.AS_KEPT : DEFLATED));
        assertEquals(200, idle.get(n).status());
      }

      post(new ByteArrayInputStream(Slices.multipart("b", Slices.file(3, 1))));
      promptly(Slices.path(3, 1), RLE);
      promptly(Slices.path(3, 1) + "/rendered", "image/png");
      promptly(Slices.path(1, 1) + "/frames/" + FRAMES + "/rendered?viewport=16,16", "image/jpeg");
      promptly("/studies?PatientID=W-3", "application/dicom+json");
      assertTrue(node.isAlive());
    } finally {
      for (RawClient one : idle) one.vanish();
    }
  }

  /** As many as would take every thread, were there one for each. */
  @Test
  void slowReadersOfTranscodedPicturesLeaveTheOthersTheirs() throws Exception {
    List<RawClient> slow = new ArrayList<>();
    post(new ByteArrayInputStream(Slices.multipart("b", Slices.file(8, 1))));
    try {
      for (int n = 0; n < SLOW; n++)
        slow.add(new RawClient(node.port).ask(Slices.path(1, 1), n % 2 == 0 ? RLE : DEFLATED));
      for (RawClient one : slow) assertEquals(200, one.status());

      promptly(Slices.path(8, 1), RLE);
      promptly(Slices.path(8, 1), DEFLATED);
      for (RawClient one : slow) assertEquals(200_000, one.read(200_000).length, "they get on");
      assertTrue(node.isAlive());
    } finally {
      for (RawClient one : slow) one.vanish();
    }
  }

  @Test
  void manyRendersOfALargeFrameAtOnceAreMadeOrPutOff() throws Exception {
    post(
        new ByteArrayInputStream(Slices.multipart("b", Slices.file(Slices.wide(6, 1, SIDE, SIDE)), Slices.file(6, 2))));

    List<Integer> answers = atOnce(CLIENTS, Slices.path(6, 1) + "/rendered", "image/png", Slices.path(6, 2));

    assertTrue(answers.contains(200), () -> "none was made: " + answers);
  }

  @Test
  void metadataOfHugeNumberArraysAtOnceIsMadeOrPutOff() throws Exception {
    post(new ByteArrayInputStream(Slices.multipart("b", Slices.file(Slices.numbers(7, 1, 200)), Slices.file(7, 2))));

    List<Integer> answers = atOnce(CLIENTS, Slices.path(7, 1) + "/metadata", "application/dicom+json",
        Slices.path(7, 2));

    assertTrue(answers.contains(200), () -> "none was made: " + answers);
  }

  /** @return the status of each answer: 200, or 503 with Retry-After. Meanwhile what is small, at {@code other}, is answered */
  private static List<Integer> atOnce(int count, String path, String accept, String other) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(node.base() + path)).header("Accept", accept).build();
    List<CompletableFuture<HttpResponse<Void>>> asked = new ArrayList<>();
    for (int n = 0; n < count; n++) asked.add(CLIENT.sendAsync(request, BodyHandlers.discarding()));
    promptly(other + "/rendered", "image/png");
    promptly(other, WebDoor.AS_KEPT);
    List<Integer> answers = new ArrayList<>();
    for (CompletableFuture<HttpResponse<Void>> one : asked) {
      HttpResponse<Void> answer = one.get(5, TimeUnit.MINUTES);
      answers.add(answer.statusCode());
      assertEquals(answer.statusCode() == 503, answer.headers().firstValue("Retry-After").isPresent());
    }
    assertTrue(node.isAlive());
    assertTrue(Set.of(200, 503).containsAll(answers), () -> "answers " + answers);
    return answers;
  }

  @Test
  void clientsThatStopSendingStopNobody() throws Exception {
    List<RawClient> idle = new ArrayList<>();
    byte[] part = "--b\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    byte[] half = Arrays.copyOf(Slices.file(Slices.picture(4, 1, 6000, 1)), 80_000);
    try {
      for (int n = 0; n < 2 * CLIENTS; n++)
        idle.add(new RawClient(node.port).store(WebDoor.MULTIPART, 1 << 20).send(part).send(half));

      HttpResponse<byte[]> answer = post(new ByteArrayInputStream(Slices.multipart("b", Slices.file(5, 1))));

      assertEquals(200, answer.statusCode(), () -> Answers.text(answer));
      promptly(Slices.path(5, 1), WebDoor.AS_KEPT);
    } finally {
      for (RawClient one : idle) one.vanish();
    }
  }
}
