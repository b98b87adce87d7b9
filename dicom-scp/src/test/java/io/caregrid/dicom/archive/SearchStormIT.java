package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Schema;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Searches that look at everything, more of them than may run, over a real port. What makes them slow is a function in front of PostgreSQL's own, of which
 * only searches without an index make use.
 */
@Tag("full")
@ExtendWith(Engines.class)
class SearchStormIT {
  private static final int SEARCHES = 100;
  /** Less than one row would take that is looked at. */
  private static final Duration LONGEST_SEARCH = Duration.ofSeconds(50);
  private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Test
  void picturesAreStoredWhileSearchesRunAtTheirLimitAndEverySearchIsAnsweredInTime(LocalPostgres postgres,
      @TempDir Path folder) throws Exception {
    String name = postgres
        .createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()));
    DatabaseConfig database = Vault.database(postgres, name);
    new Vault(database, folder, StoringNode.config(64 << 20), 4 << 20).close();
    slow(postgres, name);
    try (StoringNode node = new StoringNode(database, folder, StoringNode.config(64 << 20), 4 << 20);
        Modality modality = new Modality(node.dicom)) {
      assertEquals(0, modality.store(Phantom.instance(1, 0), Phantom.image(1, 0, 1_000)));
      List<CompletableFuture<Integer>> storm = new ArrayList<>();
      for (int n = 0; n < SEARCHES; n++) storm.add(status(node, "instances?Rows=7"));

      int stored = 0;
      while (storm.stream().anyMatch(search -> !search.isDone()))
        assertEquals(0, modality.store(Phantom.instance(1, ++stored), Phantom.image(1, stored, 1_000)));
      assertTrue(stored >= 4, "whoever waits for a search of eight seconds stores fewer meanwhile: " + stored);

      TreeMap<Integer, Integer> statuses = new TreeMap<>();
      for (CompletableFuture<Integer> search : storm) statuses.merge(search.get(), 1, Integer::sum);
      assertEquals(List.of(413, 503), List.copyOf(statuses.keySet()), statuses.toString());
      assertTrue(statuses.get(503) >= SEARCHES / 2, "while the line is full: " + statuses);
      assertEquals(200, status(node, "studies?PatientID=PAT-1").get(), "when it is over");
    }
  }

  /** Fails when it takes longer than any search may. */
  private static CompletableFuture<Integer> status(StoringNode node, String query) {
    URI uri = URI.create("http://127.0.0.1:" + node.web + "/dicom-web/" + query);
    return CLIENT
        .sendAsync(HttpRequest.newBuilder(uri).timeout(LONGEST_SEARCH).build(), HttpResponse.BodyHandlers.discarding())
        .thenApply(HttpResponse::statusCode);
  }

  private static void slow(LocalPostgres postgres, String database) {
    Vertx vertx = Vertx.vertx();
    try {
      PgConnection connection = get(PgConnection.connect(vertx, new PgConnectOptions().setHost(postgres.host())
          .setPort(postgres.port())
          .setDatabase(database)
          .setUser(postgres.user())
          .setPassword(postgres.password())));
      for (String sql : List.of("create schema slow",
          "create function slow.lower(text) returns text language sql as 'select pg_sleep(60)::text'",
          "alter database \"" + database + "\" set search_path = public, slow, pg_catalog"))
        get(connection.query(sql).execute());
      get(connection.close());
    } finally {
      get(vertx.close());
    }
  }
}
