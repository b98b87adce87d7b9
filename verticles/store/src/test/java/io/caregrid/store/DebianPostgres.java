package io.caregrid.store;

import static org.junit.jupiter.api.Assumptions.abort;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.engines.Memory;
import io.caregrid.engines.OwnPort;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A private cluster made of Debian's PostgreSQL 15, on a free port, with SCRAM, safe settings and its files in a folder of its own. */
final class DebianPostgres implements Postgres, AutoCloseable {
  private static final Path BIN = Path
      .of(System.getProperty("caregrid.test.postgres.bin", "/usr/lib/postgresql/15/bin"));
  private static final String USER = "caregrid";
  private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

  private final Path folder;
  private final OwnPort held;
  private final int port;
  private final String password;
  /** What {@link #migrated()} copies; null before the first. */
  private String template;

  private DebianPostgres(Path folder, OwnPort held, String password) {
    this.folder = folder;
    this.held = held;
    this.port = held.number();
    this.password = password;
  }

  static DebianPostgres start() {
    if (!Files.isExecutable(BIN.resolve("initdb")))
      missing("Debian's PostgreSQL 15 is not installed: apt-get install postgresql-15");
    try {
      Path folder = Memory.folder("debian-postgres");
      DebianPostgres server = new DebianPostgres(folder, OwnPort.take(), UUID.randomUUID().toString());
      server.up();
      return server;
    } catch (IOException cause) {
      throw new IllegalStateException("Debian's PostgreSQL does not start", cause);
    }
  }

  private static void missing(String what) {
    if ("true".equals(System.getenv("CAREGRID_STRICT"))) throw new IllegalStateException(what);
    abort(what);
  }

  private void up() throws IOException {
    Path secret = Files.writeString(folder.resolve("password"), password);
    if (ROOT) run("chown", "-R", "nobody", folder.toString());
    asUser("initdb", "--auth=scram-sha-256", "--pwfile=" + secret, "--username=" + USER, "--encoding=UTF8",
        "--locale=C.UTF-8", "-D", data());
    asUser("pg_ctl", "start", "-w", "-D", data(), "-l", folder.resolve("log").toString(), "-o",
        "-h 127.0.0.1 -p " + port + " -k '' -c max_connections=200");
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "debian-postgres-closer"));
  }

  private String data() {
    return folder.resolve("data").toString();
  }

  /** PostgreSQL refuses to run as root. */
  private void asUser(String program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(ROOT ? List.of("runuser", "-u", "nobody", "--") : List.of());
    command.add(BIN.resolve(program).toString());
    command.addAll(List.of(arguments));
    run(command.toArray(String[]::new));
  }

  private void run(String... command) throws IOException {
    File out = File.createTempFile("caregrid", ".out");
    try {
      Process process = new ProcessBuilder(command).directory(new File("/"))
          .redirectErrorStream(true)
          .redirectOutput(out)
          .start();
      boolean done = process.waitFor(60, TimeUnit.SECONDS);
      if (!done) process.destroy();
      if (!done || process.exitValue() != 0)
        throw new IOException(command[0] + " failed: " + Files.readString(out.toPath()));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException(stopped);
    } finally {
      Files.delete(out.toPath());
    }
  }

  @Override
  public DatabaseConfig createDatabase() {
    return database("template1");
  }

  @Override
  public synchronized DatabaseConfig migrated() {
    if (template == null) {
      DatabaseConfig first = createDatabase();
      Schema.bring(first);
      template = first.database();
    }
    return database(template);
  }

  private DatabaseConfig database(String template) {
    String name = "d" + UUID.randomUUID().toString().replace("-", "");
    Room.sql(new DatabaseConfig("127.0.0.1", port, "postgres", USER, password, 2),
        "create database " + name + " template " + template);
    return new DatabaseConfig("127.0.0.1", port, name, USER, password, 8);
  }

  @Override
  public synchronized void close() {
    if (!Files.exists(folder)) return;
    try {
      asUser("pg_ctl", "stop", "-w", "-m", "fast", "-D", data());
      run("rm", "-rf", folder.toString());
      held.close();
    } catch (IOException cause) {
      throw new IllegalStateException("Debian's PostgreSQL does not stop, its folder is " + folder, cause);
    }
  }
}
