package io.caregrid.ingest.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileLoadTest {
  private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  @TempDir
  Path folder;
  private FhirPeer peer;

  @BeforeEach
  void open() throws IOException {
    peer = new FhirPeer();
  }

  @AfterEach
  void close() {
    peer.close();
  }

  @Test
  void linesThatAreNotTakenStandBesideTheFileWithTheirReasons() throws Exception {
    Path file = write("p.ndjson",
        "\uFEFF" + patient("a") + "\n\n{\"resourceType\":\"Patient\",\"id\":\"b\",\"bad\":true}\nnot json\n"
            + "{\"id\":\"x\"}\n" + patient("c") + "\r\n" + patient("d"));

    FileLoad.Report report = load(file, 2);

    assertEquals(new FileLoad.Report(3, 3), report);
    assertEquals(List.of("Patient/a", "Patient/c", "Patient/d"), peer.kept.keySet().stream().sorted().toList());
    List<String> reasons = Files.readAllLines(beside(file, ".rejected"));
    assertEquals("{\"line\":3,\"status\":422,\"why\":\"it is bad (Patient.bad)\",\"kept\":true}", reasons.get(0));
    assertTrue(reasons.get(1).contains("\"line\":4,\"status\":0,\"why\":\"it is no JSON"), reasons.get(1));
    assertTrue(reasons.get(2).contains("it has no resourceType"), reasons.get(2));
    assertEquals(List.of("{\"resourceType\":\"Patient\",\"id\":\"b\",\"bad\":true}", "not json", "{\"id\":\"x\"}"),
        Files.readAllLines(beside(file, ".rejected.ndjson")));
    assertEquals(report, load(file, 2), "nothing more to do");
    assertEquals(2, peer.bodies.size());
    FileLoad.forget(file);
    assertFalse(Files.exists(beside(file, ".progress")));
  }

  @Test
  void whatWasStoppedGoesOnBehindTheLastBatchThatWasAnsweredFor() throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 10; i++) lines.append(i == 1 ? "nothing" : patient("p" + i)).append('\n');
    for (String name : List.of("p.ndjson", "q.ndjson.gz")) {
      Path file = write(name, lines.toString());
      peer.bodies.clear();

      assertThrows(FileLoad.Stopped.class, () -> new FileLoad(file, target(), 4, 0, (so, at) -> false).run());
      FileLoad.Report report = load(file, 4);

      assertEquals(new FileLoad.Report(9, 1), report);
      assertEquals(List.of(3, 4, 2), peer.batches(), "the bad line counts");
      assertEquals(1, Files.readAllLines(beside(file, ".rejected")).size());
    }
  }

  @Test
  void rejectsThatNobodyNotedAreWrittenOnce() throws Exception {
    Path file = write("p.ndjson", "nothing\n" + patient("a") + "\n");
    Place.start(file, target().name()).keep(file);
    Files.writeString(beside(file, ".rejected"), "of a load that was killed before it noted this\n");

    load(file, 10);

    assertEquals(1, Files.readAllLines(beside(file, ".rejected")).size());
  }

  @Test
  void aProcessThatIsKilledHasSentAtMostOneBatchTwice() throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 400; i++) lines.append(patient("p" + i)).append('\n');
    Path file = write("p.ndjson", lines.toString());
    CountDownLatch killed = new CountDownLatch(1);
    peer.before = () -> {
      if (peer.bodies.size() == 7) await(killed);
    };
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
        System.getProperty("java.class.path"), KilledLoad.class.getName(), file.toString(), peer.base().toString())
        .inheritIO()
        .start();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (peer.bodies.size() < 7 && System.nanoTime() < deadline)
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    process.destroyForcibly().waitFor(60, TimeUnit.SECONDS);
    killed.countDown();
    int before = peer.bodies.size();
    assertTrue(before >= 7 && peer.kept.size() < 400, "killed in the middle: " + before);

    FileLoad.Report report = load(file, KilledLoad.BATCH);

    assertEquals(new FileLoad.Report(400, 0), report);
    assertEquals(400, peer.kept.size());
    int all = 400 / KilledLoad.BATCH;
    assertTrue(peer.bodies.size() <= all + 2,
        "one is answered twice, one more may have been under way: " + peer.bodies.size());
  }

  @Test
  void aTransactionIsSentAsItIs() throws Exception {
    String bundle = "{ \"resourceType\":\"Bundle\", \"type\":\"transaction\",\n \"entry\":[{\"fullUrl\":\"urn:uuid:1\",\"resource\":"
        + patient("a") + ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}]}";
    Path file = write("b.json", bundle);

    assertEquals(new FileLoad.Report(1, 0), load(file, 10));

    assertArrayEquals(bundle.getBytes(StandardCharsets.UTF_8), peer.bodies.get(0));
  }

  @Test
  void aBundleThatAddsIsNotSentTwiceWhenNobodyKnowsWhetherItArrived() throws Exception {
    Path file = write("b.json",
        "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":" + patient("a")
            + ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}]}");
    Place.start(file, target().name()).doubted().keep(file);

    assertEquals(new FileLoad.Report(0, 1), load(file, 10));

    assertEquals(List.of(), peer.bodies);
    assertTrue(Files.readString(beside(file, ".rejected")).contains("under way"));
  }

  @Test
  void aBundleThatAddsAndWasLostOnItsWayIsNotSentTwice() throws Exception {
    Path file = write("b.json",
        "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":" + patient("a")
            + ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}]}");
    peer.next.addAll(List.of(503, 504));

    assertThrows(Away.class, () -> load(file, 10));

    assertEquals(new FileLoad.Report(0, 1), load(file, 10));
    assertEquals(List.of(), peer.bodies);
  }

  @Test
  void aResourceThatBreaksTheServerIsTheOnlyOneRejected() throws Exception {
    Path file = write("p.ndjson", patient("a") + "\n" + patient("b") + "\n");
    peer.next.addAll(List.of(500, 500));

    assertEquals(new FileLoad.Report(1, 1), load(file, 10));
  }

  @Test
  void aBundleOfAnotherKindIsRefused() throws Exception {
    Path file = write("b.json", "{\"resourceType\":\"Bundle\",\"type\":\"collection\"}");

    assertEquals(new FileLoad.Report(0, 1), load(file, 10));
  }

  @Test
  void aResourceWithoutAnIdGetsTheSameOneEachTime() throws Exception {
    Path file = write("p.ndjson", " {\"resourceType\":\"Patient\",\"active\":true}\n");

    load(file, 10);
    String first = peer.kept.keySet().iterator().next();
    FileLoad.forget(file);
    load(file, 10);

    assertEquals(1, peer.kept.size());
    assertEquals(first, "Patient/" + peer.kept.get(first).path("id").asText());
  }

  @Test
  void aServerThatIsBusyIsAskedAgainWhenItSays() throws Exception {
    peer.next.addAll(List.of(429, 503));
    peer.busyOnce.add("Patient/b");
    Path file = write("p.ndjson", patient("a") + "\n" + patient("b") + "\n");
    long from = System.nanoTime();

    assertEquals(new FileLoad.Report(2, 0), load(file, 10));

    assertTrue(System.nanoTime() - from >= 1_000_000_000L, "Retry-After: 1");
    assertEquals(List.of(2, 1), peer.batches());
  }

  @Test
  void aServerThatStaysAwayEndsTheLoadWhereItIs() throws Exception {
    Path file = write("p.ndjson", patient("a") + "\n" + patient("b") + "\n");
    peer.next.addAll(List.of(403, 403));

    assertThrows(Away.class, () -> load(file, 1), "an empty batch gets the same");

    assertEquals(new FileLoad.Report(2, 0), load(file, 1));
  }

  @Test
  void aBatchThatIsTooLargeIsHalved() throws Exception {
    peer.most = 3;
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 10; i++) lines.append(patient("p" + i)).append('\n');

    assertEquals(new FileLoad.Report(10, 0), load(write("p.ndjson", lines.toString()), 10));
  }

  @Test
  void oneResourceTwiceInAFileIsSentInItsOrder() throws Exception {
    Path file = write("p.ndjson", patient("a") + "\n{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":true}\n");

    load(file, 10);

    assertEquals(List.of(1, 1), peer.batches());
    assertTrue(peer.kept.get("Patient/a").path("active").asBoolean());
  }

  @Test
  void aZipsEntriesAreLoadedOneByOne() throws Exception {
    Path file = zip("all.zip", "ndjson/Patient.ndjson", patient("a") + "\n" + patient("b") + "\n", "c.json",
        patient("c"),
        "README.txt", "no resources");

    assertEquals(new FileLoad.Report(3, 0), load(file, 10));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../etc/p.ndjson", "/etc/p.ndjson", "..\\p.ndjson", "C:\\p.ndjson", "a/../../p.ndjson",
    "inner.zip"})
  void aZipThatMeansNoGoodIsRefusedWhole(String name) throws Exception {
    Path file = zip("bad.zip", "good.ndjson", patient("a") + "\n", name, patient("b"));

    assertThrows(Refused.class, () -> load(file, 10));

    assertEquals(List.of(), peer.bodies);
  }

  @Test
  void aBombIsRefused() throws Exception {
    Path file = folder.resolve("bomb.ndjson.gz");
    byte[] blank = new byte[1 << 20];
    java.util.Arrays.fill(blank, (byte) ' ');
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < 200; i++) out.write(blank);
    }

    assertThrows(Refused.class, () -> load(file, 10));
  }

  @Test
  void aFileThatIsNoneIsRefused() throws Exception {
    for (String name : List.of("p.txt", "p.zip")) {
      Path file = folder.resolve(name);
      Files.writeString(file, "x");
      assertThrows(Refused.class, () -> load(file, 10));
    }
  }

  @Test
  void aTokenIsAskedForAndAskedForAnewWhenItIsNotTakenAnyMore() throws Exception {
    Credentials credentials = Credentials.client(HTTP, peer.tokens(), "me", "secret", "system/*.cu", null);
    peer.next.add(401);
    Target target = new Target(peer.base(), HTTP, credentials, Duration.ofMinutes(1));

    new FileLoad(write("p.ndjson", patient("a") + "\n"), target, 10, 0, (so, at) -> true).run();

    assertEquals(List.of("Bearer t0", "Bearer t1"), peer.authorizations);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(120, TimeUnit.SECONDS));
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {403, 404, 405})
  void aBundleThatIsNotLikedIsRejectedAndTheFileGoesOn(int status) throws Exception {
    peer.refused.put("firewall", status);
    Path file = write("p.ndjson", transaction("\"firewall\"") + "\n" + patient("a") + "\n");

    assertEquals(new FileLoad.Report(1, 1), load(file, 10));

    assertTrue(Files.readString(beside(file, ".rejected")).contains("\"status\":" + status));
  }

  @Test
  void badLinesAreNotKeptUntilAGoodOneComes() throws Exception {
    Path file = write("p.ndjson", "nothing\n".repeat(1000));
    List<Long> rejected = new ArrayList<>();

    new FileLoad(file, target(), 10, 0, (so, at) -> rejected.add(so.rejected())).run();

    assertEquals(100, rejected.size());
    assertEquals(List.of(10L, 20L), rejected.subList(0, 2));
  }

  @Test
  void linesThatAreLongAndBadAreNotKeptUntilThereAreManyOfThem() throws Exception {
    Path file = write("p.ndjson", ("x".repeat(3 << 20) + "\n").repeat(4));
    List<Long> rejected = new ArrayList<>();

    new FileLoad(file, target(), 200, 0, (so, at) -> rejected.add(so.rejected())).run();

    assertEquals(List.of(1L, 2L, 3L, 4L), rejected);
  }

  @Test
  void aFileThatGrowsWhileItIsLoadedIsNotDone() throws Exception {
    Path file = write("p.ndjson", patient("a") + "\n");
    peer.before = () -> append(file, patient("b") + "\n");

    assertThrows(FileLoad.Changed.class, () -> load(file, 10));

    peer.before = () -> {};
    assertEquals(new FileLoad.Report(2, 0), load(file, 10));
    assertEquals(List.of("Patient/a", "Patient/b"), peer.kept.keySet().stream().sorted().toList());
  }

  @Test
  void aFileThatIsCutOffBecauseItIsStillWrittenIsNotDamaged() throws Exception {
    Path whole = write("whole.ndjson.gz", (patient("a") + "\n").repeat(2) + "nothing\n".repeat(50));
    byte[] bytes = Files.readAllBytes(whole);
    Path file = Files.write(folder.resolve("p.ndjson.gz"), java.util.Arrays.copyOf(bytes, bytes.length - 4));
    FileLoad load = new FileLoad(file, target(), 1, 0, (so, at) -> {
      append(file, "x");
      return true;
    });

    assertThrows(FileLoad.Changed.class, load::run);
  }

  private static void append(Path file, String text) {
    try {
      Files.writeString(file, text, StandardOpenOption.APPEND);
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
  }

  @Test
  void noLinkThatLiesBesideAFileIsFollowed() throws Exception {
    for (String name : List.of(".progress.new", ".progress", ".rejected", ".rejected.ndjson")) {
      Path ours = Files.writeString(folder.resolve("ours"), "not for whoever writes into the folder");
      Path file = write("p" + name.replace('.', '-') + ".ndjson", patient("a") + "\nnothing\n");
      Files.createSymbolicLink(beside(file, name), ours);

      assertEquals(new FileLoad.Report(1, 1), load(file, 10), name);

      assertEquals("not for whoever writes into the folder", Files.readString(ours), name);
    }
  }

  @Test
  void aLinkIsNoFile() throws Exception {
    Path file = write("p.ndjson", patient("a") + "\n");
    Path link = Files.createSymbolicLink(folder.resolve("q.ndjson"), file);

    assertThrows(Refused.class, () -> load(link, 10));

    assertEquals(List.of(), peer.bodies);
  }

  @Test
  void aPlaceThatCannotBeReadIsNone() throws Exception {
    for (String kept : List.of("null", "{}", "half of")) {
      Path file = write("p.ndjson", patient("a") + "\n");
      Files.writeString(beside(file, ".progress"), kept);

      assertEquals(new FileLoad.Report(1, 0), load(file, 10));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"<html>Sign in</html>", "{}", "{\"resourceType\":\"OperationOutcome\"}", ""})
  void aPageThatIsNoAnswerLoadsNothing(String page) throws Exception {
    peer.says = page;
    Path lines = write("p.ndjson", patient("a") + "\n");
    Path bundle = write("b.json", transaction("\"x\""));

    assertThrows(Away.class, () -> load(lines, 10));
    assertThrows(Away.class, () -> load(bundle, 10));

    peer.says = null;
    assertEquals(new FileLoad.Report(1, 0), load(lines, 10));
    assertEquals(new FileLoad.Report(0, 1), load(bundle, 10), "nobody knows whether it arrived");
  }

  @Test
  void anAnswerForFewerEntriesThanWereSentIsNone() throws Exception {
    peer.says = "{\"resourceType\":\"Bundle\",\"type\":\"transaction-response\"}";

    assertEquals(new FileLoad.Report(0, 1), load(write("b.json", transaction("\"x\"")), 10));
  }

  @Test
  void anAnswerThatDoesNotEndIsAskedForAgainAndNothingIsLost() throws Exception {
    Path lines = write("p.ndjson", patient("a") + "\n" + patient("b") + "\n" + patient("c") + "\n");
    Path bundle = write("b.json", transaction("\"x\""));
    peer.dribbles.set(1);

    assertEquals(new FileLoad.Report(3, 0), new FileLoad(lines, hasty(), 2, 0, (so, at) -> true).run());
    assertEquals(Set.of("Patient/a", "Patient/b", "Patient/c"), peer.kept.keySet());

    peer.dribbles.set(1);
    assertThrows(Away.class, () -> new FileLoad(bundle, hasty(), 2, 0, (so, at) -> true).run());
    assertEquals(new FileLoad.Report(0, 1), load(bundle, 2), "it may have arrived");
  }

  private Target hasty() {
    return new Target(peer.base(), HTTP, Credentials.NONE, Duration.ofMinutes(2), Duration.ofMillis(400), 1 << 20);
  }

  @Test
  void aPatchIsNotSentTwice() throws Exception {
    Path file = write("b.json", "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":{},"
        + "\"request\":{\"method\":\"PATCH\",\"url\":\"Patient/a\"}}]}");
    peer.next.add(504);

    assertThrows(Away.class, () -> load(file, 10));

    assertEquals(new FileLoad.Report(0, 1), load(file, 10));
  }

  @Test
  void aBundleThatWasNotSentForWantOfATokenIsSentWhenThereIsOne() throws Exception {
    Path file = write("b.json", transaction("\"x\""));
    List<String> asked = new ArrayList<>();
    Credentials credentials = fresh -> {
      asked.add("once");
      if (asked.size() == 1) throw new IOException("the line broke");
      return "t";
    };

    assertEquals(new FileLoad.Report(1, 0), new FileLoad(file,
        new Target(peer.base(), HTTP, credentials, Duration.ofMinutes(1)), 10, 0, (so, at) -> true).run());
  }

  @Test
  void nothingIsNotedForWhoDoesNotHoldTheFileAnyMore() throws Exception {
    Path file = write("p.ndjson", patient("a") + "\n");
    FileLoad.Watch another = new FileLoad.Watch() {
      @Override
      public boolean at(FileLoad.Report report, long bytes) {
        return true;
      }

      @Override
      public boolean isOurs() {
        return false;
      }
    };

    assertThrows(FileLoad.Stopped.class, () -> new FileLoad(file, target(), 10, 0, another).run());

    assertFalse(Files.exists(beside(file, ".progress")));
  }

  @Test
  void aPaceIsKept() throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 20; i++) lines.append(patient("p" + i)).append('\n');
    long from = System.nanoTime();

    new FileLoad(write("p.ndjson", lines.toString()), target(), 5, 40, (so, at) -> true).run();

    assertTrue(System.nanoTime() - from >= 450_000_000L, "20 at 40 a second");
  }

  private FileLoad.Report load(Path file, int batch) throws Exception {
    return new FileLoad(file, target(), batch, 0, (so, at) -> true).run();
  }

  private Target target() {
    return new Target(peer.base(), HTTP, Credentials.NONE, Duration.ofMinutes(1));
  }

  /** One that adds a Patient. */
  private static String transaction(String name) {
    return "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\","
        + "\"implicitRules\":" + name + "},\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}]}";
  }

  private static String patient(String id) {
    return "{\"resourceType\":\"Patient\",\"id\":\"" + id + "\"}";
  }

  private static Path beside(Path file, String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(bytes) : bytes) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return Files.write(file, bytes.toByteArray());
  }

  private Path zip(String name, String... entries) throws IOException {
    Path file = folder.resolve(name);
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < entries.length; i += 2) {
        out.putNextEntry(new ZipEntry(entries[i]));
        out.write(entries[i + 1].getBytes(StandardCharsets.UTF_8));
      }
    }
    return file;
  }
}
