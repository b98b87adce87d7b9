package io.caregrid.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a node shows Kafka and PostgreSQL who it is, as settings. */
class EngineSignInTest {
  @TempDir
  private Path folder;
  private Path ca;

  @BeforeEach
  void write() throws IOException {
    ca = Files.writeString(folder.resolve("ca.pem"), "-----BEGIN CERTIFICATE-----");
  }

  private KafkaConfig kafka(String... flags) {
    return Configuration.defaults().withFlags(List.of(flags)).node().kafka();
  }

  @Test
  void aLogWithoutAuthorityIsCalledInTheClear() {
    assertEquals(Map.of("bootstrap.servers", "127.0.0.1:9092"), KafkaConfig.DEFAULT.connecting());
  }

  @Test
  void anAuthorityMeansTlsAndAUserMeansScramOverIt() {
    assertEquals("SSL", kafka("kafka.ca=" + ca).connecting().get("security.protocol"));

    Map<String, Object> settings = kafka("kafka.ca=" + ca, "kafka.user=node", "kafka.password=a\"b\\c").connecting();

    assertEquals("SASL_SSL", settings.get("security.protocol"));
    assertEquals("SCRAM-SHA-512", settings.get("sasl.mechanism"));
    assertEquals(
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"node\" password=\"a\\\"b\\\\c\";",
        settings.get("sasl.jaas.config"));
    assertFalse(settings.containsKey("ssl.endpoint.identification.algorithm"), "Kafka compares the name by default");
  }

  @Test
  void aPasswordIsNeverSentWithoutTls() {
    ConfigException refused = assertThrows(ConfigException.class, () -> kafka("kafka.user=node", "kafka.password=x"));

    assertTrue(refused.getMessage().contains("kafka.user needs kafka.ca"), refused.getMessage());
  }

  @Test
  void aUserWithoutAPasswordIsAMistake() {
    assertThrows(ConfigException.class, () -> kafka("kafka.ca=" + ca, "kafka.user=node"));
  }

  @Test
  void anAuthorityThatCannotBeReadStopsTheStart() {
    ConfigException refused = assertThrows(ConfigException.class,
        () -> kafka("kafka.ca=" + folder.resolve("none.pem")));
    assertTrue(refused.getMessage().contains("none.pem"), refused.getMessage());
    assertThrows(ConfigException.class,
        () -> Configuration.defaults().withFlags(List.of("database.ca=" + folder.resolve("none.pem"))));
  }

  @Test
  void neitherPasswordIsEverShown() {
    KafkaConfig kafka = kafka("kafka.ca=" + ca, "kafka.user=node", "kafka.password=s3cret");

    assertFalse(kafka.toString().contains("s3cret"));
    assertTrue(Configuration.defaults()
        .withFlags(List.of("kafka.ca=" + ca, "kafka.user=node", "kafka.password=s3cret"))
        .values()
        .stream()
        .noneMatch(value -> value.shown().contains("s3cret")));
  }

  @Test
  void severalDatabaseHostsAreReadInTheirOrder() {
    DatabaseConfig several = Configuration.defaults().withFlags(List.of("database.host=b, a,b")).node().database();

    assertEquals(List.of("b", "a"), several.hosts());
    assertThrows(ConfigException.class, () -> Configuration.defaults().withFlags(List.of("database.host= , ")));
  }
}
