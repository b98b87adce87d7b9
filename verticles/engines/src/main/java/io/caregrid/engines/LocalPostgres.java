package io.caregrid.engines;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real PostgreSQL 18 on 127.0.0.1, with its data in a folder, so that a restart goes on where it stopped.
 *
 * <p>The library that brings it switches {@code fsync} and {@code synchronous_commit} off, for tests that may forget. We promise not to forget: both
 * are switched on, and every start asks the server whether they are. Clients need the password (SCRAM) that was made up when the folder was.
 */
public final class LocalPostgres implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LocalPostgres.class);
  private static final String USER = "postgres";
  /** Long enough to recover from {@code kill -9} on a busy laptop. */
  private static final Duration STARTUP = Duration.ofMinutes(2);
  /** What the promises of the house rest on: setting → value that must be in force. */
  private static final Map<String, String> DURABLE = Map.of("fsync", "on", "synchronous_commit", "on",
      "full_page_writes", "on", "listen_addresses", Ports.HOST);

  /** Data folders of the servers of this process. */
  private static final Set<Path> RUNNING = ConcurrentHashMap.newKeySet();
  private static volatile boolean halting;

  private final EmbeddedPostgres server;
  private final Path data;
  private final FolderLock lock;
  private final String password;
  private final Path removedAtClose;
  private volatile boolean closing;
  private final AtomicInteger databases = new AtomicInteger();
  /** Of {@link #createDatabase(Consumer)}; null before the first. Guarded by {@link #databases}. */
  private String template;
  /** Guarded by {@link #databases}. */
  private final Set<String> abandoned = new LinkedHashSet<>();

  private LocalPostgres(EmbeddedPostgres server, Path data, FolderLock lock, String password, Path removedAtClose) {
    this.server = server;
    this.data = data;
    this.lock = lock;
    this.password = password;
    this.removedAtClose = removedAtClose;
  }

  /**
   * Starts on this folder, or goes on in it. Blocks until the server answers, some 2 s, 3 s more for a new folder.
   *
   * @param port 0 takes any free one
   * @throws EngineException when the folder is in use or cannot be written, the port is taken, or the server does not come up
   */
  public static LocalPostgres start(Path folder, int port) {
    return start(folder, port, Map.of(), null);
  }

  /**
   * As {@link #start(Path, int)}, with settings of one's own, such as {@code shared_buffers}.
   *
   * @param settings of postgresql.conf; what promises rest on stays as it is
   */
  public static LocalPostgres start(Path folder, int port, Map<String, String> settings) {
    return start(folder, port, settings, null);
  }

  /** A server for one run: its folder is removed when it is closed, at the latest when this process ends in an orderly way. */
  public static LocalPostgres temporary() {
    return temporary(Folders.temporary("postgres"));
  }

  /** As {@link #temporary()}, in a new folder that is there. */
  static LocalPostgres temporary(Path folder) {
    LocalPostgres postgres = start(folder, 0, Map.of(), folder);
    Runtime.getRuntime().addShutdownHook(new Thread(postgres::close, "local-postgres-closer"));
    return postgres;
  }

  private static LocalPostgres start(Path folder, int wanted, Map<String, String> settings, Path removedAtClose) {
    Path absolute = folder.toAbsolutePath().normalize();
    FolderLock lock = FolderLock.take(absolute, "postgres");
    try (Ports.Held free = Ports.hold(1)) {
      Orphan.stop(absolute.resolve("data"));
      if (wanted != 0) Ports.checkFree(wanted, "PostgreSQL");
      int port = wanted != 0 ? wanted : free.number(0);
      String password = password(absolute);
      LocalPostgres postgres = new LocalPostgres(launch(absolute, port, password, settings), absolute.resolve("data"),
          lock,
          password, removedAtClose);
      RUNNING.add(postgres.data);
      postgres.assertDurable();
      postgres.process().ifPresent(running -> running.onExit().thenRun(postgres::ended));
      log.info("PostgreSQL is up address={}:{} folder={}", postgres.host(), postgres.port(), absolute);
      return postgres;
    } catch (RuntimeException failed) {
      lock.close();
      throw failed;
    }
  }

  private static EmbeddedPostgres launch(Path folder, int port, String password, Map<String, String> settings) {
    log.info("PostgreSQL is starting folder={}", folder);
    EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
        .setOverrideWorkingDirectory(Folders.cache().resolve("postgres").toFile())
        .setDataDirectory(folder.resolve("data"))
        .setCleanDataDirectory(false)
        .setRegisterShutdownHook(false)
        .setPort(port)
        .setPGStartupWait(STARTUP)
        // initdb takes these as --key=value, after its own --auth=trust: nobody gets in without the password
        .setLocaleConfig("auth", "scram-sha-256")
        .setLocaleConfig("pwfile", passwordFile(folder).toString())
        .setLocaleConfig("locale", "C.UTF-8")
        .setConnectConfig("password", password)
        .setServerConfig("unix_socket_directories", "")
        .setServerConfig("max_connections", "200")
        .setServerConfig("jit", "off")
        .setServerConfig("shared_buffers", "256MB")
        // device Observations are rewritten all the time: each checkpoint makes the next rewrite of a page log all of it
        .setServerConfig("max_wal_size", "2GB")
        .setServerConfig("checkpoint_timeout", "15min");
    settings.forEach(builder::setServerConfig);
    DURABLE.forEach(builder::setServerConfig);
    try {
      return builder.start();
    } catch (IOException | IllegalStateException failed) {
      throw new EngineException("PostgreSQL does not start in " + folder + ": " + failed.getMessage()
          + ". Is the disk full? Its own words are in the log", failed);
    }
  }

  /** Asks the running server, not the configuration: a promise stands on what is in force. */
  private void assertDurable() {
    DURABLE.forEach((setting, wanted) -> {
      String actual = ask("SHOW " + setting);
      if (actual.equals(wanted)) return;
      close();
      throw new EngineException("PostgreSQL runs with " + setting + "=" + actual + " instead of " + wanted);
    });
  }

  public String host() {
    return Ports.HOST;
  }

  public int port() {
    return server.getPort();
  }

  /** Process id of the server's first process. */
  public long postmaster() {
    try {
      return Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0));
    } catch (IOException | NumberFormatException gone) {
      throw new EngineException("PostgreSQL does not run in " + data, gone);
    }
  }

  public String user() {
    return USER;
  }

  public String password() {
    return password;
  }

  /** Makes an empty database with a name nobody has used, and gives that name. Any thread. */
  public String createDatabase() {
    String name = name(databases.incrementAndGet());
    run("CREATE DATABASE " + name);
    return name;
  }

  /**
   * As {@link #createDatabase()}, with what {@code schema} makes in an empty one: that is made once on this server, and copied from then on, in a tenth of
   * the time. Every call gives the same {@code schema}. Of the 2,400 files of the house's schema a copy by file waits on a disk for each to be there, on
   * average for 5 s, and one through the log for half a second; in memory they take 0.07 and 0.15 s.
   *
   * @param schema gets the name of a database, and leaves no connection to it
   */
  public String createDatabase(Consumer<String> schema) {
    String name = name(databases.incrementAndGet());
    synchronized (databases) {
      if (template == null) {
        String first = createDatabase();
        schema.accept(first);
        template = first;
      }
      run("CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY "
          + (isInMemory() ? "FILE_COPY" : "WAL_LOG"));
    }
    return name;
  }

  boolean isInMemory() {
    return Folders.isInMemory(data);
  }

  /** How many databases {@link #createDatabase()} has made. */
  int databases() {
    return databases.get();
  }

  /**
   * Nobody wants those any more that were made after the first {@code before}. They are removed, but for the template; one to which somebody is still
   * connected, at a later call.
   */
  void abandon(int before) {
    synchronized (databases) {
      for (int n = before + 1; n <= databases.get(); n++) abandoned.add(name(n));
      abandoned.remove(template);
      Set<String> unused = new LinkedHashSet<>(abandoned);
      unused.removeAll(column("SELECT DISTINCT datname FROM pg_stat_activity WHERE datname IS NOT NULL"));
      for (String name : unused) run("DROP DATABASE IF EXISTS " + name);
      abandoned.removeAll(unused);
    }
  }

  /**
   * Makes the database unless it is there.
   *
   * @param name a plain SQL identifier
   * @return the name
   */
  public String database(String name) {
    if (!name.matches("[a-z][a-z0-9_]{0,62}"))
      throw new IllegalArgumentException("not a plain SQL identifier: " + name);
    boolean there = ask("SELECT count(*) FROM pg_database WHERE datname = '" + name + "'").equals("1");
    if (!there) run("CREATE DATABASE " + name);
    return name;
  }

  private static String name(int number) {
    return "d" + ProcessHandle.current().pid() + "_" + number;
  }

  private String ask(String sql) {
    return column(sql).get(0);
  }

  private List<String> column(String sql) {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> values = new ArrayList<>();
      while (rows.next()) values.add(rows.getString(1));
      return values;
    } catch (SQLException failed) {
      throw new EngineException("PostgreSQL does not answer " + sql + ": " + failed.getMessage(), failed);
    }
  }

  private void run(String sql) {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException failed) {
      throw new EngineException("PostgreSQL refuses " + sql + ": " + failed.getMessage(), failed);
    }
  }

  /**
   * Stops the server (fast shutdown: open transactions are rolled back, everything committed is on disk); one whose folder is removed at once, since nobody reads what
   * its last checkpoint would write. A second call does nothing.
   */
  @Override
  public synchronized void close() {
    Optional<ProcessHandle> running = process();
    closing = true;
    try {
      if (removedAtClose != null) running.ifPresent(Orphan::end);
      server.close();
      running.ifPresent(this::requireEnd);
    } catch (IOException failed) {
      throw new EngineException("PostgreSQL does not stop: " + failed.getMessage(), failed);
    } finally {
      RUNNING.remove(data);
      lock.close();
    }
    if (removedAtClose != null) Folders.remove(removedAtClose);
  }

  /** Somebody or something else has ended it: nobody brings it back while this process runs. */
  private void ended() {
    if (!closing && !halting)
      log.error("PostgreSQL has ended, and not because it was asked to by this process: stop this process and start it"
          + " again, it goes on where it stopped. Until then nothing is stored folder={}", data);
  }

  private Optional<ProcessHandle> process() {
    try {
      return ProcessHandle.of(postmaster());
    } catch (EngineException stoppedAlready) {
      return Optional.empty();
    }
  }

  /** On a slow disk its last checkpoint takes longer than the five seconds for which it is waited above: until then the folder is in use. */
  private void requireEnd(ProcessHandle postmaster) {
    if (!Orphan.ended(postmaster, Orphan.CLEAN_STOP))
      throw new EngineException("PostgreSQL process " + postmaster.pid() + " of folder " + data + " does not stop");
  }

  /** For a process that halts and closes nothing: its servers stop on their own, without anybody waiting for them. */
  static void tellAllToStop() {
    halting = true;
    RUNNING.forEach(Orphan::tellToStop);
  }

  private static Path passwordFile(Path folder) {
    return folder.resolve("password");
  }

  /** Made up once per folder, readable by its owner only. An empty file is what a full disk left of the first start. */
  private static String password(Path folder) {
    Path file = passwordFile(folder);
    try {
      if (Files.exists(file) && Files.size(file) > 0) return Files.readString(file).strip();
      Files.deleteIfExists(file);
      byte[] random = new byte[16];
      new SecureRandom().nextBytes(random);
      Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      return Files.readString(Files.writeString(file, HexFormat.of().formatHex(random)));
    } catch (IOException failed) {
      throw new EngineException("file " + file + " cannot be written: " + failed, failed);
    }
  }
}
