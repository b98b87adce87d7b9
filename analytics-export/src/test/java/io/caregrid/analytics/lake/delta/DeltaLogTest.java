package io.caregrid.analytics.lake.delta;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.CommitInfo;
import io.caregrid.analytics.lake.delta.Action.MetaData;
import io.caregrid.analytics.lake.delta.Action.Protocol;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Action.Txn;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.LakeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A table's log: what was committed is read, at every version, whoever reads it and however much of it was cleaned away. */
class DeltaLogTest {
  private static final String TABLE = "fhir/Patient";
  private static final Instant NOW = Instant.parse("2026-11-21T23:00:00Z");
  private static final Instant EVER = Instant.EPOCH;
  private static final MetaData META = MetaData.of("Patient", History.SCHEMA, NOW, Map.of());

  @TempDir
  private Path data;
  private ObjectStore store;
  private DeltaLog log;

  @BeforeEach
  void open() throws IOException {
    store = Place.open(LakeConfig.DEFAULT, data);
    log = new DeltaLog(store, TABLE);
  }

  /** As another node sees it, that knows nothing yet. */
  private DeltaLog another() {
    return new DeltaLog(store, TABLE);
  }

  private static Add add(String path) {
    return new Add(path, 10, NOW.toEpochMilli(), true, "{\"numRecords\":1}", Map.of("lake.commits", "1-1"));
  }

  private void made() throws IOException {
    assertTrue(log.commit(0, List.of(Protocol.OURS, META, add("0.parquet"))));
  }

  @Test
  void aTableThatNobodyMadeHasNoVersion() throws IOException {
    Snapshot none = log.snapshot();

    assertFalse(none.exists());
    assertEquals(-1, none.version());
    assertEquals(Map.of(), none.files());
    assertNull(none.metaData());
    assertThrows(LogException.class, () -> log.at(0));
  }

  @Test
  void whatWasCommittedIsRead() throws IOException {
    made();
    assertTrue(log.commit(1, List.of(add("1.parquet"), Remove.of(add("0.parquet"), NOW, false), new Txn("lake", 7))));

    for (DeltaLog each : List.of(log, another())) {
      Snapshot now = each.snapshot();
      assertEquals(1, now.version());
      assertEquals(Map.of("1.parquet", add("1.parquet")), now.files());
      assertEquals(Map.of("0.parquet", Remove.of(add("0.parquet"), NOW, false)), now.tombstones());
      assertEquals(7, now.txn("lake", -1));
      assertEquals(META, now.metaData());
      assertEquals(Map.of("0.parquet", add("0.parquet")), each.at(0).files());
    }
  }

  @Test
  void ofTwoWritersOneHasTheVersionAndTheOtherSeesIt() throws IOException {
    made();
    DeltaLog other = another();
    other.snapshot();

    assertTrue(log.commit(1, List.of(add("mine.parquet"))));
    assertFalse(other.commit(1, List.of(add("theirs.parquet"))));
    assertFalse(other.commit(1, List.of(add("theirs.parquet"))));

    assertEquals(List.of("0.parquet", "mine.parquet"), List.copyOf(other.snapshot().files().keySet()));
    assertTrue(other.commit(2, List.of(add("theirs.parquet"))));
    assertEquals(log.snapshot(), other.snapshot());
  }

  @Test
  void aCommitNeitherListsNorRereads() throws IOException {
    made();
    Counting counting = new Counting(store);
    DeltaLog counted = new DeltaLog(counting, TABLE);
    counted.snapshot();
    counting.asked.set(0);

    for (int n = 1; n <= 20; n++) assertTrue(counted.commit(n, List.of(add(n + ".parquet"))));
    assertEquals(21, counted.at(20).files().size());
    assertEquals(20, counted.at(19).files().size());

    assertEquals(20, counting.asked.get(), "one put each");
  }

  @Test
  void whatOthersCommittedCostsOneListingAndTheirVersions() throws IOException {
    made();
    Counting counting = new Counting(store);
    DeltaLog counted = new DeltaLog(counting, TABLE);
    counted.snapshot();
    for (int n = 1; n <= 3; n++) log.commit(n, List.of(add(n + ".parquet")));
    counting.asked.set(0);

    assertEquals(4, counted.snapshot().files().size());

    assertEquals(4, counting.asked.get(), "a listing and three versions");
  }

  @Test
  void whoLookedLongAgoBeginsWithACheckpointNotWithEveryVersionSince() throws IOException {
    commits(0, 1);
    Counting counting = new Counting(store);
    DeltaLog counted = new DeltaLog(counting, TABLE);
    counted.snapshot();
    commits(2, 300);
    log.checkpoint(log.at(300), EVER);
    commits(301, 310);
    counting.asked.set(0);

    assertEquals(311, counted.at(310).files().size());
    assertTrue(counting.asked.get() < 20, "asked " + counting.asked.get() + " times");
    assertEquals(311, new DeltaLog(counting, TABLE).at(310).files().size());
  }

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 1);
    return LongStream.range(first, first + 5);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void everyVersionIsWhatItWasWithCheckpointsAndCleaning(long seed) throws IOException {
    Random random = new Random(seed);
    History history = new History(random, path -> 1);
    long first = 0;
    int cleaned = 0;
    for (int n = 0; n < 120 || cleaned == 0 && n < 2_000; n++) {
      history.step(log);
      if (random.nextInt(10) == 0) log.checkpoint(log.snapshot(), EVER);
      if (random.nextInt(25) == 0) cleaned += another().clean(history.now().minus(Duration.ofMinutes(5)));
      if (random.nextInt(15) == 0) Files.deleteIfExists(file("_last_checkpoint"));
      if (n % 8 == 0) assertEquals(log.snapshot(), another().snapshot());
    }
    assertEquals(history.newest(), another().snapshot().files().keySet());
    while (!isThere(first)) first++;
    for (long version = 0; version <= history.version(); version++) {
      long wanted = version;
      if (version < first && version % 8 > 0) continue;
      if (version < first) {
        assertThrows(LogException.class, () -> another().at(wanted));
        continue;
      }
      Snapshot then = another().at(version);
      assertEquals(history.files.get(version), then.files().keySet());
      assertEquals(history.merged.get(version), then.txn("merged", -1));
    }
    assertTrue(first > 0, "something was cleaned away");
  }

  private boolean isThere(long version) throws IOException {
    try {
      another().at(version);
      return true;
    } catch (LogException gone) {
      return false;
    }
  }

  @Test
  void cleaningKeepsTheCheckpointItsCommitAndWhatComesBehind() throws IOException {
    commits(0, 9);
    log.checkpoint(log.at(9), EVER);
    commits(10, 19);
    log.checkpoint(log.at(19), EVER);
    commits(20, 24);

    assertEquals(0, log.clean(NOW.plusSeconds(8)), "no checkpoint is that old");
    assertEquals(9, log.clean(NOW.plusSeconds(18)));

    assertFalse(Files.exists(file(name(8))));
    assertTrue(Files.exists(file(name(9))));
    assertTrue(Files.exists(file("00000000000000000009.checkpoint.parquet")));
    assertEquals(25, another().snapshot().files().size());
    assertEquals(10, another().at(9).files().size());
    LogException gone = assertThrows(LogException.class, () -> another().at(8));
    assertTrue(gone.getMessage().contains("table fhir/Patient, version 8:"), gone::getMessage);
    assertEquals(11, log.clean(NOW.plusSeconds(100)));
    assertEquals(0, log.clean(NOW.plusSeconds(100)));
    assertEquals(25, another().snapshot().files().size());
  }

  /** One file each, a second apart. */
  private void commits(int from, int until) throws IOException {
    for (int n = from; n <= until; n++) {
      CommitInfo info = CommitInfo.of("TEST", NOW.plusSeconds(n));
      assertTrue(log.commit(n, n == 0
          ? List.of(info, Protocol.OURS, META, add("0.parquet"))
          : List.of(info, add(n + ".parquet"))));
    }
  }

  @Test
  void aCheckpointForgetsTombstonesThatAreOldAndSoDoesWhoWroteIt() throws IOException {
    made();
    log.commit(1, List.of(Remove.of(add("0.parquet"), NOW, true), add("1.parquet")));
    log.commit(2, List.of(Remove.of(add("1.parquet"), NOW.plusSeconds(60), true)));

    log.checkpoint(log.snapshot(), NOW.plusSeconds(30));

    assertEquals(List.of("1.parquet"), List.copyOf(log.snapshot().tombstones().keySet()));
    assertEquals(List.of("1.parquet"), List.copyOf(another().snapshot().tombstones().keySet()));
  }

  @Test
  void thePointerIsAHintOnly() throws IOException {
    commits(0, 5);
    log.checkpoint(log.at(3), EVER);

    for (String pointer : List.of("garbage", "", "{}", "[]", "{\"version\":2}", "{\"version\":99}", "{\"version\":-5}",
        "{\"version\":\"x\"}", "{\"version\":3,\"size\":1,\"unknown\":true}")) {
      store.put(TABLE + "/_delta_log/_last_checkpoint", pointer.getBytes(UTF_8));
      assertEquals(6, another().snapshot().files().size(), pointer);
    }
  }

  @Test
  void aCheckpointThatIsMissingIsNoHarmWhileTheVersionsAreThere() throws IOException {
    commits(0, 5);
    log.checkpoint(log.at(3), EVER);
    Files.delete(file("00000000000000000003.checkpoint.parquet"));

    assertEquals(6, another().snapshot().files().size());
  }

  @Test
  void aCheckpointThatIsMissingWithItsVersionsIsSaid() throws IOException {
    commits(0, 5);
    log.checkpoint(log.at(3), EVER);
    log.clean(NOW.plusSeconds(100));
    Files.delete(file("00000000000000000003.checkpoint.parquet"));

    says(5, "the log begins with version 3, without a checkpoint");
  }

  @Test
  void aDamagedCheckpointIsSaid() throws IOException {
    commits(0, 5);
    log.checkpoint(log.at(3), EVER);
    Path checkpoint = file("00000000000000000003.checkpoint.parquet");
    byte[] whole = Files.readAllBytes(checkpoint);

    Random random = new Random(1);
    for (int n = 0; n < 40; n++) {
      byte[] broken = n < 20
          ? java.util.Arrays.copyOf(whole, random.nextInt(whole.length))
          : new byte[random.nextInt(99)];
      if (n >= 20) random.nextBytes(broken);
      Files.write(checkpoint, broken);
      says(3, "its checkpoint is damaged");
    }
    Files.delete(checkpoint);
    assertEquals(6, another().snapshot().files().size(), "as the message says");
  }

  @Test
  void aGapInTheVersionsIsSaid() throws IOException {
    commits(0, 5);
    Files.delete(file(name(3)));

    says(3, "is not in the log");
  }

  @Test
  void aGapBehindWhatIsKnownIsSaid() throws IOException {
    commits(0, 1);
    DeltaLog other = another();
    other.snapshot();
    commits(2, 5);
    Files.delete(file(name(3)));

    LogException gap = assertThrows(LogException.class, other::snapshot);

    assertTrue(gap.getMessage().contains("version 3: is not in the log"), gap::getMessage);
  }

  @Test
  void aVersionThatWasCutOffAnywhereIsSaid() throws IOException {
    commits(0, 1);
    log.commit(2, List.of(add("2.parquet"), add("3.parquet"), Remove.of(add("0.parquet"), NOW, true)));
    byte[] whole = Files.readAllBytes(file(name(2)));

    for (int length = 0; length < whole.length - 1; length++) {
      Files.write(file(name(2)), java.util.Arrays.copyOf(whole, length));
      int cut = length;
      LogException failure = assertThrows(LogException.class, () -> another().snapshot(), () -> "cut at " + cut);
      assertTrue(failure.getMessage().startsWith("table fhir/Patient, version 2: "), failure::getMessage);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"garbage", "\u0000\u0001", "[]", "{}", "1", "null", "{\"add\":1}", "{\"add\":{}}",
    "{\"add\":{\"path\":\"secret.parquet\"}}", "{\"txn\":{\"appId\":1,\"version\":1}}",
    "{\"add\":{\"path\":\"../secret\",\"size\":1,\"modificationTime\":1,\"dataChange\":true}}",
    "{\"add\":{\"path\":\"/secret\",\"size\":1,\"modificationTime\":1,\"dataChange\":true}}",
    "{\"add\":{\"path\":\"a%20secret\",\"size\":1,\"modificationTime\":1,\"dataChange\":true}}",
    "{\"add\":{\"path\":\"s3://secret/a\",\"size\":1,\"modificationTime\":1,\"dataChange\":true}}",
    "{\"remove\":{\"path\":\"secret\",\"dataChange\":\"yes\"}}", "{\"txn\":{\"appId\":\"a\",\"version\":1.5}}",
    "{\"txn\":{\"appId\":\"a\",\"version\":1}}\n\n{\"txn\":{\"appId\":\"b\",\"version\":1}}",
    "{\"txn\":{\"appId\":\"a\",\"version\":1}} {\"txn\":{\"appId\":\"b\",\"version\":1}}",
    "{\"txn\":{\"appId\":\"a\",\"version\":1}}\n{\"txn\":{\"appId\":\"a\",\"version\":2}}",
    "{\"txn\":{\"appId\":\"a\",\"appId\":\"b\",\"version\":1}}",
    "{\"metaData\":{\"id\":\"x\",\"schemaString\":\"{}\",\"partitionColumns\":[\"secret\"]}}"})
  void aVersionThatIsNoneIsSaidWithoutItsContent(String content) throws IOException {
    made();
    store.put(TABLE + "/_delta_log/" + name(1), content.getBytes(UTF_8));

    LogException failure = assertThrows(LogException.class, () -> another().snapshot());

    assertTrue(failure.getMessage().startsWith("table fhir/Patient, version 1: "), failure::getMessage);
    assertFalse(failure.getMessage().contains("secret"), failure::getMessage);
  }

  @Test
  void whatIsNotUtf8IsSaid() throws IOException {
    made();
    store.put(TABLE + "/_delta_log/" + name(1), new byte[] {'{', (byte) 0xff, '}'});

    says(1, "is not UTF-8");
  }

  @Test
  void aProtocolThatWeDoNotKnowIsRefused() throws IOException {
    made();
    store.put(TABLE + "/_delta_log/" + name(1),
        "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"deletionVectors\"]}}"
            .getBytes(UTF_8));

    says(1, "needs reader 3 and writer 7 of Delta; known are 1 and 2");
  }

  @Test
  void unknownFieldsAndActionsAreIgnored() throws IOException {
    made();
    store.put(TABLE + "/_delta_log/" + name(1), """
        {"commitInfo":{"timestamp":"yesterday","operation":7,"isBlindAppend":true}}
        {"cdc":{"path":"x"}}
        {"somethingNew":{"a":[1,2]}}
        {"add":{"path":"1.parquet","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true,"baseRowId":7}}
        """.getBytes(UTF_8));

    assertEquals(2, another().snapshot().files().size());
  }

  @Test
  void aTableThatDoesNotBeginWithProtocolAndMetaDataIsSaid() throws IOException {
    store.put(TABLE + "/_delta_log/" + name(0), "{\"txn\":{\"appId\":\"a\",\"version\":1}}".getBytes(UTF_8));

    says(0, "no protocol and no metaData until here");
  }

  @Test
  void whatContradictsItselfOrTheTableIsNotCommitted() throws IOException {
    made();

    refused(1, add("1.parquet"), add("1.parquet"));
    refused(1, Remove.of(add("0.parquet"), NOW, true), add("0.parquet"));
    refused(1, Remove.of(add("none.parquet"), NOW, true));
    refused(1, new Txn("lake", 1), new Txn("lake", 2));
    refused(1, META, META);
    refused(2, add("1.parquet"));
    assertEquals(0, another().snapshot().version());
  }

  @Test
  void aTableBeginsWithProtocolAndMetaDataOrNotAtAll() throws IOException {
    refused(0, META);
    refused(0, Protocol.OURS, add("0.parquet"));
    assertFalse(another().snapshot().exists());
  }

  @Test
  void aPutOfWhichNobodyKnowsLeavesTheLogUsable() throws IOException {
    made();
    Counting counting = new Counting(store);
    DeltaLog unlucky = new DeltaLog(counting, TABLE);
    unlucky.snapshot();
    counting.isBroken = true;
    assertThrows(IOException.class, () -> unlucky.commit(1, List.of(add("1.parquet"))));
    counting.isBroken = false;

    assertEquals(1, unlucky.snapshot().version(), "it had arrived");
    assertTrue(unlucky.commit(2, List.of(add("2.parquet"))));
    assertEquals(3, another().snapshot().files().size());
  }

  private void refused(long version, Action... actions) {
    assertThrows(IllegalArgumentException.class, () -> log.commit(version, List.of(actions)));
  }

  private void says(long version, String what) {
    LogException failure = assertThrows(LogException.class, () -> another().snapshot());
    String expected = "table fhir/Patient, version " + version + ": ";
    assertTrue(failure.getMessage().startsWith(expected) && failure.getMessage().contains(what), failure::getMessage);
  }

  private Path file(String name) {
    return data.resolve("lake").resolve(TABLE).resolve("_delta_log").resolve(name);
  }

  private static String name(long version) {
    return String.format("%020d.json", version);
  }

  /** Counts what is asked of a store; broken, it does what it is told and fails all the same. */
  private static final class Counting implements ObjectStore {
    final AtomicInteger asked = new AtomicInteger();
    boolean isBroken;
    private final ObjectStore store;

    Counting(ObjectStore store) {
      this.store = store;
    }

    @Override
    public void put(String name, Path file) throws IOException {
      asked.incrementAndGet();
      store.put(name, file);
    }

    @Override
    public void put(String name, byte[] content) throws IOException {
      asked.incrementAndGet();
      store.put(name, content);
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
      asked.incrementAndGet();
      boolean done = store.putIfAbsent(name, content);
      if (isBroken) throw new IOException("no answer");
      return done;
    }

    @Override
    public byte[] get(String name) throws IOException {
      asked.incrementAndGet();
      return store.get(name);
    }

    @Override
    public byte[] get(String name, long offset, int length) throws IOException {
      asked.incrementAndGet();
      return store.get(name, offset, length);
    }

    @Override
    public List<Entry> list(String prefix, String after, int max) throws IOException {
      asked.incrementAndGet();
      return store.list(prefix, after, max);
    }

    @Override
    public Entry head(String name) throws IOException {
      asked.incrementAndGet();
      return store.head(name);
    }

    @Override
    public void delete(String name) throws IOException {
      asked.incrementAndGet();
      store.delete(name);
    }

    @Override
    public Local local(String name) throws IOException {
      asked.incrementAndGet();
      return store.local(name);
    }

    @Override
    public List<Path> folders() {
      return store.folders();
    }

    @Override
    public void close() {
      store.close();
    }
  }

  @Test
  void namesHaveTheSameDigitsInEveryLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertEquals("t/00000000000000000120.json", LogName.commit("t/", 120));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void whoLookedLastBeforeTheLogWasCleanedReadsOnBehindIt() throws IOException {
    made();
    DeltaLog asked = another();
    DeltaLog writing = another();
    assertEquals(0, asked.at(0).version());
    assertEquals(0, writing.snapshot().version());
    for (int v = 1; v <= 20; v++)
      log.commit(v, List.of(CommitInfo.of("WRITE", NOW.plusSeconds(v)), add(v + ".parquet")));
    log.checkpoint(log.snapshot(), EVER);
    log.commit(21, List.of(CommitInfo.of("WRITE", NOW.plusSeconds(21)), add("21.parquet")));
    assertTrue(log.clean(NOW.plusSeconds(100)) > 0);

    assertEquals(log.snapshot(), asked.at(21));
    assertEquals(log.snapshot(), writing.snapshot());
    assertTrue(writing.commit(22, List.of(add("22.parquet"))));
  }
}
