package io.caregrid.store.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.cluster.AuditConfig;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.AuditPosition;
import io.vertx.core.Future;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  private static final AuditConfig SMALL = new AuditConfig(null, true, AuditConfig.REFUSE, 1, 16, 0, 0, 30);
  private static final AuditConfig WRITTEN = new AuditConfig(null, false, AuditConfig.REFUSE, 1, 64, 0, 0, 30);
  @TempDir
  Path temp;

  static Entry entry(String what) {
    return Entry.of(Caller.system("test"), Deed.READ, what);
  }

  private Journal open(AuditConfig config) throws IOException {
    return Journal.open(temp.resolve("audit"), config, "node", Clock.systemUTC());
  }

  static <T> T get(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
  }

  static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "not within 60 s");
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** All whole lines, in order, and the places of damage; what is staged, too. */
  static List<String> read(Journal journal, List<String> damaged) throws IOException {
    journal.settle();
    List<String> lines = new ArrayList<>();
    AuditPosition at = AuditPosition.START;
    AuditPosition until = journal.written();
    while (at.compareTo(until) < 0) {
      Batch batch = Batch.read(journal.segments(), at, until);
      batch.lines().forEach(line -> lines.add(new String(line, StandardCharsets.UTF_8)));
      damaged.addAll(batch.damaged());
      at = batch.next();
    }
    return lines;
  }

  @Test
  void anEntryIsInItsFileWhenItsFutureCompletes() throws IOException {
    try (Journal journal = open(SMALL)) {
      get(journal.append(entry("Patient/1")));

      Path file = journal.segments().file(1);
      assertTrue(Files.readString(file).contains("Patient/1"));
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
      assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(temp.resolve("audit"))));
    }
  }

  @Test
  void whoRecordsWaitsForNoOtherThread() throws IOException {
    try (Journal journal = open(WRITTEN)) {
      int rounds = 1;
      while (waited(journal) > 0) assertTrue(++rounds < 100, "in each round somebody waited");
      assertEquals(100 * rounds, read(journal, new ArrayList<>()).size());
    }
  }

  /** Of a hundred entries; some may, when a loaded machine stops the thread that forces while it holds the file. */
  private static int waited(Journal journal) {
    int waited = 0;
    for (int n = 0; n < 100; n++) {
      Future<Void> kept = journal.append(entry("n/" + n));
      if (!kept.succeeded()) waited++;
      get(kept);
    }
    return waited;
  }

  @Test
  void afterAStartAndAfterAFailureTheNextFileIsThereBeforeItIsNeeded() throws IOException {
    try (Journal journal = open(WRITTEN)) {
      assertTrue(Files.exists(journal.segments().file(1)));
      get(journal.append(entry("first")));
      journal.settle();
      journal.giveUp(journal.written());
      until(() -> Files.exists(journal.segments().file(2)));
      get(journal.append(entry("second")));
      assertEquals(2, read(journal, new ArrayList<>()).size());
    }
  }

  @Test
  void aFileThatIsRemovedOrCutWhileItIsWrittenIsDamageAndAnotherFollows() throws IOException {
    for (boolean removed : new boolean[] {true, false}) {
      try (Journal journal = open(WRITTEN)) {
        AuditPosition from = journal.written();
        get(journal.append(entry("gone")));
        journal.settle();
        AuditPosition until = journal.written();
        Path file = journal.segments().file(until.segment());
        if (removed) Files.delete(file);
        else Files.write(file, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);

        Batch lost = Batch.read(journal.segments(), from, until);
        assertTrue(lost.isLost(until));
        assertEquals(until, lost.next());
        assertEquals(until.offset(), lost.bytes());
        assertEquals(List.of(file.getFileName() + ": 0-" + until.offset()), lost.damaged());
        assertEquals(until, journal.giveUp(until));
        get(journal.append(entry("after")));
        journal.settle();
        Batch after = Batch.read(journal.segments(), until, journal.written());
        assertEquals(1, after.lines().size());
        assertTrue(after.next().segment() > until.segment());
      }
    }
  }

  @Test
  void manyThreadsWriteWholeLinesAndFilesFollowEachOther() throws Exception {
    try (Journal journal = open(WRITTEN)) {
      List<Thread> threads = new ArrayList<>();
      List<Future<Void>> kept = java.util.Collections.synchronizedList(new ArrayList<>());
      for (int t = 0; t < 4; t++) {
        String mine = "n/" + t + "-";
        threads.add(new Thread(() -> {
          for (int n = 0; n < 10_000; n++) kept.add(journal.append(entry(mine + n)));
        }));
      }
      for (Thread thread : threads) thread.start();
      for (Thread thread : threads) thread.join();
      get(Future.all(kept));

      List<String> damaged = new ArrayList<>();
      List<String> lines = read(journal, damaged);
      assertEquals(40_000, lines.size());
      assertEquals(40_000, lines.stream().distinct().count());
      assertEquals(List.of(), damaged);
      assertTrue(journal.segments().all().size() >= 2, "several files");
    }
  }

  @Test
  void theLongestLineIsReadLikeAnyOther() throws IOException {
    List<String> many = java.util.stream.IntStream.range(0, 6000)
        .mapToObj(n -> "ä".repeat(600) + n)
        .toList();
    try (Journal journal = open(WRITTEN)) {
      get(journal.append(entry("before")));
      get(journal.append(entry("long").to(many).about(many).aboutIds(many).asking("€".repeat(100_000))));
      get(journal.append(entry("after")));

      List<String> damaged = new ArrayList<>();
      List<String> lines = read(journal, damaged);
      assertEquals(List.of(), damaged);
      assertEquals(3, lines.size());
      assertTrue(lines.get(2).contains("after"));
    }
  }

  @Test
  void whateverStandsInTheFilesWhatIsWholeBehindALineFeedIsRead() throws IOException {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    java.util.Random random = new java.util.Random(seed);
    for (int round = 0; round < 20; round++) {
      Path folder = temp.resolve("audit");
      try (Journal journal = open(WRITTEN)) {
        for (int n = 0; n < 20; n++) get(journal.append(entry("r/" + round + "-" + n)));
      }
      byte[] garbage = new byte[random.nextInt(4000)];
      random.nextBytes(garbage);
      long last = journalFiles(folder);
      Path file = folder.resolve("audit-%012d.jsonl".formatted(last));
      if (round % 2 == 0) Files.write(file, garbage, StandardOpenOption.APPEND);
      else Files.write(folder.resolve("audit-%012d.jsonl".formatted(last + 1)), garbage);
    }
    try (Journal journal = open(WRITTEN)) {
      get(journal.append(entry("end")));
      assertEquals(401, read(journal, new ArrayList<>()).size(), "seed " + seed);
    }
  }

  private static long journalFiles(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".jsonl"))
          .mapToLong(name -> Long.parseLong(name.replaceAll("\\D", "")))
          .max()
          .orElseThrow();
    }
  }

  @Test
  void aBatchEndsWhereTimeJumps() throws IOException {
    java.time.Instant[] now = {java.time.Instant.parse("2026-11-22T10:00:00Z")};
    try (Journal journal = Journal.open(temp.resolve("audit"), WRITTEN, "node", LineTest.clock(now))) {
      get(journal.append(entry("first")));
      now[0] = now[0].plusSeconds(3599);
      get(journal.append(entry("within")));
      now[0] = now[0].plusSeconds(2);
      get(journal.append(entry("later")));
      now[0] = now[0].minusSeconds(86_400);
      get(journal.append(entry("earlier")));
      now[0] = now[0].plusSeconds(3000);
      get(journal.append(entry("within, again")));
      now[0] = now[0].minusSeconds(4700);
      get(journal.append(entry("set back behind the first, by less than from the last")));

      journal.settle();
      List<Integer> sizes = new ArrayList<>();
      for (AuditPosition at = AuditPosition.START; at.compareTo(journal.written()) < 0;) {
        Batch batch = Batch.read(journal.segments(), at, journal.written());
        sizes.add(batch.lines().size());
        at = batch.next();
      }
      assertEquals(List.of(2, 1, 2, 1), sizes);
    }
  }

  @Test
  void manyFilesAndRestartsAreReadInOrder() throws IOException {
    List<Future<Void>> kept = new ArrayList<>();
    for (int start = 0; start < 3; start++) {
      try (Journal journal = open(SMALL)) {
        for (int n = 0; n < 8000; n++) kept.add(journal.append(entry("n/" + start + "-" + n)));
        get(Future.all(kept));
      }
    }

    try (Journal journal = open(SMALL)) {
      List<String> damaged = new ArrayList<>();
      List<String> lines = read(journal, damaged);
      assertEquals(24_000, lines.size());
      assertTrue(lines.get(0).contains("\"n/0-0\"") && lines.get(23_999).contains("\"n/2-7999\""));
      assertEquals(List.of(), damaged);
      assertTrue(journal.segments().all().size() >= 4, "several files");
    }
  }

  @Test
  void tornAndChangedLinesCostOnlyThemselvesWhereverTheyAre() throws IOException {
    try (Journal journal = open(SMALL)) {
      for (int n = 0; n < 100; n++) get(journal.append(entry("n/" + n)));
    }
    Path file = temp.resolve("audit/audit-000000000001.jsonl");
    byte[] bytes = Files.readAllBytes(file);
    int line = bytes.length / 100;
    bytes[line * 10 + 40] ^= 0x20;
    bytes[line * 50 - 5] = '\n';
    Files.write(file, bytes);
    Files.write(file, "{\"id\":\"torn".getBytes(), StandardOpenOption.APPEND);

    try (Journal journal = open(SMALL)) {
      get(journal.append(entry("after")));
      List<String> damaged = new ArrayList<>();
      List<String> lines = read(journal, damaged);
      assertEquals(99, lines.size());
      assertTrue(lines.get(98).contains("after"));
      assertEquals(4, damaged.size(), damaged.toString());
      assertTrue(damaged.get(3).startsWith("audit-000000000001.jsonl: " + bytes.length), damaged.toString());
    }
  }

  @Test
  void aLineFeedThatIsMissingForMegabytesDoesNotStopTheReader() throws IOException {
    try (Journal journal = open(SMALL)) {
      get(journal.append(entry("before")));
    }
    byte[] zeros = new byte[3 * Batch.BYTES];
    Files.write(temp.resolve("audit/audit-000000000001.jsonl"), zeros, StandardOpenOption.APPEND);

    try (Journal journal = open(SMALL)) {
      get(journal.append(entry("after")));
      List<String> lines = read(journal, new ArrayList<>());
      assertEquals(2, lines.size());
    }
  }

  @Test
  void aFullDiskRefusesAndFreedRoomIsUsedAgain() throws Exception {
    fullDisk(SMALL);
  }

  @Test
  void aFullDiskIsNoticedBeforeTheAnswerEvenWhenNothingIsForced() throws Exception {
    fullDisk(WRITTEN);
  }

  private void fullDisk(AuditConfig config) throws Exception {
    assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=1m", "caregrid-test", temp.toString())
        || "true".equals(System.getenv("CAREGRID_STRICT")), "only root may mount a small disk");
    try (Journal journal = open(config)) {
      get(journal.append(entry("before")));
      Path filler = temp.resolve("filler");
      fill(filler);
      int kept = 1;
      while (keeps(journal, kept)) kept++;

      until(() -> !journal.isKeeping());
      assertFalse(keeps(journal, -1));
      Files.delete(filler);
      until(journal::isKeeping);
      get(journal.append(entry("after")));

      List<String> damaged = new ArrayList<>();
      List<String> lines = read(journal, damaged);
      assertEquals(kept + 1, lines.size());
      assertTrue(lines.get(kept).contains("after"));
      assertEquals(List.of(), damaged);
    } finally {
      run("umount", "-l", temp.toString());
    }
  }

  static boolean keeps(Journal journal, int n) {
    try {
      get(journal.append(entry("n/" + n).asking("x".repeat(2000))));
      return true;
    } catch (CompletionException refused) {
      assertInstanceOf(Failure.Busy.class, refused.getCause());
      return false;
    }
  }

  static void fill(Path filler) throws IOException {
    try (OutputStream out = Files.newOutputStream(filler)) {
      while (true) out.write(new byte[4096]);
    } catch (IOException full) {
      assertEquals(0, Files.getFileStore(filler).getUsableSpace(), full.getMessage());
    }
  }

  @Test
  void whatWaitsForTheDatabaseIsBounded() throws IOException {
    try (Journal journal = open(SMALL)) {
      journal.backlog(16 << 20);
      get(journal.append(entry("the last one")));

      assertFalse(journal.isKeeping());
      assertFalse(keeps(journal, 1));
      journal.shipped(1 << 20);
      assertTrue(keeps(journal, 2));
    }
  }

  @Test
  void anErrorEndsNoThreadAndTheJournalIsWrittenAgain() throws IOException {
    boolean[] broken = {false};
    Clock clock = new Clock() {
      @Override
      public java.time.ZoneId getZone() {
        return java.time.ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(java.time.ZoneId zone) {
        return this;
      }

      @Override
      public java.time.Instant instant() {
        if (broken[0]) throw new OutOfMemoryError("as if");
        return java.time.Instant.EPOCH;
      }
    };
    AuditConfig synced = new AuditConfig(null, true, AuditConfig.REFUSE, 1, 16, 0, 0, 30);
    try (Journal journal = Journal.open(temp.resolve("audit"), synced, "node", clock)) {
      get(journal.append(entry("before")));
      broken[0] = true;
      assertFalse(keeps(journal, 1));
      broken[0] = false;
      until(journal::isKeeping);
      get(journal.append(entry("after")));
      assertEquals(2, read(journal, new ArrayList<>()).size());
    }
  }

  @Test
  void aClosedJournalTakesNothing() throws IOException {
    Journal journal = open(SMALL);
    Future<Void> before = journal.append(entry("before"));
    journal.close();

    get(before);
    assertFalse(keeps(journal, 1));
  }

  static boolean run(String... command) throws Exception {
    try {
      Process process = new ProcessBuilder(command).inheritIO().start();
      return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException noSuchCommand) {
      return false;
    }
  }
}
