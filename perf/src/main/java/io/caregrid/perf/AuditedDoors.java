package io.caregrid.perf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.ApiDoors;
import io.caregrid.api.HttpVerticle;
import io.caregrid.cluster.AuditConfig;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.HttpConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Doorman;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.platform.Await;
import io.caregrid.store.AuditEvents;
import io.caregrid.store.Database;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.FhirStore;
import io.caregrid.store.audit.Trail;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * A process with one store and a FHIR door for each way of auditing; the same Vert.x, database and JIT serve all, so that only the trail differs. Each door has
 * connections of its own: with shared ones, those of the door that asked first are on its thread, and every other door pays for changing threads. The second door
 * is like the first: what it differs by is what two doors differ by anyway.
 */
final class AuditedDoors implements AutoCloseable {
  /** The first is what the others are compared with. */
  static final List<String> NAMES = List.of("none", "control", "written", "forced");
  static final int OBSERVATIONS = 2_000;
  private static final String READY = "READY ";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final Map<String, Integer> told;
  private final HttpClient client = HttpClient.newHttpClient();

  private AuditedDoors(Process process, Map<String, Integer> told) {
    this.process = process;
    this.told = told;
  }

  static AuditedDoors start(Path folder) throws IOException {
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
        "-Xms512m", "-cp", System.getProperty("java.class.path"), AuditedDoors.class.getName(), folder.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (!line.startsWith(READY)) continue;
      Map<String, Integer> told = new HashMap<>();
      JSON.readTree(line.substring(READY.length()))
          .properties()
          .forEach(one -> told.put(one.getKey(), one.getValue().asInt()));
      return new AuditedDoors(process, told);
    }
    throw new IOException("the doors did not open");
  }

  String address(String door) {
    return "http://127.0.0.1:" + told.get(door);
  }

  Usage usage() {
    return Usage.now(process.pid(), told.get("postmaster"));
  }

  /** What was read through this door is in the database: shipping it belongs to its price. */
  void awaitShipped(String door) throws IOException, InterruptedException {
    HttpRequest ask = HttpRequest.newBuilder(URI.create(address(door) + "/metrics")).build();
    while (!client.send(ask, HttpResponse.BodyHandlers.ofString()).body().equals("0"))
      LockSupport.parkNanos(100_000_000);
  }

  @Override
  public void close() throws IOException {
    Ending.of(process);
  }

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    try (LocalPostgres postgres = LocalPostgres.start(folder.resolve("postgres"), 0)) {
      Vertx vertx = Vertx.vertx();
      DatabaseConfig config = new DatabaseConfig(postgres.host(), postgres.port(), postgres.createDatabase(),
          postgres.user(), postgres.password(), 16);
      fill(new FhirStore(Await.ready(Database.open(vertx, config)), entry -> Future.succeededFuture()));
      ObjectNode ports = JSON.createObjectNode();
      for (String name : NAMES) ports.put(name, open(vertx, config, folder.resolve(name), name));
      Path pid = folder.resolve("postgres/data/postmaster.pid");
      ports.put("postmaster", Integer.parseInt(java.nio.file.Files.readAllLines(pid).get(0)));
      System.out.println(READY + ports);
      System.in.transferTo(OutputStream.nullOutputStream());
      Await.ready(vertx.close());
    }
  }

  private static int open(Vertx vertx, DatabaseConfig config, Path folder, String name) throws IOException {
    Database database = Await.ready(Database.open(vertx, config));
    AuditEvents events = new AuditEvents(database);
    SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    Audit audit = entry -> Future.succeededFuture();
    if (name.equals("written") || name.equals("forced")) {
      AuditConfig usual = AuditConfig.DEFAULT;
      Trail trail = Trail.open(folder, new AuditConfig(null, name.equals("forced"), usual.whenFull(),
          usual.segmentMegabytes(), usual.backlogMegabytes(), 0, 0, usual.refusalsPerMinute()), name, metrics);
      trail.ship(vertx, events);
      audit = trail;
    }
    HttpVerticle http = new HttpVerticle(new HttpConfig("127.0.0.1", 0, List.of()), Doorman.OPEN, audit,
        ApiDoors.all(vertx, new FhirStore(database, audit), new DeadLetters(database), events, audit, 1, List.of(),
            () -> backlog(metrics), "perf"));
    Await.ready(vertx.deployVerticle(http));
    return http.port();
  }

  private static String backlog(SimpleMeterRegistry metrics) {
    var gauge = metrics.find("audit.backlog").gauge();
    return gauge == null ? "0" : String.valueOf((long) gauge.value());
  }

  private static void fill(FhirStore store) throws IOException {
    StringBuilder data = new StringBuilder();
    for (int i = 0; i < 300; i++) data.append(60 + i % 40).append(' ');
    for (int n = 0; n < OBSERVATIONS; n++) {
      ObjectNode observation = (ObjectNode) JSON
          .readTree("{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"heart rate\"},"
              + "\"subject\":{\"reference\":\"Patient/p-" + n % 100
              + "\"},\"valueSampledData\":{\"origin\":{\"value\":0},\"period\":1000,\"dimensions\":1,\"data\":\""
              + data.toString().strip() + "\"}}");
      Await.ready(store.createIfAbsent(Caller.system("perf"), "Observation", "o-" + n, observation));
    }
  }
}
