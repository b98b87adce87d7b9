package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What is told, and to whom, when the database will not have an instance. */
@ExtendWith(Engines.class)
class IndexRefusesIT {

  @Test
  void theLogNamesTheStateAndNoValueOfThePatients(LocalPostgres postgres, @TempDir Path folder) {
    String name = postgres.createDatabase();
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
