package io.caregrid.ingest.mqtt;

import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.MqttConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Grants;
import io.caregrid.ingest.Budget;
import io.caregrid.ingest.IngestProducer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;

/**
 * MQTT on this node: the port, and a producer of its own, so that neither HTTP's overload is its, nor the reverse. Deploy it once, after the topics are there.
 * Undeploying lets in nothing more, and completes when everything that was taken is in the log or refused.
 */
public final class MqttVerticle extends VerticleBase {
  /** Packets on their way to Kafka, of all connections: half of what may wait before its producer. */
  private static final int MESSAGES = 2_048;

  private final House house;
  private MqttPort port;

  /**
   * @param asks   false: who shows nothing is let in
   * @param grants what {@code mqtt.roles} allow: at least that readings are sent
   * @param tokens access token and the address it came from → whose it is; fails as {@link io.caregrid.contract.Doorman} does
   * @throws IllegalArgumentException when the roles do not
   */
  public MqttVerticle(Vertx vertx, MqttConfig config, KafkaConfig kafka, IngestConfig ingest, boolean asks,
      Grants grants, BiFunction<String, String, Future<Caller>> tokens, Audit audit, MeterRegistry meters) {
    if (!grants.may(Access.TELEMETRY_SEND))
      throw new IllegalArgumentException(
          "mqtt.roles must let readings be sent, as Telemetry Sender does, not " + config.roles());
    Entrance entrance = new Entrance(tokens::apply, asks, Set.copyOf(config.roles()), grants, audit);
    IngestConfig roomy = new IngestConfig(ingest.maxBodyBytes(), ingest.acknowledge(),
        Math.max(ingest.bufferBytes(), config.bufferBytes()), ingest.normalisers());
    IngestProducer log = new IngestProducer(vertx, kafka, kafka.deviceData(), roomy);
    MqttMetrics metrics = new MqttMetrics(meters);
    int quarter = config.bufferBytes() / 4;
    int unpacked = Math.min(ingest.maxBodyBytes(), Math.max(0, quarter - Frames.OVERHEAD) / 2);
    Budget bytes = new Budget(config.bufferBytes());
    Budget kept = new Budget(quarter);
    Budget early = new Budget(
        Math.max(config.bufferBytes() / 8,
            4L * (Math.min(Frames.MOST_OF_CONNECT, config.maxPacket()) + Frames.OVERHEAD)));
    Wills wills = new Wills(vertx, log, bytes, kept, quarter / 2, config.frame(), metrics);
    AtomicInteger connections = new AtomicInteger();
    house = new House(config, log, entrance, new Sessions(config.connections()), new TopicMappings(config.topics()),
        kafka.maxMessageBytes(), unpacked, quarter, bytes, new Budget(MESSAGES), kept, early, wills, connections,
        new AtomicInteger(), metrics);
    Gauge.builder(MqttMetrics.CONNECTIONS, connections, AtomicInteger::get).register(meters);
  }

  @Override
  public Future<?> start() {
    house.log().start();
    DeploymentOptions everyCore = new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
    return vertx.deployVerticle(() -> port = new MqttPort(house), everyCore);
  }

  @Override
  public Future<?> stop() {
    return house.log().close();
  }

  /** For {@code /health/ready}: Kafka takes messages. */
  public boolean ready() {
    return house.log().isConnected();
  }

  /** The port it really got. Only after {@link #start} has completed. */
  public int port() {
    return port.port();
  }

  /** Memory that messages on their way to Kafka take, bytes. */
  long taken() {
    return house.bytes().taken();
  }

  /** Memory that wills and aliases take, bytes. */
  long kept() {
    return house.kept().taken();
  }

  /** Memory that those take who are not let in yet, bytes. */
  long early() {
    return house.early().taken();
  }
}
