package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.cluster.ConfigException;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The commands of docs/MQTT.md, against a whole node: what Mosquitto's client sends is an Observation a moment later. */
@ExtendWith(Engines.class)
class MqttNodeIT {
  @TempDir
  Path data;

  @Test
  @Tag("full")
  void whatTheDocsSendIsAnObservationAndWithoutATokenNothingIsWhereTheNodeAsks(LocalPostgres postgres,
      LocalKafka kafka) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mosquitto_pub")) || "true".equals(System.getenv("CAREGRID_STRICT")),
        "skipped: Debian's mosquitto-clients is missing");
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    settings.put("mqtt.port", "0");
    String command = documented();
    try (Platform node = TestNode.start(settings)) {
      assertNotEquals(port(node), Integer.toString(node.dicomPort()));
      assertEquals(0, run(command.replace("1883", port(node))));

      JsonNode observation = TestNode.eventually(Duration.ofSeconds(30), "the Observation", () -> {
        JsonNode found = TestNode.json(node.http() + "/fhir/Observation?device.identifier=monitor-99")
            .at("/entry/0/resource");
        return found.isMissingNode() ? null : found;
      });
      assertEquals("8867-4", observation.at("/code/coding/0/code").asText());
      assertTrue(observation.at("/valueSampledData/data").asText().contains("72"), observation.toString());
      TestNode.eventually(Duration.ofSeconds(30), "ready",
          () -> TestNode.get(node.http() + "/health/ready").body().contains("\"name\":\"mqtt\",\"status\":\"up\"")
              ? true
              : null);
      assertTrue(TestNode.get(node.http() + "/metrics").body().contains("mqtt_events_total 1.0"));
    }
    settings.put("security.nodeTokens", "always");
    try (Platform node = TestNode.start(settings)) {
      String there = command.replace("1883", port(node));
      assertNotEquals(0, run(there));
      assertNotEquals(0, run(with(there, node.token("reader", "FHIR Data Reader", Duration.ofMinutes(5)))));
      assertEquals(0, run(with(there, node.token("pump", "Telemetry Sender", Duration.ofMinutes(5)))));
    }
  }

  private static String port(Platform node) {
    return Integer.toString(URI.create(node.mqtt()).getPort());
  }

  private static String with(String command, String token) {
    return command.replace("mosquitto_pub ", "mosquitto_pub -u any -P " + token + " ");
  }

  private static String documented() throws IOException {
    return Files.readString(Path.of("../../docs/MQTT.md"))
        .lines()
        .filter(line -> line.startsWith("mosquitto_pub -h 127.0.0.1 -p 1883 -V mqttv5"))
        .findFirst()
        .orElseThrow();
  }

  private static int run(String command) throws Exception {
    Process process = new ProcessBuilder("bash", "-c", command).redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
    if (!process.waitFor(180, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("not within 30 s: mosquitto_pub");
    }
    return process.exitValue();
  }

  @Test
  void aPortForEverybodyIsRefusedUnlessSomebodySaysWhoCallsOrItIsWanted() {
    Map<String, String> abroad = Map.of("mqtt.port", "1883", "mqtt.host", "192.0.2.1");
    ConfigException refused = assertThrows(ConfigException.class, () -> TestNode.config(abroad));
    assertTrue(refused.getMessage().contains("mqtt.host must be a loopback address, not 192.0.2.1"),
        refused.getMessage());
    assertEquals("192.0.2.1", TestNode.config(
        Map.of("mqtt.port", "1883", "mqtt.host", "192.0.2.1", "mqtt.mode", "open-i-know-what-i-do")).mqtt().host());
    assertEquals("192.0.2.1",
        TestNode.config(Map.of("mqtt.port", "1883", "mqtt.host", "192.0.2.1", "security.nodeTokens", "always"))
            .mqtt()
            .host());
    ConfigException large = assertThrows(ConfigException.class,
        () -> TestNode.config(Map.of("mqtt.port", "1883", "kafka.maxMessageBytes", "65536")));
    assertTrue(large.getMessage().contains("mqtt.maxPacket must be at most kafka.maxMessageBytes"), large.getMessage());
    assertEquals("[ventilator]",
        TestNode.config(Map.of("mqtt.topics.ward/+/ventilator", "ventilator")).namedMappings().toString());
  }
}
