package io.caregrid.analytics.lake.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an object store promises, on a folder and on S3. */
class ObjectStoreTest {
  private static final int RACERS = 8;

  @Nested
  class OnAFolder extends Cases {
    @Override
    ObjectStore open(Path data) throws IOException {
      return new FolderStore(data.resolve("lake"));
    }

    @Override
    int races() {
      return 300; // so many that a store which looks before it writes is caught (tried)
    }
  }

  @Nested
  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  class OnS3 extends Cases {
    private LocalS3 s3;

    @BeforeAll
    void startS3() throws Exception {
      s3 = new LocalS3();
    }

    @AfterAll
    void stopS3() throws Exception {
      s3.close();
    }

    @Override
    ObjectStore open(Path data) throws IOException {
      return s3.open("a/lake-" + UUID.randomUUID(), data);
    }

    @Override
    int races() {
      return 30;
    }
  }

  abstract static class Cases {
    @TempDir
    Path data;
    ObjectStore store;

    abstract ObjectStore open(Path where) throws IOException;

    abstract int races();

    @BeforeEach
    void openStore() throws IOException {
      store = open(data);
    }

    @AfterEach
    void closeStore() {
      store.close();
    }

    @Test
    void whatWasPutIsReadBack() throws IOException {
      byte[] content = bytes(3_000_000);

      Instant before = Instant.now().minusSeconds(2);
      store.put("fhir/Patient/1-a.parquet", file(content));

      assertArrayEquals(content, store.get("fhir/Patient/1-a.parquet"));
      ObjectStore.Entry entry = store.head("fhir/Patient/1-a.parquet");
      assertEquals(3_000_000, entry.bytes());
      assertTrue(entry.modified().isAfter(before) && entry.modified().isBefore(before.plusSeconds(60)),
          entry::toString);
      assertEquals(List.of("fhir/Patient/1-a.parquet"), names(store.list("fhir/", "", 10)));
      assertEquals(3_000_000, store.list("fhir/", "", 10).get(0).bytes());
    }

    @Test
    void aPutReplacesWhatHadTheName() throws IOException {
      store.put("a/pointer", text("old and longer"));
      store.put("a/pointer", text("new"));

      assertEquals("new", text(store.get("a/pointer")));
      assertEquals(3, store.head("a/pointer").bytes());
    }

    @Test
    void anEmptyObjectIsOne() throws IOException {
      assertTrue(store.putIfAbsent("a/empty", new byte[0]));

      assertArrayEquals(new byte[0], store.get("a/empty"));
      assertArrayEquals(new byte[0], store.get("a/empty", 0, 10));
      assertEquals(0, store.head("a/empty").bytes());
    }

    @Test
    void whatIsNotThereIsNullAndDeletingItIsNoFailure() throws IOException {
      assertNull(store.get("a/none"));
      assertNull(store.get("a/none", 0, 10));
      assertNull(store.get("a/none", 0, 0));
      assertNull(store.head("a/none"));
      store.delete("a/none");
      assertThrows(NoSuchFileException.class, () -> store.local("a/none"));
    }

    @Test
    void aFolderOfObjectsIsNoObject() throws IOException {
      store.put("a/b/c", text("x"));

      assertNull(store.head("a/b"));
      assertThrows(NoSuchFileException.class, () -> store.local("a/b"));
    }

    @Test
    void whatIsDeletedIsGone() throws IOException {
      store.put("a/b", text("x"));
      store.delete("a/b");

      assertNull(store.get("a/b"));
      assertEquals(List.of(), store.list("a/", "", 10));
      assertTrue(store.putIfAbsent("a/b", text("y")), "its name is free");
    }

    @Test
    void theSecondPutIfAbsentIsRefusedAndChangesNothing() throws IOException {
      assertTrue(store.putIfAbsent("heads/1.json", text("first")));
      assertFalse(store.putIfAbsent("heads/1.json", text("other")));

      assertEquals("first", text(store.get("heads/1.json")));
    }

    @Test
    @Tag("full")
    void ofManyWhoRaceOneWins() throws Exception {
      ExecutorService pool = Executors.newFixedThreadPool(RACERS);
      CyclicBarrier together = new CyclicBarrier(RACERS);
      try {
        for (int race = 0; race < races(); race++) {
          String name = "races/" + race + ".json";
          List<Future<String>> racers = new ArrayList<>();
          for (int n = 0; n < RACERS; n++) racers.add(pool.submit(() -> {
            String mine = UUID.randomUUID().toString();
            together.await();
            return store.putIfAbsent(name, text(mine)) ? mine : null;
          }));
          List<String> winners = new ArrayList<>();
          for (Future<String> each : racers) if (each.get() != null) winners.add(each.get());

          assertEquals(List.of(text(store.get(name))), winners);
        }
      } finally {
        pool.shutdownNow();
      }
    }

    @Test
    void aRangeIsWhatIsThereOfIt() throws IOException {
      store.put("a/b", text("0123456789"));

      assertEquals("0123456789", text(store.get("a/b", 0, 10)));
      assertEquals("34", text(store.get("a/b", 3, 2)));
      assertEquals("89", text(store.get("a/b", 8, 100)));
      assertEquals("", text(store.get("a/b", 10, 5)));
      assertEquals("", text(store.get("a/b", 1000, 5)));
      assertEquals("", text(store.get("a/b", 3, 0)));
    }

    @Test
    void aListIsInOrderOfBytesAndFollowsOn() throws IOException {
      List<String> names = List.of("t/A.json", "t/_delta_log/1.json", "t/_delta_log/2.json", "t/_last", "t/a-b/x",
          "t/a.json", "t/a/b.json", "t/a0", "ta", "u/v");
      List<String> shuffled = new ArrayList<>(names);
      java.util.Collections.shuffle(shuffled, new Random(1));
      for (String each : shuffled) store.put(each, text("x"));

      assertEquals(names.stream().sorted().toList(), names(store.list("", "", 100)));
      assertEquals(names.subList(0, 8).stream().sorted().toList(), names(store.list("t/", "", 100)));
      assertEquals(List.of("t/_delta_log/1.json", "t/_delta_log/2.json"),
          names(store.list("t/_delta_log/", "t/_delta_log/", 100)));
      assertEquals(List.of("t/_delta_log/2.json"), names(store.list("t/_d", "t/_delta_log/1.json", 100)));
      assertEquals(List.of(), names(store.list("t/", "t/a0", 100)));
      assertEquals(List.of(), names(store.list("nothing/here/", "", 100)));
      for (int page = 1; page <= names.size(); page++) assertEquals(names.stream().sorted().toList(), paged("", page));
    }

    @Test
    @Tag("full")
    void moreThanOnePageOfS3IsListed() throws IOException {
      List<String> names = new ArrayList<>();
      for (int n = 0; n < 1010; n++) {
        names.add(String.format("many/%04d.json", n));
        store.putIfAbsent(names.get(n), text("x"));
      }

      assertEquals(names, names(store.list("many/", "", 5000)));
      assertEquals(names.subList(0, 1005), names(store.list("many/", "", 1005)));
      assertEquals(names.subList(1001, 1010), names(store.list("many/", "many/1000.json", 5000)));
    }

    private List<String> paged(String prefix, int page) throws IOException {
      List<String> all = new ArrayList<>();
      String after = "";
      while (true) {
        List<String> some = names(store.list(prefix, after, page));
        if (some.isEmpty()) return all;
        assertTrue(some.size() <= page);
        all.addAll(some);
        after = some.get(some.size() - 1);
      }
    }

    @Test
    void aLocalFileHasTheObjectsBytesAndLiesInTheFoldersNamed() throws IOException {
      byte[] content = bytes(1_000_000);
      store.put("fhir/Patient/2-b.parquet", file(content));

      try (ObjectStore.Local local = store.local("fhir/Patient/2-b.parquet")) {
        assertArrayEquals(content, Files.readAllBytes(local.path()));
        assertTrue(store.folders().stream().anyMatch(local.path()::startsWith), () -> local.path().toString());
      }
    }

    @Test
    void aPutOfAFileThatIsNotThereLeavesNothing() throws IOException {
      assertThrows(IOException.class, () -> store.put("a/b", data.resolve("none")));
      assertThrows(Exception.class, () -> store.put("a/b", data)); // a folder

      assertNull(store.get("a/b"));
      assertEquals(List.of(), store.list("", "", 10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/a", "a/", "a//b", "../a", "a/../b", "a/.b", ".a", "a.b/c", "a b", "ä", "a\\b",
      "a\nb"})
    void aNameThatIsNoneIsRefused(String name) {
      assertThrows(IllegalArgumentException.class, () -> store.putIfAbsent(name, text("x")));
      assertThrows(IllegalArgumentException.class, () -> store.put(name, text("x")));
      assertThrows(IllegalArgumentException.class, () -> store.get(name));
      assertThrows(IllegalArgumentException.class, () -> store.head(name));
      assertThrows(IllegalArgumentException.class, () -> store.delete(name));
      assertThrows(IllegalArgumentException.class, () -> store.local(name));
    }

    private Path file(byte[] content) throws IOException {
      return Files.write(Files.createTempFile(data, "put", null), content);
    }

    private static byte[] bytes(int size) {
      byte[] content = new byte[size];
      new Random(size).nextBytes(content);
      return content;
    }

    private static List<String> names(List<ObjectStore.Entry> entries) {
      List<String> names = entries.stream().map(ObjectStore.Entry::name).toList();
      assertEquals(names.stream().sorted(Comparator.naturalOrder()).toList(), names);
      return names;
    }
  }

  static byte[] text(String text) {
    return text.getBytes(UTF_8);
  }

  static String text(byte[] content) {
    return new String(content, UTF_8);
  }
}
