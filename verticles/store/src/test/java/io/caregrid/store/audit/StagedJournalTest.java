package io.caregrid.store.audit;

import static io.caregrid.store.audit.JournalTest.entry;
import static io.caregrid.store.audit.JournalTest.get;
import static io.caregrid.store.audit.JournalTest.read;
import static io.caregrid.store.audit.JournalTest.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.cluster.AuditConfig;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal whose entries are staged before they are in its files: nothing that was answered is missing, and nothing is there twice, whatever happens to either. */
class StagedJournalTest {
  private static final AuditConfig WRITTEN = new AuditConfig(null, false, AuditConfig.REFUSE, 1, 4096, 0, 0, 30);
  private static final Pattern WHAT = Pattern.compile("\"what\":\\[\"([^\"]*)\"]");
  private static final int SMALL = 1 << 16;
  /** On a loaded machine whoever moves may have moved all before a kill comes. */
  private static final int MOST_KILLS = 40;
  @TempDir
  Path temp;

  private Path folder() {
    return temp.resolve("audit");
  }

  private Path stage() {
    return folder().resolve("stage");
  }

  private Journal open() throws IOException {
    return Journal.open(folder(), WRITTEN, "node", Clock.systemUTC());
  }

  /** What the lines name, in order. No damage. */
  private static List<String> whats(Journal journal) throws IOException {
    List<String> damaged = new ArrayList<>();
    List<String> whats = whats(journal, damaged);
    assertEquals(List.of(), damaged);
    return whats;
  }

  private static List<String> whats(Journal journal, List<String> damaged) throws IOException {
    List<String> whats = new ArrayList<>();
    for (String line : read(journal, damaged)) {
      Matcher what = WHAT.matcher(line);
      assertTrue(what.find(), line);
      whats.add(what.group(1));
    }
    return whats;
  }

  private static List<String> numbered(String prefix, int from, int until) {
    return IntStream.range(from, until).mapToObj(n -> prefix + n).toList();
  }

  private static void append(Journal journal, String prefix, int from, int until) {
    for (int n = from; n < until; n++) get(journal.append(entry(prefix + n)));
  }

  @Test
  void killedAmongSixteenWritersWhatWasKeptIsThereOnceAndEachWritersInOrder() throws Exception {
    killed(2, Stage.BYTES);
  }

  @Test
  @Tag("full")
  void killedAgainAndAgainWhatWasKeptIsThereOnceAndEachWritersInOrder() throws Exception {
    killed(10, Stage.BYTES);
    killed(10, SMALL);
  }

  private void killed(int kills, int stageBytes) throws Exception {
    Path folder = temp.resolve("killed-" + stageBytes);
    List<String> kept = new ArrayList<>();
    int staged = 0;
    int kill = 0;
    for (; kill < kills || staged == 0 && kill < MOST_KILLS; kill++) {
      kept.addAll(KilledJournal.runAndKill(folder, stageBytes, "k" + kill, 500 + 3000 * kill % 20_000));
      staged += Rescue.of(Files.readAllBytes(folder.resolve("stage")), Segments.open(folder)).lines().size();
    }
    assertTrue(staged > 0, "no kill came between staging and moving");
    int killed = kill;

    try (Journal journal = Journal.open(folder, WRITTEN, "node", Clock.systemUTC(), stageBytes)) {
      List<String> damaged = new ArrayList<>();
      List<String> there = whats(journal, damaged);
      assertTrue(damaged.size() <= killed, "what waited and was half written was not answered: " + damaged);
      System.out.printf("kept before the kills %d, there %d, of which staged only %d%n", kept.size(), there.size(),
          staged);
      assertTrue(new HashSet<>(there).containsAll(kept), () -> {
        kept.removeAll(there);
        return "kept, and missing: " + kept;
      });
      assertInOrder(there);
    }
  }

  /** Of each writer all from 0 on, each once. */
  private static void assertInOrder(List<String> there) {
    Map<String, Integer> next = new HashMap<>();
    for (String what : there) {
      int dash = what.lastIndexOf('-');
      String writer = what.substring(0, dash);
      assertEquals(next.getOrDefault(writer, 0), Integer.parseInt(what.substring(dash + 1)), what);
      next.merge(writer, 1, Integer::sum);
    }
  }

  @Test
  void aStartSavesWhatWasStagedOnceAndBeforeAnythingElse() throws IOException {
    Path dead = temp.resolve("dead");
    try (Journal journal = open()) {
      int n = 0;
      do {
        append(journal, "n/", n, n + 500);
        n += 500;
        copy(folder(), dead);
      } while (staged(dead) == 0 && n < 50_000);
      for (int start = 0; start < 3; start++) {
        try (Journal next = Journal.open(dead, WRITTEN, "node", Clock.systemUTC())) {
          assertTrue(start > 0 || next.written().offset() > 0, "before anything is asked of it");
          get(next.append(entry("s/" + start)));
          List<String> expected = new ArrayList<>(numbered("n/", 0, n));
          expected.addAll(numbered("s/", 0, start + 1));
          assertEquals(expected, whats(next));
        }
      }
    }
  }

  /** As it would be after a kill now: what is moved meanwhile is in both. */
  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    Files.write(to.resolve("stage"), Files.readAllBytes(from.resolve("stage")));
    try (var files = Files.list(from)) {
      for (Path file : files.filter(one -> !one.getFileName().toString().startsWith("stage")).toList())
        Files.write(to.resolve(file.getFileName()), Files.readAllBytes(file));
    }
  }

  private static int staged(Path folder) throws IOException {
    return Rescue.of(Files.readAllBytes(folder.resolve("stage")), Segments.open(folder)).lines().size();
  }

  @Test
  void linesAreInTheFileWithoutAnybodyAskingForThem() throws IOException {
    try (Journal journal = open()) {
      get(journal.append(entry("n/0")));
      until(() -> journal.written().offset() > 0);
      assertTrue(Files.readString(journal.segments().file(1)).contains("n/0"));
    }
  }

  @Test
  void whatFindsNoRoomInTheStageWaitsAndComesBehindWhatIsInIt() throws IOException {
    try (Journal journal = Journal.open(folder(), WRITTEN, "node", Clock.systemUTC(), SMALL)) {
      List<Future<Void>> kept = new ArrayList<>();
      int waited = 0;
      int n = 0;
      for (; n < 20_000 || waited == 0 && n < 1_000_000; n++) {
        Future<Void> one = journal.append(entry("n/" + n));
        if (!one.isComplete()) {
          waited++;
          get(one);
        }
      }
      get(Future.all(new ArrayList<>(kept)));
      assertTrue(waited > 0 && waited < n, waited + " waited of " + n);
      assertEquals(numbered("n/", 0, n), whats(journal));
      assertEquals(bytes(journal), journal.backlog());
    }
  }

  private static long bytes(Journal journal) throws IOException {
    return journal.segments().all().values().stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void whatIsCountedAsWaitingIsRightHoweverOftenItIsCountedAnew() throws Exception {
    try (Journal journal = open()) {
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 3; t++) {
        String mine = "t/" + t + "-";
        threads.add(new Thread(() -> append(journal, mine, 0, 20_000)));
      }
      for (Thread thread : threads) thread.start();
      while (threads.stream().anyMatch(Thread::isAlive)) journal.recount(io.caregrid.store.AuditPosition.START);
      for (Thread thread : threads) thread.join();
      assertEquals(60_000, whats(journal).size());
      assertEquals(bytes(journal), journal.backlog());
    }
  }

  @Test
  void nothingIsTakenWhileItIsCounted() throws Exception {
    Segments segments = Segments.open(folder());
    AtomicLong backlog = new AtomicLong();
    Tape tape = new Tape(segments, 1 << 20, Clock.systemUTC(), 0);
    Staging staging = new Staging(segments, tape, backlog, Stage.BYTES);
    staging.renew(true);
    AtomicLong taken = new AtomicLong();
    Thread writer = new Thread(() -> {
      EventIds ids = new EventIds(Clock.systemUTC());
      for (int n = 0; n < 5000;) {
        LineBytes line = Line.of(entry("n/" + n), ids.next(), "node");
        if (staging.take(line)) {
          taken.addAndGet(line.length());
          n++;
        }
      }
    });
    writer.start();
    while (writer.isAlive()) {
      staging.still(staged -> {
        LockSupport.parkNanos(50_000);
        backlog.set(staged);
      });
      LockSupport.parkNanos(50_000);
    }
    writer.join();

    assertEquals(taken.get(), backlog.get());
    staging.close();
  }

  @Test
  void aStageThatIsRemovedWhileItIsUsedCostsNothing() throws IOException {
    try (Journal journal = open()) {
      append(journal, "n/", 0, 300);
      Files.delete(stage());
      append(journal, "n/", 300, 600);
      until(() -> Files.exists(stage()));
      append(journal, "n/", 600, 900);
      assertEquals(numbered("n/", 0, 900), whats(journal));
      assertEquals(bytes(journal), journal.backlog());
    }
  }

  @Test
  void aStageThatIsCutWhileItIsUsedIsReplacedAndWhatCameBeforeAndComesAfterwardsIsThere() throws Exception {
    for (long length : new long[] {0, 1000, Stage.HEAD, Stage.HEAD + 50_000}) {
      Path folder = temp.resolve("cut-" + length);
      try (Journal journal = Journal.open(folder, WRITTEN, "node", Clock.systemUTC())) {
        append(journal, "b/", 0, 20_000);
        journal.settle();
        try (FileChannel file = FileChannel.open(folder.resolve("stage"), StandardOpenOption.WRITE)) {
          file.truncate(length);
        }
        AtomicReference<Throwable> wrong = new AtomicReference<>();
        Thread writer = new Thread(() -> faulty(journal));
        writer.setUncaughtExceptionHandler((thread, fault) -> wrong.set(fault instanceof InternalError ? null : fault));
        writer.start();
        until(() -> whole(folder) && journal.isKeeping());
        writer.join();
        assertEquals(null, wrong.get());

        append(journal, "a/", 0, 1000);
        List<String> there = whats(journal);
        assertTrue(there.containsAll(numbered("b/", 0, 20_000)));
        assertEquals(numbered("a/", 0, 1000), there.subList(there.size() - 1000, there.size()));
        assertEquals(there.size(), new HashSet<>(there).size(), "nothing twice");
        assertEquals(bytes(journal), journal.backlog());
      }
    }
  }

  private static boolean whole(Path folder) {
    try {
      return Files.size(folder.resolve("stage")) == Stage.HEAD + Stage.BYTES;
    } catch (IOException none) {
      return false;
    }
  }

  private static void faulty(Journal journal) {
    for (int n = 0; n < 3000; n++) journal.append(entry("c/" + n));
  }

  @Test
  void whateverStandsWhereTheStageShouldBeTheJournalOpensAndWhatIsWholeInItIsSaved() throws IOException {
    byte[] damaged = Stage.blank(Stage.BYTES);
    byte[] other = Stage.blank(SMALL);
    for (byte[] bytes : new byte[][] {damaged, other}) {
      Files.createDirectories(folder());
      Files.write(stage(), bytes);
      try (Stage left = Stage.open(stage(), bytes.length - Stage.HEAD, bytes.length - Stage.HEAD,
          io.caregrid.store.AuditPosition.START)) {
        byte[] line = Line.of(entry("left/" + bytes.length), new EventIds(Clock.systemUTC()).next(), "node").toArray();
        assertTrue(left.append(line, line.length));
      }
      if (bytes == damaged) {
        byte[] there = Files.readAllBytes(stage());
        there[0] ^= 1;
        Files.write(stage(), there);
      }
      opens("left/" + bytes.length);
    }
    Files.write(stage(), new byte[0]);
    opens(null);
    Files.write(stage(), new byte[77_777]);
    opens(null);
    Files.delete(stage());
    opens(null);
    Files.delete(stage());
    Files.createDirectory(stage());
    opens(null);
  }

  private void opens(String left) throws IOException {
    int before;
    try (Journal journal = open()) {
      assertTrue(journal.isKeeping());
      List<String> there = whats(journal);
      if (left != null) assertEquals(left, there.get(there.size() - 1));
      before = there.size();
      get(journal.append(entry("next")));
      assertTrue(whole(folder()));
    }
    try (Journal journal = open()) {
      assertEquals(before + 1, whats(journal).size());
    }
  }

  @Test
  void aFullDiskKeepsWhatIsStagedUntilThereIsRoomAgain() throws Exception {
    onASmallDisk(filler -> {
      int kept;
      try (Journal journal = open()) {
        kept = filled(journal, filler, 0);
        Files.delete(filler);
        until(journal::isKeeping);
        append(journal, "n/", kept, kept + 10);
        assertEquals(numbered("n/", 0, kept + 10), whats(journal));
      }
    });
  }

  @Test
  void whatIsStagedOnAFullDiskIsThereAfterTheNextStartAndAStartOnOneLosesNothing() throws Exception {
    onASmallDisk(filler -> {
      int kept;
      try (Journal journal = open()) {
        kept = filled(journal, filler, 0);
      }
      assertTrue(staged(folder()) > 0, "all was moved before the disk was full");
      try (Journal journal = open()) {
        assertFalse(journal.isKeeping());
        assertTrue(journal.append(entry("refused")).failed());
      }
      try (Journal journal = open()) {
        Files.delete(filler);
        until(journal::isKeeping);
        assertEquals(numbered("n/", 0, kept), whats(journal));
      }
    });
  }

  private interface OnDisk {
    void run(Path filler) throws Exception;
  }

  private void onASmallDisk(OnDisk test) throws Exception {
    assumeTrue(JournalTest.run("mount", "-t", "tmpfs", "-o", "size=12m", "caregrid-test", temp.toString())
        || "true".equals(System.getenv("CAREGRID_STRICT")), "only root may mount a small disk");
    try {
      test.run(temp.resolve("filler"));
    } finally {
      JournalTest.run("umount", "-l", temp.toString());
    }
  }

  /** @return so many were kept before the disk was full */
  private static int filled(Journal journal, Path filler, int from) throws IOException {
    append(journal, "n/", from, from + 100);
    JournalTest.fill(filler);
    int kept = from + 100;
    while (kept < 100_000 && keeps(journal, "n/" + kept)) kept++;
    until(() -> !journal.isKeeping());
    return kept;
  }

  private static boolean keeps(Journal journal, String what) {
    try {
      get(journal.append(entry(what).asking("x".repeat(2000))));
      return true;
    } catch (java.util.concurrent.CompletionException refused) {
      return false;
    }
  }
}
