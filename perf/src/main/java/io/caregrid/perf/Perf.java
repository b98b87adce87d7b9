package io.caregrid.perf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** From a device's message to a stored Observation: how many a second, how late, at what cost. Prints a table, and keeps it as JSON. */
@Command(name = "perf", mixinStandardHelpOptions = true, sortOptions = false, description = "Puts a whole node (embedded PostgreSQL and Kafka included) under load on this machine, and reads back every value it sent.")
public final class Perf implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private static final List<String> ALL = List.of("kafka", "http", "ndjson", "latency");

  @Option(names = "--only", split = ",", paramLabel = "ROW", description = "Some of: kafka, http, ndjson, latency, mqtt, remote. Default: all but mqtt and remote.")
  private List<String> only = ALL;
  @Option(names = "--devices", defaultValue = "30000", description = "Devices at 1 Hz for the Kafka row, which is also its events a second. Default: ${DEFAULT-VALUE}")
  private int devices;
  @Option(names = "--minutes", defaultValue = "10", description = "Length of the Kafka row, at most 29. Default: ${DEFAULT-VALUE}")
  private int minutes;
  @Option(names = "--warm-up", defaultValue = "60", description = "Seconds of the same load before the Kafka row and the latency rows are measured. Default: ${DEFAULT-VALUE}")
  private int warmUp;
  @Option(names = "--http-seconds", defaultValue = "60", description = "Length of each HTTP row. Default: ${DEFAULT-VALUE}")
  private int httpSeconds;
  @Option(names = "--connections", defaultValue = "64", description = "HTTP connections, each waiting for its answer. Default: ${DEFAULT-VALUE}")
  private int connections;
  @Option(names = "--clients", defaultValue = "64", description = "MQTT clients. Default: ${DEFAULT-VALUE}")
  private int clients;
  @Option(names = "--in-flight", defaultValue = "20", description = "Messages of each that are not acknowledged. Default: ${DEFAULT-VALUE}, as Mosquitto's clients have it")
  private int inFlight;
  @Option(names = "--observations", defaultValue = "5000", description = "Of the remote row. Default: ${DEFAULT-VALUE}")
  private int observations;
  @Option(names = "--peer", paramLabel = "HOST:PORT", description = "An MQTT broker, such as Debian's mosquitto, that gets the same load as the mqtt row: what it accepts, nothing is stored.")
  private String peer;
  @Option(names = "--heap", defaultValue = "3g", description = "Heap of the node's JVM. Default: ${DEFAULT-VALUE}")
  private String heap;
  @Option(names = "--shards", defaultValue = "12", description = "Default: ${DEFAULT-VALUE}")
  private int shards;
  @Option(names = "--jvm", split = " ", description = "More flags for the node's JVM.")
  private List<String> jvmFlags = List.of();
  @Option(names = "--out", paramLabel = "FILE", description = "Where the JSON goes. Default: perf/results/<date>-end-to-end.json, with --only <date>-<rows>.json")
  private Path out;

  public static void main(String[] args) {
    System.exit(new CommandLine(new Perf()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    List<Map<String, Object>> rows = new ArrayList<>();
    if (only.contains("kafka"))
      rows.add(run("kafka", Duration.ofSeconds(30),
          scene -> scene.kafka(devices, warmUp, Math.min(minutes * 60, Ward.SECONDS / 2 - warmUp))));
    if (only.contains("http"))
      rows.add(
          run("http, one event a request", Duration.ofSeconds(30), scene -> scene.http(1, connections, httpSeconds)));
    if (only.contains("ndjson"))
      rows.add(run("http, NDJSON of 100", Duration.ofSeconds(30),
          scene -> scene.http(100, connections / 4 + 1, httpSeconds)));
    if (only.contains("latency")) {
      rows.add(run("latency, batchAge 1 s", Duration.ofSeconds(1), scene -> scene.latency(1000, warmUp, 60)));
      rows.add(run("latency, batchAge 30 s", Duration.ofSeconds(30), scene -> scene.latency(1000, warmUp, 120)));
    }
    if (only.contains("mqtt")) {
      rows.add(run("mqtt, QoS 1", Duration.ofSeconds(30), List.of(Node.WITH_MQTT),
          scene -> scene.mqtt(clients, inFlight, httpSeconds)));
      if (peer != null) rows.add(peer());
    }
    if (only.contains("remote"))
      try (RemotePeer there = new RemotePeer()) {
        rows.add(
            run("Observations to HAPI's FHIR server", Duration.ofSeconds(1), List.of(Node.WITH_REMOTE + there.url()),
                scene -> scene.remote(there, observations, 5 * httpSeconds)));
      }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("at", Instant.now().toString());
    result.put("machine", machine());
    result.put("rows", rows);
    String rowsRun = only.containsAll(ALL) ? "end-to-end" : String.join("-", only);
    Path file = out != null
        ? out
        : Path.of("perf", "results", Instant.now().toString().substring(0, 10) + "-" + rowsRun + ".json");
    Files.createDirectories(file.toAbsolutePath().getParent());
    JSON.writeValue(file.toFile(), result);
    System.out.println("\nkept in " + file);
    return 0;
  }

  private interface Row {
    Map<String, Object> of(Scene scene) throws Exception;
  }

  private Map<String, Object> peer() throws Exception {
    System.out.println("== mqtt, QoS 1, " + peer);
    Vertx vertx = Vertx.vertx();
    int colon = peer.lastIndexOf(':');
    MqttLoad load = new MqttLoad(vertx, peer.substring(0, colon), Integer.parseInt(peer.substring(colon + 1)),
        new Ward(20_000, Instant.now()), inFlight);
    try {
      long start = System.nanoTime();
      long sent = load.run(clients, TimeUnit.SECONDS.toNanos(httpSeconds))
          .toCompletionStage()
          .toCompletableFuture()
          .get();
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("row", "mqtt, QoS 1, peer at " + peer);
      row.put("events sent", sent);
      row.put("connections", clients);
      row.put("events per second, accepted", Math.round(sent / ((System.nanoTime() - start) / 1e8)) / 10.0);
      row.put("in flight, each", inFlight);
      print(row);
      return row;
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get();
    }
  }

  private Map<String, Object> run(String name, Duration batchAge, Row row) throws Exception {
    return run(name, batchAge, List.of(), row);
  }

  private Map<String, Object> run(String name, Duration batchAge, List<String> more, Row row) throws Exception {
    List<String> flags = new ArrayList<>(jvmFlags);
    flags.addAll(more);
    System.out.println("== " + name);
    Path folder = Files.createTempDirectory("caregrid-perf");
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("row", name);
    result.put("batchAge", batchAge.toString());
    result.put("shards", shards);
    result.put("heap", heap);
    try (Node node = Node.start(folder, batchAge, shards, heap, flags); Scene scene = new Scene(node)) {
      result.putAll(row.of(scene));
    } finally {
      remove(folder);
    }
    print(result);
    return result;
  }

  private static void print(Map<String, Object> row) {
    System.out.println();
    row.forEach((name, value) -> {
      if (!(value instanceof List)) System.out.printf(Locale.ROOT, "  %-34s %s%n", name, value);
    });
  }

  /** What the numbers were measured on. */
  public static Map<String, Object> machine() throws IOException {
    Map<String, Object> machine = new LinkedHashMap<>();
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      machine.put("cpu",
          lines.filter(line -> line.startsWith("model name"))
              .findFirst()
              .map(line -> line.replaceFirst(".*: ", ""))
              .orElse("unknown"));
    }
    machine.put("cores", Runtime.getRuntime().availableProcessors());
    try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
      machine.put("memory", lines.findFirst().map(line -> line.replaceFirst("MemTotal:\\s*", "")).orElse("unknown"));
    }
    machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    machine.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
    return machine;
  }

  public static void remove(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) Files.deleteIfExists(path);
    }
  }
}
