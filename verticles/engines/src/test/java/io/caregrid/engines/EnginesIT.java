package io.caregrid.engines;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Engines.class)
class EnginesIT {

  @Test
  void everyDatabaseIsNewAndNeedsThePassword(LocalPostgres postgres) throws SQLException {
    String first = postgres.createDatabase();
    String second = postgres.createDatabase();

    assertNotEquals(first, second);
    String url = "jdbc:postgresql://" + postgres.host() + ":" + postgres.port() + "/" + first;
    try (Connection connection = DriverManager.getConnection(url, postgres.user(), postgres.password())) {
      assertTrue(connection.isValid(60));
    }
    assertThrows(SQLException.class, () -> DriverManager.getConnection(url, postgres.user(), "wrong"));
  }

  @Test
  void anAbandonedDatabaseGoesWhenNobodyIsConnectedAnyMoreAndTheTemplateStays(
      LocalPostgres postgres) throws SQLException {
    int before = postgres.databases();
    String used = postgres.createDatabase(empty -> {});
    String left = postgres.createDatabase(empty -> {});
    try (Connection connection = connected(postgres, used)) {
      postgres.abandon(before);

      assertTrue(connection.isValid(60));
      assertThrows(SQLException.class, () -> connected(postgres, left).close());
    }
    Instant deadline = Instant.now().plusSeconds(60);
    while (isThere(postgres, used) && Instant.now().isBefore(deadline)) postgres.abandon(before);
    assertFalse(isThere(postgres, used), "nobody is connected to " + used);
    assertTrue(isThere(postgres, postgres.createDatabase(empty -> {})), "the template is there");
  }

  private static Connection connected(LocalPostgres postgres, String database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://" + postgres.host() + ":" + postgres.port() + "/" + database, postgres.user(),
        postgres.password());
  }

  private static boolean isThere(LocalPostgres postgres, String database) throws SQLException {
    try (Connection connection = connected(postgres, "postgres");
        ResultSet found = connection.createStatement()
            .executeQuery("SELECT 1 FROM pg_database WHERE datname = '" + database + "'")) {
      return found.next();
    }
  }

  @Test
  void whatAKilledProcessLeftInMemoryIsRemovedAndWhatALivingOneHasIsNot() throws Exception {
    Path dead = Memory.folder("trial");
    Path living = Memory.folder("trial");
    assumeTrue(Folders.isInMemory(dead), "there is no room in memory");
    Process process = new ProcessBuilder("true").start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    Files.writeString(dead.resolve("trial.lock"), Long.toString(process.pid()));
    try (FolderLock held = FolderLock.take(living, "trial")) {
      Folders.remove(Memory.folder("trial"));

      assertFalse(Files.exists(dead));
      assertTrue(Files.exists(living));
    } finally {
      Folders.remove(living);
    }
  }

  @Test
  void aNamedDatabaseIsMadeOnce(LocalPostgres postgres) {
    assertEquals("ward", postgres.database("ward"));
    assertEquals("ward", postgres.database("ward"));
    assertThrows(IllegalArgumentException.class, () -> postgres.database("ward; DROP DATABASE postgres"));
  }

  @Test
  void theBrokerIsTheSameForEveryTest(LocalKafka one, LocalKafka same) {
    assertEquals(one.bootstrapServers(), same.bootstrapServers());
    assertTrue(one.bootstrapServers().startsWith("127.0.0.1:"));
  }

  @Test
  @Tag("full")
  void killedProcessLosesNothingItAcknowledged(@TempDir(factory = Memory.class) Path temp) throws Exception {
    Path folder = temp.resolve("a folder");

    List<String> before = KilledChild.runAndKill(folder);
    ProcessHandle orphan = ProcessHandle.of(postmaster(folder)).orElseThrow();
    List<String> after = KilledChild.runAndKill(folder);

    assertEquals(List.of("rows 0", "records 0", "wrote"), before);
    assertEquals(List.of("rows 100", "records 100", "wrote"), after);
    assertFalse(orphan.isAlive(), "the postmaster left behind was stopped");
    LocalPostgres.start(folder.resolve("postgres"), 0).close();
    assertFalse(Files.exists(folder.resolve("postgres/data/postmaster.pid")));
  }

  @Test
  @Tag("full")
  void aBrokerThatCannotWriteLeavesNoPostmasterBehind(@TempDir(factory = Memory.class) Path folder) throws Exception {
    assertEquals(List.of("rows 0", "records 0", "wrote"), KilledChild.runAndHalt(folder));

    Path pid = folder.resolve("postgres/data/postmaster.pid");
    Instant deadline = Instant.now().plusSeconds(60);
    while (Files.exists(pid) && Instant.now().isBefore(deadline)) Thread.onSpinWait();
    assertFalse(Files.exists(pid), "PostgreSQL is still there");
  }

  @Test
  @Tag("full")
  void whatAFullDiskLeftEmptyDoesNotStopTheNextStart(@TempDir(factory = Memory.class) Path folder) throws Exception {
    Files.createFile(folder.resolve("password"));
    LocalPostgres.start(folder, 0).close();
    Files.createFile(folder.resolve("data/postmaster.pid"));

    LocalPostgres.start(folder, 0).close();
  }

  @Test
  @Tag("full")
  void aProcessThatGotThePostmastersNumberIsLeftAlone(@TempDir(factory = Memory.class) Path folder) throws Exception {
    LocalPostgres.start(folder, 0).close();
    Process bystander = new ProcessBuilder("sleep", "600").start();
    Path data = folder.toAbsolutePath().resolve("data");
    Files.writeString(data.resolve("postmaster.pid"),
        bystander.pid() + "\n" + data + "\n1000000000\n5432\n\n127.0.0.1\n");

    try (LocalPostgres postgres = LocalPostgres.start(folder, 0)) {
      assertTrue(bystander.isAlive());
    } finally {
      bystander.destroyForcibly().waitFor(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void aFolderServesOneProcess(@TempDir Path folder) {
    try (FolderLock first = FolderLock.take(folder, "node")) {
      EngineException refused = assertThrows(EngineException.class, () -> FolderLock.take(folder, "node"));

      assertTrue(refused.getMessage()
          .contains(folder + " is in use by another node (process "
              + ProcessHandle.current().pid() + ")"),
          refused.getMessage());
    }
    assertDoesNotThrow(() -> FolderLock.take(folder, "node").close());
  }

  @Test
  void aTakenPortIsNamed(@TempDir Path folder) throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1"))) {
      int port = taken.getLocalPort();

      for (Runnable start : List.<Runnable>of(() -> LocalPostgres.start(folder.resolve("p"), port),
          () -> LocalKafka.start(folder.resolve("k"), port))) {
        EngineException refused = assertThrows(EngineException.class, start::run);
        assertTrue(refused.getMessage().contains("127.0.0.1:" + port), refused.getMessage());
      }
    }
  }

  private static long postmaster(Path folder) throws IOException {
    return Long.parseLong(Files.readAllLines(folder.resolve("postgres/data/postmaster.pid")).get(0));
  }
}
