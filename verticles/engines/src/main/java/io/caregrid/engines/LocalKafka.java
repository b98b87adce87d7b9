package io.caregrid.engines;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real Kafka broker (KRaft, broker and controller in one) inside this process, on 127.0.0.1, with its log in a folder.
 *
 * <p>An acknowledged record is in the operating system's page cache: it survives {@code kill -9} of this process, and is lost only with the machine.
 * Topics are made by those who own them; nothing is created by being asked for.
 */
public final class LocalKafka implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LocalKafka.class);
  private static final String NODE = "1";

  private final KafkaRaftServer server;
  private final int port;
  private final FolderLock lock;
  private final Path removedAtClose;
  private boolean closed;

  private LocalKafka(KafkaRaftServer server, int port, FolderLock lock, Path removedAtClose) {
    this.server = server;
    this.port = port;
    this.lock = lock;
    this.removedAtClose = removedAtClose;
  }

  /**
   * Starts on this folder, or goes on in it. Blocks until the broker serves, some 2 s.
   *
   * @param port 0 takes any free one
   * @throws EngineException when the folder is in use or cannot be written, the port is taken, or the broker does not come up
   */
  public static LocalKafka start(Path folder, int port) {
    return start(folder, port, null);
  }

  /** A broker for one run: its folder is removed when it is closed. */
  public static LocalKafka temporary() {
    return temporary(Folders.temporary("kafka"));
  }

  /** As {@link #temporary()}, in a new folder that is there. */
  static LocalKafka temporary(Path folder) {
    return start(folder, 0, folder);
  }

  private static LocalKafka start(Path folder, int wanted, Path removedAtClose) {
    Path absolute = folder.toAbsolutePath().normalize();
    FolderLock lock = FolderLock.take(absolute, "kafka");
    try (Ports.Held free = Ports.hold(2)) {
      if (wanted != 0) Ports.checkFree(wanted, "Kafka");
      int port = wanted != 0 ? wanted : free.number(0);
      Path data = absolute.resolve("data");
      if (!Files.exists(data.resolve("meta.properties"))) format(data);
      KafkaRaftServer server = launch(data, port, free.number(free.number(0) == port ? 1 : 0));
      log.info("Kafka is up address={}:{} folder={}", Ports.HOST, port, absolute);
      return new LocalKafka(server, port, lock, removedAtClose);
    } catch (RuntimeException failed) {
      lock.close();
      throw failed;
    }
  }

  private static KafkaRaftServer launch(Path data, int port, int controller) {
    log.info("Kafka is starting folder={}", data.getParent());
    explainHalts(data);
    KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(settings(data, port, controller), false), Time.SYSTEM);
    try {
      server.startup();
      return server;
    } catch (RuntimeException failed) {
      server.shutdown();
      throw new EngineException("Kafka does not start in " + data.getParent() + ": " + failed.getMessage(), failed);
    }
  }

  private static Map<String, String> settings(Path data, int port, int controller) {
    Map<String, String> settings = new HashMap<>();
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", NODE);
    settings.put("listeners",
        "PLAINTEXT://%s:%s,CONTROLLER://%s:%s".formatted(Ports.HOST, port, Ports.HOST, controller));
    settings.put("advertised.listeners", "PLAINTEXT://%s:%s".formatted(Ports.HOST, port));
    settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("controller.listener.names", "CONTROLLER");
    settings.put("controller.quorum.voters", "%s@%s:%s".formatted(NODE, Ports.HOST, controller));
    settings.put("log.dirs", data.toString());
    settings.put("auto.create.topics.enable", "false");
    settings.putAll(small());
    return settings;
  }

  /** One broker, few partitions, little memory. */
  private static Map<String, String> small() {
    Map<String, String> settings = new HashMap<>();
    settings.put("default.replication.factor", "1");
    settings.put("offsets.topic.replication.factor", "1");
    settings.put("offsets.topic.num.partitions", "4");
    settings.put("transaction.state.log.replication.factor", "1");
    settings.put("transaction.state.log.min.isr", "1");
    settings.put("transaction.state.log.num.partitions", "2");
    settings.put("share.coordinator.state.topic.replication.factor", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    settings.put("share.coordinator.state.topic.num.partitions", "1");
    settings.put("group.initial.rebalance.delay.ms", "0");
    settings.put("log.segment.bytes", Integer.toString(64 << 20));
    settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
    settings.put("num.network.threads", "2");
    settings.put("num.io.threads", "4");
    // after kill -9 the controller waits for the old broker's session before it lets the new one in
    settings.put("broker.heartbeat.interval.ms", "500");
    settings.put("broker.session.timeout.ms", "5000");
    settings.put("initial.broker.registration.timeout.ms", "60000");
    return settings;
  }

  private static void format(Path data) {
    try {
      Files.createDirectories(data);
      new Formatter()
          .setNodeId(Integer.parseInt(NODE))
          .setClusterId(Uuid.randomUuid().toString())
          .setControllerListenerName("CONTROLLER")
          .setMetadataLogDirectory(data.toString())
          .addDirectory(data.toString())
          .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
          .run();
    } catch (Exception failed) {
      throw new EngineException("Kafka cannot use folder " + data.getParent() + ": " + failed.getMessage(), failed);
    }
  }

  /**
   * A broker that can no longer write its log halts the process at once, so that nothing is acknowledged that is not kept. Nothing is closed on this
   * way out, so what must not outlive the process is told to stop here.
   */
  private static void explainHalts(Path data) {
    Exit.setHaltProcedure((status, message) -> {
      try {
        LocalPostgres.tellAllToStop();
        log.error(
            "Kafka cannot write its log, {} MiB are free in {}{}. This process ends now, so that nothing is acknowledged that is not kept."
                + " Make room, then start it again: it goes on where it stopped",
            data.toFile().getUsableSpace() >> 20,
            data, message == null ? "" : " (" + message + ")");
      } finally {
        Runtime.getRuntime().halt(status);
      }
    });
  }

  /** {@code host:port}. */
  public String bootstrapServers() {
    return Ports.HOST + ":" + port;
  }

  public int port() {
    return port;
  }

  /** Stops the broker in an orderly way. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) return;
    closed = true;
    try {
      server.shutdown();
      server.awaitShutdown();
    } catch (KafkaException failed) {
      throw new EngineException("Kafka does not stop: " + failed.getMessage(), failed);
    } finally {
      lock.close();
    }
    if (removedAtClose != null) Folders.remove(removedAtClose);
  }
}
