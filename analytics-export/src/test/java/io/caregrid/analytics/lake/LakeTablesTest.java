package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.analytics.lake.table.Head;
import io.caregrid.analytics.lake.table.Heads;
import io.caregrid.analytics.sql.Tables;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.store.ChangeFeed.Cursor;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LakeTablesTest {
  private static final Instant T = Instant.parse("2026-11-21T10:00:00Z");

  private static Head head(long number) {
    Cursor cursor = new Cursor(1, 0, null);
    return new Head(number, UUID.randomUUID(), T, cursor, cursor, 0, T, Map.of("fhir/Patient", 5L));
  }

  /** Whoever looks for the newest head finds that there is one more. */
  private static ObjectStore busy(ObjectStore store) {
    AtomicLong number = new AtomicLong();
    return (ObjectStore) Proxy.newProxyInstance(ObjectStore.class.getClassLoader(), new Class<?>[] {ObjectStore.class},
        (proxy, method, asked) -> {
          if (method.getName().equals("list") && ((String) asked[0]).startsWith("_lake/heads"))
            new Heads(store).publish(head(number.incrementAndGet()));
          try {
            return method.invoke(store, asked);
          } catch (InvocationTargetException failed) {
            throw failed.getCause();
          }
        });
  }

  @Test
  void aTableThatCannotBeReadIsSaidThoughCommitsGoOn(@TempDir Path folder) throws IOException {
    try (ObjectStore store = Place.open(LakeConfig.DEFAULT, folder)) {
      LakeTables tables = new LakeTables(busy(store), Path.of("target", "empties"));

      assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
        try (Tables.Pinned pinned = tables.pin()) {
          Tables.Outdated old = assertThrows(Tables.Outdated.class, () -> pinned.query("Patient", () -> {}));
          assertTrue(old.getCause().getMessage().contains("fhir/Patient"), old.getCause().getMessage());
        }
      });
    }
  }
}
