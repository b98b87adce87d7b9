package io.caregrid.perf.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.perf.Ending;
import io.caregrid.perf.Usage;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A server in a process of its own, with a PostgreSQL of its own, ours or the peer's: both get the same PostgreSQL with the same settings, those of {@code node
 * --dev}. The process tells its address in one line, and ends with its standard input.
 */
final class Child implements Server {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String READY = "READY ";

  private final String name;
  private final LocalPostgres postgres;
  private final String database;
  private final Process process;
  private final JsonNode told;

  private Child(String name, LocalPostgres postgres, String database, Process process, JsonNode told) {
    this.name = name;
    this.postgres = postgres;
    this.database = database;
    this.process = process;
    this.told = told;
  }

  /**
   * @param postgres settings of its PostgreSQL, beside those of {@code node --dev}
   * @param heap of its JVM, e.g. {@code 1g}
   */
  static Child caregrid(Path folder, Map<String, String> postgres, String heap, List<String> flags) throws IOException {
    return start("caregrid", folder, postgres, heap, flags, List.of("-Dfhir.host={host}", "-Dfhir.port={port}",
        "-Dfhir.database={database}", "-Dfhir.user={user}", "-cp", System.getProperty("java.class.path"),
        FhirDoor.class.getName(), "{folder}"));
  }

  /** @param built where perf/hapi was built: its {@code target} */
  static Child hapi(Path folder, Map<String, String> postgres, String heap, List<String> flags, Path built)
      throws IOException {
    Path jars = built.resolve("lib").toAbsolutePath();
    if (!Files.isDirectory(jars))
      throw new IOException("no HAPI in " + built + ": mvn -Pperf -pl perf/hapi -DskipTests package");
    return start("hapi", folder, postgres, heap, flags,
        List.of("-Dhapi.jdbc=jdbc:postgresql://{host}:{port}/{database}",
            "-Dhapi.user={user}", "-cp", built.resolve("classes").toAbsolutePath() + ":" + jars + "/*",
            "io.caregrid.perf.hapi.HapiServer", "{folder}"));
  }

  private static Child start(String name, Path folder, Map<String, String> settings, String heap, List<String> flags,
      List<String> rest)
      throws IOException {
    Path own = Files.createDirectories(folder.resolve(name));
    LocalPostgres postgres = LocalPostgres.start(own.resolve("postgres"), 0, settings);
    try {
      String database = postgres.createDatabase();
      List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "-Xms" + heap, "-Xmx" + heap));
      command.addAll(flags);
      for (String part : rest)
        command.add(part.replace("{host}", postgres.host())
            .replace("{port}", "" + postgres.port())
            .replace("{database}", database)
            .replace("{user}", postgres.user())
            .replace("{folder}", own.resolve("server").toAbsolutePath().toString()));
      ProcessBuilder builder = new ProcessBuilder(command).redirectError(own.resolve("log").toFile());
      builder.environment().put("FHIR_PASSWORD", postgres.password());
      builder.environment().put("HAPI_PASSWORD", postgres.password());
      Process process = builder.start();
      // a driver that is interrupted leaves nobody behind: the process ends with its standard input, PostgreSQL here
      Runtime.getRuntime().addShutdownHook(new Thread(postgres::close, "postgres-closer"));
      return new Child(name, postgres, database, process, ready(process, own.resolve("log")));
    } catch (IOException | RuntimeException failed) {
      postgres.close();
      throw failed;
    }
  }

  private static JsonNode ready(Process process, Path log) throws IOException {
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine())
      if (line.startsWith(READY)) return JSON.readTree(line.substring(READY.length()));
    throw new IOException("the server did not come up, its words are in " + log);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public URI base() {
    return URI.create(told.path("fhir").asText());
  }

  @Override
  public Usage usage() {
    return Usage.now(process.pid(), postgres.postmaster());
  }

  @Override
  public void settle() throws IOException {
    if (!told.has("backlog")) return;
    try (Wire wire = new Wire(URI.create(told.path("backlog").asText()))) {
      while (!wire.get("").text().equals("0")) LockSupport.parkNanos(100_000_000);
    }
  }

  @Override
  public OptionalLong bytes() throws IOException {
    String url = "jdbc:postgresql://" + postgres.host() + ":" + postgres.port() + "/" + database;
    try (Connection connection = DriverManager.getConnection(url, postgres.user(), postgres.password());
        ResultSet rows = connection.createStatement()
            .executeQuery("SELECT pg_database_size(current_database())")) {
      rows.next();
      return OptionalLong.of(rows.getLong(1));
    } catch (SQLException failed) {
      throw new IOException("the database does not tell its size", failed);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      Ending.of(process);
    } finally {
      postgres.close();
    }
  }
}
