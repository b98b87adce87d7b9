package io.caregrid.ingest.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.LoadConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One file keeps no other waiting. */
class DropsTest {
  private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final Duration EVERY = Duration.ofMillis(10);
  private static final Duration LONGEST = Duration.ofMinutes(2);
  @TempDir
  Path folder;
  @TempDir
  Path elsewhere;
  private FhirPeer peer;
  private Drops drops;

  @BeforeEach
  void open() throws Exception {
    peer = new FhirPeer();
    Target target = new Target(peer.base(), HTTP, Credentials.NONE, Duration.ofMillis(100));
    drops = new Drops(new LoadConfig(folder, "", null, 10, 0), target, EVERY, (so, at) -> true);
    drops.made();
  }

  @AfterEach
  void close() {
    peer.close();
  }

  @Test
  void aFileWhoseNameIsTakenByTheRejectsOfAnotherGetsAnother() throws Exception {
    Files.writeString(folder.resolve("done/a.ndjson.rejected"), "of another one");
    Files.writeString(folder.resolve("done/2-a.ndjson.reason"), "of another one");
    put("a.ndjson", "nothing\n");
    put("b.ndjson", patient("b"));

    rounds("b.ndjson");

    assertTrue(Files.exists(folder.resolve("done/3-a.ndjson.rejected")), listed());
    assertEquals("nothing\n", Files.readString(folder.resolve("done/3-a.ndjson")));
    assertEquals("of another one", Files.readString(folder.resolve("done/a.ndjson.rejected")));
  }

  @Test
  void aFileThatCannotBeHandledStaysAndTheOthersGoOn() throws Exception {
    put("a.ndjson", patient("a"));
    Files.createDirectories(folder.resolve("a.ndjson.rejected/not/ours"));
    put("b.ndjson", patient("b"));

    rounds("b.ndjson");

    assertTrue(Files.exists(folder.resolve("a.ndjson")), listed());
  }

  @Test
  void aFileWhosePlaceHoldsNothingIsLoaded() throws Exception {
    put("a.ndjson", patient("a"));
    put("a.ndjson.progress", "null");

    rounds("a.ndjson");

    assertTrue(peer.kept.containsKey("Patient/a"));
  }

  @Test
  void aFileThatTheTargetNeverAnswersForKeepsNoOtherWaiting() throws Exception {
    peer.refused.put("slow", 504);
    put("a.ndjson", patient("slow"));
    put("b.ndjson", patient("b"));

    rounds("b.ndjson");

    assertTrue(Files.exists(folder.resolve("a.ndjson")), listed());
  }

  @Test
  void aTargetThatTakesNothingIsNotAskedForEachFile() throws Exception {
    peer.refused.put("batch", 401);
    put("a.ndjson", patient("a"));
    put("b.ndjson", patient("b"));
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (peer.authorizations.isEmpty() && System.nanoTime() < deadline) round();

    assertTrue(peer.authorizations.size() <= 4, "one batch, with a fresh token again, and an empty one");
    assertFalse(peer.authorizations.isEmpty());
    peer.refused.clear();
    rounds("a.ndjson");
    rounds("b.ndjson");
  }

  @Test
  void anotherServerGetsATokenOfItsOwnEndpointAndTheSecretIsTakenAlongNoRedirect() throws Exception {
    peer.seconds = "9000000000000000000";
    drops = drops(peer.tokens());
    put("a.ndjson", patient("a"));

    rounds("a.ndjson");

    assertEquals(List.of("Bearer t0"), peer.authorizations);
    String basic = Base64.getEncoder().encodeToString("hospital:sesame".getBytes(StandardCharsets.US_ASCII));
    assertEquals(List.of("Basic " + basic
        + " grant_type=client_credentials&scope=system%2F*.cu+openid&resource=https%3A%2F%2Ffhir.example"), peer.asked);

    drops = drops(peer.base().resolve("/moved"));
    put("b.ndjson", patient("b"));
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (peer.asked.size() == 1 && System.nanoTime() < deadline) round();

    assertEquals(Set.of("moved"), Set.copyOf(peer.asked.subList(1, peer.asked.size())));
    assertEquals(List.of("Bearer t0"), peer.authorizations);
    assertTrue(Files.exists(folder.resolve("b.ndjson")), listed());
  }

  @Test
  void aTokenEndpointThatRefusesIsAskedOnceAfterEachPauseAndThesePausesDouble() throws Exception {
    peer.tokenStatus = 401;
    drops = drops(peer.tokens());
    put("a.ndjson", patient("a"));
    int times = 5;
    long deadline = System.nanoTime() + LONGEST.toNanos();
    long first = 0;
    while (peer.asked.size() < times && System.nanoTime() < deadline) {
      if (peer.asked.isEmpty()) first = System.nanoTime();
      round();
    }
    assertTrue(System.nanoTime() - first >= EVERY.toNanos() * (2 + 4 + 8 + 16), "it was asked sooner");
    assertEquals(times, peer.asked.size());
    assertEquals(List.of(), peer.authorizations);

    peer.tokenStatus = 200;
    rounds("a.ndjson");
  }

  @Test
  void aBusyTokenEndpointIsLeftAloneAsLongAsItAsks() throws Exception {
    peer.tokenStatus = 429;
    drops = drops(peer.tokens());
    put("a.ndjson", patient("a"));
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (peer.asked.isEmpty() && System.nanoTime() < deadline) round();
    peer.tokenStatus = 200;
    for (int i = 0; i < 20; i++) round();

    assertEquals(1, peer.asked.size());
    assertTrue(Files.exists(folder.resolve("a.ndjson")), listed());
  }

  @Test
  void whatATokenEndpointSaysIsBoundedAndItsQueryIsToldToNobody() throws Exception {
    Credentials asking = Credentials.client(HTTP, URI.create(peer.tokens() + "?code=sesame"), "hospital", "sesame",
        "", "");
    peer.padding = " ".repeat(Credentials.LONGEST_ANSWER);
    Away large = assertThrows(Away.class, () -> asking.token(true));
    peer.padding = "";
    peer.tokenStatus = 400;
    Away refused = assertThrows(Away.class, () -> asking.token(true));

    for (Away each : List.of(large, refused)) {
      assertTrue(each.getMessage().startsWith(peer.tokens() + " "), each.getMessage());
      assertFalse(each.getMessage().contains("sesame"), each.getMessage());
    }
  }

  private Drops drops(URI tokens) throws Exception {
    LoadConfig config = new LoadConfig(folder, peer.base().toString(), null, 10, 0, tokens.toString(), "hospital",
        "sesame", List.of("system/*.cu", "openid"), "https://fhir.example");
    Target target = new Target(peer.base(), HTTP, Credentials.of(config, HTTP), Duration.ofMillis(100));
    return new Drops(config, target, EVERY, (so, at) -> true);
  }

  @Test
  void noLinkIsLoaded() throws Exception {
    Path ours = Files.writeString(elsewhere.resolve("ours.ndjson"), patient("ours"));
    Files.createSymbolicLink(folder.resolve("a.ndjson"), ours);
    Files.createSymbolicLink(folder.resolve("in"), elsewhere);
    put("b.ndjson", patient("b"));

    rounds("b.ndjson");

    assertEquals(List.of("Patient/b"), List.copyOf(peer.kept.keySet()));
    assertTrue(Files.exists(ours));
  }

  @Test
  void aFileThatIsWrittenInPiecesIsTakenWhenItIsWhole() throws Exception {
    put("a.ndjson", patient("a"));
    for (int i = 0; i < 8; i++) {
      round();
      round();
      Files.writeString(folder.resolve("a.ndjson"), patient("a" + i), java.nio.file.StandardOpenOption.APPEND);
    }
    assertEquals(List.of(), peer.bodies);

    rounds("a.ndjson");

    assertEquals(9, peer.kept.size());
  }

  @Test
  void anotherNodeFindsTheSameName() throws Exception {
    Drops another = new Drops(new LoadConfig(folder, "", null, 10, 0),
        new Target(peer.base(), HTTP, Credentials.NONE), EVERY, (so, at) -> true);

    assertEquals(drops.made(), another.made());
  }

  @Test
  void aNameThatAnotherNodeIsAboutToWriteIsWaitedFor() throws Exception {
    Path file = folder.resolve(".caregrid-folder");
    String name = Files.readString(file);
    Files.writeString(file, "");
    Thread writer = new Thread(() -> {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      try {
        Files.writeString(file, name);
      } catch (IOException failed) {
        throw new IllegalStateException(failed);
      }
    });
    writer.start();

    String read = drops.made();
    writer.join(5_000);

    assertEquals(name, read);
  }

  @Test
  void aFolderForWhatIsDoneThatIsALinkGetsNothing() throws Exception {
    Files.delete(folder.resolve("done"));
    Files.createSymbolicLink(folder.resolve("done"), elsewhere);
    put("a.ndjson", patient("a"));

    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (peer.kept.isEmpty() && System.nanoTime() < deadline) round();
    for (int i = 0; i < 3; i++) round();

    assertTrue(Files.exists(folder.resolve("a.ndjson")), listed());
    assertTrue(peer.kept.containsKey("Patient/a"));
    try (Stream<Path> there = Files.list(elsewhere)) {
      assertEquals(0, there.count());
    }
  }

  private void put(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  private static String patient(String id) {
    return "{\"resourceType\":\"Patient\",\"id\":\"" + id + "\"}\n";
  }

  private void round() throws Exception {
    drops.round();
    LockSupport.parkNanos(EVERY.toNanos());
  }

  /** Until that one is done. */
  private void rounds(String name) throws Exception {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (!Files.exists(folder.resolve("done").resolve(name)) && System.nanoTime() < deadline) round();
    assertTrue(Files.exists(folder.resolve("done").resolve(name)), listed());
  }

  private String listed() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.map(folder::relativize).sorted().toList().toString();
    }
  }
}
