package io.caregrid.analytics.lake.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Local copies: whole, bounded, held while they are open. */
class FileCacheTest {
  private static final int SIZE = 100;

  @TempDir
  private Path folder;
  private Instant now = Instant.now();
  private final AtomicInteger fetched = new AtomicInteger();

  private FileCache cache(long most) throws IOException {
    return new FileCache(folder, most, new Clock() {
      @Override
      public Instant instant() {
        return now;
      }

      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }
    });
  }

  @Test
  void whatNobodyOpenedForADayGoes() throws IOException {
    FileCache cache = cache(10 * SIZE);
    ObjectStore.Local held = cache.local("held", object("held"));
    cache.local("old", object("old")).close();
    cache.local("used", object("used")).close();
    now = now.plus(Duration.ofHours(23));
    cache.local("used", object("used")).close();
    now = now.plus(Duration.ofHours(2));

    cache.local("new", object("new")).close();

    assertEquals(List.of("held", "used", "new"), cache.names());
    assertEquals(3 * SIZE, cache.bytes());
    assertFalse(Files.exists(folder.resolve("old")));
    isThere(held, "held");
    now = now.plus(Duration.ofDays(2));
    assertEquals(List.of(), cache(10 * SIZE).names(), "nor after a restart");
  }

  /** An object whose bytes tell its name. */
  private FileCache.Source object(String name) {
    return () -> {
      fetched.incrementAndGet();
      return opened(SIZE, new ByteArrayInputStream(content(name)));
    };
  }

  private static byte[] content(String name) {
    return Arrays.copyOf(name.getBytes(), SIZE);
  }

  private static FileCache.Opened opened(long bytes, InputStream content) {
    return new FileCache.Opened() {
      @Override
      public long bytes() {
        return bytes;
      }

      @Override
      public InputStream content() {
        return content;
      }

      @Override
      public void close() {}
    };
  }

  private static void isThere(ObjectStore.Local local, String name) throws IOException {
    assertArrayEquals(content(name), Files.readAllBytes(local.path()));
  }

  @Test
  void whatWasUsedLongestAgoGoesFirst() throws IOException {
    FileCache cache = cache(3 * SIZE);
    for (String each : List.of("a", "b", "c")) cache.local(each, object(each)).close();
    cache.local("a", object("a")).close();
    assertEquals(3, fetched.get());

    cache.local("d", object("d")).close();

    assertEquals(List.of("c", "a", "d"), cache.names());
    assertFalse(Files.exists(folder.resolve("b")));
    assertEquals(3 * SIZE, cache.bytes());
  }

  @Test
  void whatIsOpenStaysAndWhenAllIsTheNextIsRefused() throws IOException {
    FileCache cache = cache(2 * SIZE);
    ObjectStore.Local a = cache.local("a", object("a"));
    ObjectStore.Local again = cache.local("a", object("a"));
    ObjectStore.Local b = cache.local("b", object("b"));

    IOException full = assertThrows(IOException.class, () -> cache.local("c", object("c")));
    assertTrue(full.getMessage().contains("raise lake.s3.cacheMegabytes"), full::getMessage);
    a.close();
    a.close();
    assertThrows(IOException.class, () -> cache.local("c", object("c")), "closed twice is closed once");
    isThere(again, "a");
    again.close();
    try (ObjectStore.Local c = cache.local("c", object("c"))) {
      isThere(c, "c");
      isThere(b, "b");
    }
    assertEquals(List.of("b", "c"), cache.names());
  }

  @Test
  void aCopyIsKnownAfterARestartAndATornOneIsNot() throws IOException {
    cache(10 * SIZE).local("t/a", object("t/a")).close();
    Files.write(folder.resolve(".parts/torn"), new byte[50]);

    FileCache restarted = cache(10 * SIZE);
    restarted.local("t/a", object("t/a")).close();

    assertEquals(1, fetched.get());
    assertEquals(SIZE, restarted.bytes());
    assertFalse(Files.exists(folder.resolve(".parts/torn")));
  }

  @Test
  void aSmallerCacheAfterARestartLetsGo() throws IOException {
    FileCache cache = cache(10 * SIZE);
    for (String each : List.of("a", "b", "c")) cache.local(each, object(each)).close();

    assertEquals(SIZE, cache(SIZE + 1).bytes());
  }

  @Test
  void whatBreaksOffOrComesShortIsNoCopy() throws IOException {
    FileCache cache = cache(10 * SIZE);
    InputStream breaking = new InputStream() {
      private int n;

      @Override
      public int read() throws IOException {
        if (n++ > SIZE / 2) throw new IOException("broken off");
        return 1;
      }
    };

    assertThrows(IOException.class, () -> cache.local("a", () -> opened(SIZE, breaking)));
    assertThrows(IOException.class, () -> cache.local("a", () -> opened(SIZE, new ByteArrayInputStream(new byte[9]))));
    assertThrows(NoSuchFileException.class, () -> cache.local("a", () -> {
      throw new NoSuchFileException("a");
    }));

    assertEquals(List.of(), cache.names());
    assertEquals(0, cache.bytes());
    try (ObjectStore.Local a = cache.local("a", object("a")); var files = Files.walk(folder)) {
      isThere(a, "a");
      assertEquals(1, files.filter(Files::isRegularFile).count());
    }
  }

  @Test
  void aCopyThatSomebodyRemovedIsFetchedAgain() throws IOException {
    FileCache cache = cache(10 * SIZE);
    cache.local("a", object("a")).close();
    Files.delete(folder.resolve("a"));

    try (ObjectStore.Local a = cache.local("a", object("a"))) {
      isThere(a, "a");
    }
    assertEquals(SIZE, cache.bytes());
  }

  @Test
  void whatIsForgottenWhileItComesGoesWhenItIsClosed() throws Exception {
    FileCache cache = cache(10 * SIZE);
    CountDownLatch coming = new CountDownLatch(1);
    CompletableFuture<Void> forgotten = new CompletableFuture<>();
    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      Future<ObjectStore.Local> fetching = pool.submit(() -> cache.local("a", () -> {
        coming.countDown();
        forgotten.join();
        return object("a").open();
      }));
      coming.await();
      cache.forget("a");
      forgotten.complete(null);

      ObjectStore.Local a = fetching.get();
      isThere(a, "a");
      a.close();
      assertFalse(Files.exists(folder.resolve("a")));
      assertEquals(0, cache.bytes());
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  @Tag("full")
  void manyReadersSeeWholeFilesWithinTheBound() throws Exception {
    int threads = 6;
    FileCache cache = cache(2 * threads * SIZE);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    try {
      List<Future<Void>> readers = new ArrayList<>();
      for (int n = 0; n < threads; n++) {
        Random random = new Random(seed + n);
        readers.add(pool.submit(() -> {
          for (int i = 0; i < 2_000; i++) read(cache, random);
          return null;
        }));
      }
      for (Future<Void> each : readers) each.get();
    } catch (ExecutionException wrong) {
      throw new AssertionError("seed " + seed, wrong.getCause());
    } finally {
      pool.shutdownNow();
    }
    try (var files = Files.walk(folder)) {
      assertEquals(cache.bytes(), files.filter(Files::isRegularFile).count() * SIZE);
    }
  }

  private void read(FileCache cache, Random random) throws IOException {
    String name = "t/" + random.nextInt(40);
    if (random.nextInt(20) == 0) cache.forget(name);
    FileCache.Source source = random.nextInt(20) == 0
        ? () -> opened(SIZE, new ByteArrayInputStream(new byte[SIZE / 2]))
        : object(name);
    try (ObjectStore.Local one = cache.local(name, source)) {
      isThere(one, name);
      assertTrue(cache.bytes() <= 12 * SIZE, () -> cache.bytes() + " bytes");
    } catch (IOException came) {
      assertTrue(came.getMessage().contains("got 50 bytes of 100"), came::getMessage);
    }
  }
}
