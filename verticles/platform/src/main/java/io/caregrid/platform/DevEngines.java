package io.caregrid.platform;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import java.nio.file.Path;

/** PostgreSQL and Kafka inside this process, for one machine: what {@code --dev} and the demo add to a node. */
final class DevEngines implements AutoCloseable {
  private final LocalPostgres postgres;
  private final LocalKafka kafka;

  private DevEngines(LocalPostgres postgres, LocalKafka kafka) {
    this.postgres = postgres;
    this.kafka = kafka;
  }

  /** Starts both on this folder, or goes on in it. Any free ports: the node prints them. */
  static DevEngines start(Path data) {
    LocalPostgres postgres = LocalPostgres.start(data.resolve("postgres"), 0);
    try {
      return new DevEngines(postgres, LocalKafka.start(data.resolve("kafka"), 0));
    } catch (RuntimeException failed) {
      postgres.close();
      throw failed;
    }
  }

  /** The same node on these engines. */
  NodeConfig use(NodeConfig config) {
    DatabaseConfig there = new DatabaseConfig(postgres.host(), postgres.port(), postgres.database("caregrid"),
        postgres.user(),
        postgres.password(), config.database().poolSize());
    KafkaConfig log = config.kafka().embeddedAt(kafka.bootstrapServers());
    return new NodeConfig(config.name(), config.roles(), config.data(), config.mappings(), config.http(),
        config.cluster(), log, there,
        config.ingest(), config.shard(), config.identity(), config.dicom(), config.imaging(),
        config.lake(), config.security(), config.audit(), config.fhir(), config.export(), config.load(), config.tell(),
        config.hl7(), config.mqtt());
  }

  @Override
  public void close() {
    Closing.quietly(kafka);
    Closing.quietly(postgres);
  }
}
