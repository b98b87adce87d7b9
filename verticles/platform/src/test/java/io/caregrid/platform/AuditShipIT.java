package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.AuditConfig;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Caller;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.Engines;
import io.caregrid.engines.FolderLock;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.AuditEvents;
import io.caregrid.store.AuditQuery;
import io.caregrid.store.Database;
import io.caregrid.store.Schema;
import io.caregrid.store.audit.Trail;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@ExtendWith(Engines.class)
class AuditShipIT {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir
  private Path data;

  @Test
  void whatADeadNodeRecordedIsBroughtToTheDatabaseAndTheExitCodeSaysWhetherAllIs(LocalPostgres postgres)
      throws IOException {
    DatabaseConfig database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 4);
    assertEquals(1, run("ship", database), "there is no trail yet");
    assertTrue(err.toString().contains("there is no audit trail in " + data.resolve("audit")), err.toString());
    Path folder = data.resolve("audit");
    try (Trail trail = Trail.open(folder, AuditConfig.DEFAULT, "dead", new SimpleMeterRegistry())) {
      for (int n = 0; n < 3000; n++)
        Await.ready(trail.record(Entry.of(Caller.system("test"), Deed.READ, "Patient/1")));
    }

    try (FolderLock node = FolderLock.take(folder, "audit")) {
      assertEquals(1, run("ship", database), "the node runs");
    }
    assertEquals(0, run("ship", database), out + "" + err);
    assertTrue(out.toString().contains("all that was recorded is in the database"), out.toString());
    assertEquals(0, run("ship", database), "again");
    assertEquals(3000, inDatabase(database));
  }

  @Test
  void whatAKilledNodeStagedAndNeverBroughtToItsFilesIsShippedToo(LocalPostgres postgres) throws IOException {
    DatabaseConfig database = new DatabaseConfig(postgres.host(), postgres.port(), postgres.createDatabase(),
        postgres.user(), postgres.password(), 4);
    Path running = data.resolve("running");
    int recorded = 0;
    try (Trail trail = Trail.open(running, AuditConfig.DEFAULT, "killed", new SimpleMeterRegistry())) {
      do {
        for (int n = 0; n < 500; n++, recorded++)
          Await.ready(trail.record(Entry.of(Caller.system("test"), Deed.READ, "Patient/1")));
        copy(running, data.resolve("audit"));
      } while (lines(data.resolve("audit")) == recorded && recorded < 100_000);
    }
    assertTrue(lines(data.resolve("audit")) < recorded, "nothing was only staged");

    assertEquals(0, run("ship", database), out + "" + err);
    assertEquals(recorded, inDatabase(database));
    assertEquals(recorded, lines(data.resolve("audit")));
    assertEquals(0, run("ship", database), "again");
    assertEquals(recorded, inDatabase(database));
  }

  /** As it would be after a kill now: what is moved meanwhile is in both, the stage and a file. */
  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    Files.write(to.resolve("stage"), Files.readAllBytes(from.resolve("stage")));
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(one -> !one.endsWith("stage")).toList())
        Files.write(to.resolve(file.getFileName()), Files.readAllBytes(file));
    }
  }

  private static long lines(Path folder) throws IOException {
    long lines = 0;
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(one -> one.toString().endsWith(".jsonl")).toList())
        lines += Files.readAllLines(file).size();
    }
    return lines;
  }

  private static long inDatabase(DatabaseConfig config) {
    Vertx vertx = Vertx.vertx();
    try {
      Database database = AskAgain.whileBusy(() -> Await.ready(Database.open(vertx, config)));
      AuditQuery all = new AuditQuery(null, null, List.of("Patient/1"), List.of(), List.of(), List.of(), List.of(),
          List.of(), null, null, List.of(), 0, true, null);
      return Await.ready(new AuditEvents(database).search(all)).total().orElseThrow();
    } finally {
      Await.ready(vertx.close());
    }
  }

  private int run(String command, DatabaseConfig database) {
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute("audit", command, "--seconds", "180", "--set", "data=" + data, "--set",
        "database.host=" + database.host(), "--set", "database.port=" + database.port(), "--set",
        "database.database=" + database.database(), "--set", "database.user=" + database.user(), "--set",
        "database.password=" + database.password());
  }
}
