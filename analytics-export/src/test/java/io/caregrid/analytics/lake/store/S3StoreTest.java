package io.caregrid.analytics.lake.store;

import static io.caregrid.analytics.lake.store.ObjectStoreTest.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** S3 over a line that loses answers and breaks off. */
class S3StoreTest {
  private static LocalS3 s3;
  @TempDir
  private Path data;
  private Between between;
  private ObjectStore store;

  @BeforeAll
  static void startS3() throws Exception {
    s3 = new LocalS3();
  }

  @AfterAll
  static void stopS3() throws Exception {
    s3.close();
  }

  @BeforeEach
  void open() throws IOException {
    between = new Between(s3.port());
    store = s3.open("lake-" + UUID.randomUUID(), data, between.port());
    assertNull(store.get("warm/up"));
  }

  @AfterEach
  void close() throws IOException {
    store.close();
    between.close();
  }

  @Test
  void aPutIfAbsentWhoseAnswerIsLostIsKnownAsOurOwn() throws IOException {
    between.loseAnswers(1);

    assertTrue(store.putIfAbsent("heads/1.json", text("mine " + UUID.randomUUID())));

    assertEquals(0, between.left());
  }

  @Test
  void anAnswerIsLostAndTheNameIsAnothers() throws IOException {
    assertTrue(store.putIfAbsent("heads/1.json", text("theirs")));
    between.loseAnswers(1);

    assertFalse(store.putIfAbsent("heads/1.json", text("mine")));

    assertEquals("theirs", text(store.get("heads/1.json")));
    assertEquals(0, between.left());
  }

  @Test
  void answersThatNeverComeAreAFailureAndTheLogTellsLater() throws IOException {
    between.loseAnswers(1000);

    assertThrows(IOException.class, () -> store.putIfAbsent("heads/1.json", text("mine")));

    between.loseAnswers(0);
    assertEquals("mine", text(store.get("heads/1.json")));
    assertTrue(store.putIfAbsent("heads/1.json", text("mine")), "who asks again with the same content learns it");
  }

  @Test
  void aTransferThatBreaksOffIsBegunAnew() throws IOException {
    byte[] content = new byte[2_000_000];
    new Random(1).nextBytes(content);
    store.put("t/1-a.parquet", Files.write(data.resolve("file"), content));
    between.tearAnswers(1, 1_000_000);

    try (ObjectStore.Local local = store.local("t/1-a.parquet")) {
      assertArrayEquals(content, Files.readAllBytes(local.path()));
    }

    assertEquals(0, between.left());
  }

  @Test
  void aTransferThatAlwaysBreaksOffIsAFailureAndLeavesNoFile() throws IOException {
    store.put("t/1-a.parquet", Files.write(data.resolve("file"), new byte[2_000_000]));
    between.tearAnswers(1000, 1_000_000);

    assertThrows(IOException.class, () -> store.local("t/1-a.parquet"));

    try (var left = Files.walk(data.resolve("lake-cache"))) {
      assertEquals(0, left.filter(Files::isRegularFile).count());
    }
    between.tearAnswers(0, 0);
    try (ObjectStore.Local local = store.local("t/1-a.parquet")) {
      assertEquals(2_000_000, Files.size(local.path()));
    }
  }

  @Test
  void aSecondReaderNeedsNoSecondTransfer() throws IOException {
    store.put("t/1-a.parquet", text("content"));
    store.local("t/1-a.parquet").close();
    between.loseAnswers(1000);

    try (ObjectStore.Local local = store.local("t/1-a.parquet")) {
      assertEquals("content", Files.readString(local.path()));
    }
  }

  @Test
  void aDeletedObjectHasNoLocalCopyAnyMore() throws IOException {
    store.put("t/1-a.parquet", text("content"));
    ObjectStore.Local local = store.local("t/1-a.parquet");

    store.delete("t/1-a.parquet");

    assertEquals("content", Files.readString(local.path()), "who has it open reads on");
    local.close();
    assertFalse(Files.exists(local.path()));
  }

  @Test
  void aBucketThatIsNotThereIsNoEmptyLake() throws IOException {
    ObjectStore nowhere = s3.openBucket("no-such-bucket", data);

    assertThrows(IOException.class, () -> nowhere.get("heads/1.json"));
    assertThrows(IOException.class, () -> nowhere.get("heads/1.json", 0, 1));
    assertThrows(IOException.class, () -> nowhere.list("", "", 1));
    assertThrows(IOException.class, () -> nowhere.local("t/1-a.parquet"));
    assertThrows(IOException.class, () -> nowhere.putIfAbsent("heads/1.json", text("x")));
    nowhere.close();
  }

  @Test
  void nobodyListeningIsAFailureThatNamesThePlace() throws IOException {
    between.close();
    ObjectStore alone = s3.open("lake", data, between.port());

    IOException failure = assertThrows(IOException.class, () -> alone.get("heads/1.json"));

    assertTrue(failure.getMessage().contains("heads/1.json in s3://" + LocalS3.BUCKET + "/lake/"),
        failure::getMessage);
    alone.close();
  }
}
