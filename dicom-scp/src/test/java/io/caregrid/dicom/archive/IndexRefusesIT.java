package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.dicom.archive.Incoming.Receipt;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Schema;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What is told, and to whom, when the database will not have an instance. */
@ExtendWith(Engines.class)
class IndexRefusesIT {

  @Test
  void theLogNamesTheStateAndNoValueOfThePatients(LocalPostgres postgres, @TempDir Path folder) {
    String name = postgres
        .createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()));
    try (Vault vault = new Vault(Vault.database(postgres, name), folder, StoringNode.config(64 << 20), 4 << 20)) {
      sql(vault, postgres, name,
          "alter table image_study add constraint one_ward check (patient_id = 'pat-3' or patient_id::int > 0)");
      Logger root = (Logger) LoggerFactory.getLogger("io.caregrid");
      ListAppender<ILoggingEvent> heard = new ListAppender<>();
      heard.start();
      root.addAppender(heard);
      try {
        assertEquals(Why.FAILED, vault.refused(Phantom.image(2, 0, 1_000), Expected.ANYTHING).why);
      } finally {
        root.detachAppender(heard);
      }
      List<String> lines = List.copyOf(heard.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
      assertTrue(lines.contains("index refuses an instance cause=SQLSTATE 22P02"),
          lines.toString());
      for (String line : lines) assertFalse(line.toLowerCase().matches("(?s).*(rgen|pat-2).*"), line);
      vault.store(Phantom.image(3, 0, 1_000));
    }
  }

  @Test
  void anInstanceThatIsRemovedWhileItComesIsTakenUpAgain(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    String name = postgres
        .createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()));
    try (Vault vault = new Vault(Vault.database(postgres, name), folder, StoringNode.config(64 << 20), 4 << 20)) {
      sql(vault, postgres, name, "create function gone() returns trigger language plpgsql as 'begin return null; end'");
      sql(vault, postgres, name,
          "create trigger gone before insert on image_instance for each row execute function gone()");
      Future<Receipt> stored = vault.storing(Phantom.image(2, 0, 1_000), Expected.ANYTHING);
      until(() -> !vault.archive.acceptsMore() || stored.isComplete());
      sql(vault, postgres, name, "drop trigger gone on image_instance");

      assertEquals(Outcome.STORED, get(stored).outcome());
      assertEquals(1, vault.instances(2).size());
    }
  }

  @Test
  @Tag("full")
  void whileTheIndexDoesNotAnswerEverySenderIsToldToComeAgain(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    String name = postgres
        .createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()));
    try (StoringNode node = new StoringNode(Vault.database(postgres, name), folder, StoringNode.config(64 << 20),
        4 << 20); Modality modality = new Modality(node.dicom)) {
      sql(node.vault, postgres, name, "create function busy() returns trigger language plpgsql as "
          + "'begin raise exception using errcode = ''lock_not_available''; end'");
      sql(node.vault, postgres, name,
          "create trigger busy before insert on image_instance for each row execute function busy()");
      CompletableFuture<HttpResponse<Void>> web = HttpClient.newHttpClient()
          .sendAsync(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.web + "/dicom-web/studies"))
              .header("Content-Type", "application/dicom")
              .POST(HttpRequest.BodyPublishers.ofByteArray(Phantom.image(3, 0, 1_000)))
              .build(), HttpResponse.BodyHandlers.discarding());

      assertEquals(0xA700, modality.store(Phantom.instance(2, 0), Phantom.image(2, 0, 1_000)));
      assertEquals(503, web.get(3, TimeUnit.MINUTES).statusCode());
      sql(node.vault, postgres, name, "drop trigger busy on image_instance");
      until(node.vault.archive::acceptsMore);
      assertEquals(0, modality.store(Phantom.instance(2, 0), Phantom.image(2, 0, 1_000)));
    }
  }

  private static void until(BooleanSupplier so) {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
    while (!so.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "not within 3 min");
      LockSupport.parkNanos(5_000_000);
    }
  }

  private static void sql(Vault vault, LocalPostgres postgres, String database, String sql) {
    PgConnection connection = get(PgConnection.connect(vault.vertx, new PgConnectOptions().setHost(postgres.host())
        .setPort(postgres.port())
        .setDatabase(database)
        .setUser(postgres.user())
        .setPassword(postgres.password())));
    get(connection.query(sql).execute());
    get(connection.close());
  }
}
