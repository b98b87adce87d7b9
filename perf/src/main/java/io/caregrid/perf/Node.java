package io.caregrid.perf;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.MqttConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.cluster.ShardConfig;
import io.caregrid.cluster.TellConfig;
import io.caregrid.platform.Platform;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A whole node with its own PostgreSQL and Kafka in a process of its own, as {@code caregrid node --dev} is. It tells its addresses in one line, and stops when
 * its standard input ends: so it never outlives the driver.
 */
final class Node implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String READY = "ready ";

  /** Flag for the node's JVM: it takes MQTT, too. */
  static final String WITH_MQTT = "-Dcaregrid.perf.mqtt=true";
  /** The same, with the base address of a FHIR server behind it: Observations are put there, too. */
  static final String WITH_REMOTE = "-Dcaregrid.perf.remote=";

  /** What the driver needs to know of a node; the password is that of a database made for this run, {@code mqtt} -1 when that is off. */
  record Addresses(int http, String kafka, String dbHost, int dbPort, String dbName, String dbUser, String dbPassword,
      int shards,
      String deviceData, String measurements, String normaliserGroup, int mqtt) {
    DatabaseConfig database() {
      return new DatabaseConfig(dbHost, dbPort, dbName, dbUser, dbPassword, 32);
    }
  }

  private final Process process;
  private final Path folder;
  final Addresses addresses;

  private Node(Process process, Path folder, Addresses addresses) {
    this.process = process;
    this.folder = folder;
    this.addresses = addresses;
  }

  /** @param heap of the node's JVM, e.g. {@code 2g}; the embedded broker lives in it too */
  static Node start(Path folder, Duration batchAge, int shards, String heap, List<String> jvmFlags) throws IOException {
    return start(folder, batchAge, shards, heap, jvmFlags, Set.of("ingest", "device", "api"));
  }

  /** @param roles of this node, as in its configuration */
  static Node start(Path folder, Duration batchAge, int shards, String heap, List<String> jvmFlags, Set<String> roles)
      throws IOException {
    List<String> command = new ArrayList<>(
        List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx" + heap, "-Xms" + heap,
            "--enable-native-access=ALL-UNNAMED"));
    command.addAll(jvmFlags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Node.class.getName(), folder.toString(),
        batchAge.toString(),
        Integer.toString(shards), String.join(",", roles)));
    Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith(READY)) {
        drain(out);
        return new Node(process, folder, JSON.readValue(line.substring(READY.length()), Addresses.class));
      }
      System.err.println("node: " + line);
    }
    throw new IOException("the node did not start");
  }

  private static void drain(BufferedReader out) {
    Thread reader = new Thread(() -> out.lines().forEach(line -> System.err.println("node: " + line)), "node-output");
    reader.setDaemon(true);
    reader.start();
  }

  long pid() {
    return process.pid();
  }

  long postmasterPid() throws IOException {
    return Long.parseLong(Files.readAllLines(folder.resolve("postgres/data/postmaster.pid")).get(0));
  }

  Usage usage() throws IOException {
    return Usage.now(pid(), postmasterPid());
  }

  @Override
  public void close() throws IOException {
    Ending.of(process);
  }

  /** The node's own process: folder, batch age, shards, roles. */
  public static void main(String[] args) throws IOException {
    NodeConfig base = NodeConfig.DEFAULT;
    ShardConfig shard = base.shard();
    ShardConfig aged = new ShardConfig(shard.batchEvents(), shard.batchBytes(), Duration.parse(args[1]),
        shard.backlog(), shard.writeShare(),
        shard.idleAfter(), shard.idleCheck(), shard.handoff());
    var cluster = base.cluster();
    NodeConfig config = new NodeConfig("perf", Set.of(args[3].split(",")), Path.of(args[0]), null,
        new HttpConfig("127.0.0.1", 0, List.of()),
        new io.caregrid.cluster.ClusterConfig(cluster.mode(), cluster.name(), cluster.host(), cluster.port(),
            cluster.busPort(), cluster.members(),
            Integer.parseInt(args[2]), cluster.durability()),
        base.kafka(), base.database(), base.ingest(), aged, base.identity(), base.dicom(), base.imaging(),
        base.lake(), base.security(), base.audit(), base.fhir(), base.export(), base.load(), tell(base.tell()),
        base.hl7(), mqtt(base.mqtt()));
    try (Platform platform = Platform.start(config, true, step -> System.err.println("node: " + step))) {
      System.out.println(READY + JSON.writeValueAsString(addresses(platform)));
      System.in.transferTo(java.io.OutputStream.nullOutputStream());
    }
  }

  private static Addresses addresses(Platform platform) {
    DatabaseConfig database = platform.config().database();
    KafkaConfig kafka = platform.config().kafka();
    int http = java.net.URI.create(platform.http()).getPort();
    return new Addresses(http, kafka.bootstrapServers(), database.host(), database.port(), database.database(),
        database.user(), database.password(),
        platform.config().cluster().shards(), kafka.deviceData(), kafka.measurements(), kafka.group("normalise"),
        platform.mqtt() == null ? -1 : java.net.URI.create(platform.mqtt()).getPort());
  }

  private static TellConfig tell(TellConfig base) {
    String url = System.getProperty("caregrid.perf.remote");
    if (url == null) return base;
    String key = "tell.targets.remote.";
    return Configuration.defaults()
        .with("perf", Map.of(key + "kind", "fhir", key + "url", url, key + "resource", "true", key + "roles",
            "FHIR Data Reader", key + "every", "0s"))
        .node()
        .tell();
  }

  private static MqttConfig mqtt(MqttConfig base) {
    if (!Boolean.getBoolean("caregrid.perf.mqtt")) return base;
    return new MqttConfig(base.host(), 0, base.mode(), base.roles(), base.maxPacket(), base.connections(),
        base.inFlight(), base.bufferBytes(), base.idle(), base.frame(), base.session(), base.topics(), base.tls());
  }
}
