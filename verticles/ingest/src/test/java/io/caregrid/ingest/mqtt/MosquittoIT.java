package io.caregrid.ingest.mqtt;

import static io.caregrid.ingest.mqtt.Ward.header;
import static io.caregrid.ingest.mqtt.Ward.reading;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.cluster.TlsConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.Pem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Mosquitto's clients, of Debian's {@code mosquitto-clients}, send here as they send to any broker. */
@ExtendWith(Engines.class)
class MosquittoIT {
  @TempDir
  static Path folder;

  @BeforeAll
  static void findClients() {
    boolean there = Files.isExecutable(Path.of("/usr/bin/mosquitto_pub"));
    assumeTrue(there || "true".equals(System.getenv("CAREGRID_STRICT")),
        "skipped: Debian's mosquitto-clients is missing");
  }

  private record Ran(int code, String said) {}

  private static Ran pub(Ward ward, String input, String... words) throws Exception {
    List<String> all = new ArrayList<>(
        List.of("mosquitto_pub", "-h", "127.0.0.1", "-p", Integer.toString(ward.port())));
    all.addAll(List.of(words));
    return run(input, all.toArray(String[]::new));
  }

  private static Ran run(String input, String... words) throws Exception {
    Path said = Files.createTempFile(folder, "said", "");
    Process process = new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try (var in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    }
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("not within 2 min: " + String.join(" ", words));
    }
    return new Ran(process.exitValue(), Files.readString(said));
  }

  private static void assertSent(Ran ran) {
    assertEquals(0, ran.code(), ran.said());
  }

  @Test
  void everyQoSOfBothVersionsArrives(LocalKafka broker) throws Exception {
    try (Ward ward = new Ward(Ward.kafka(broker.bootstrapServers()), Ward.config(), false)) {
      for (String version : List.of("mqttv311", "mqttv5"))
        for (String qos : List.of("0", "1", "2"))
          assertSent(pub(ward, "", "-V", version, "-q", qos, "-i",
              version + qos, "-t", "ward/3/ventilator", "-m", reading(version + "-" + qos, 72)));
      List<ConsumerRecord<byte[], byte[]>> kept = ward.kept("mqttv", 6);
      assertEquals(6, kept.stream().map(Ward::text).distinct().count());
      assertEquals(6, kept.size());
      assertTrue(kept.stream().allMatch(record -> "ventilator".equals(header(record, "caregrid-mapping"))));

      String lines = String.join("\n", IntStream.range(0, 1_000).mapToObj(n -> reading("line", n)).toList());
      assertSent(pub(ward, lines, "-V", "mqttv5", "-q", "1", "-i", "lines", "-t", "t", "-l"));
      assertSent(pub(ward, lines.replace("line", "once"), "-V", "mqttv311", "-q", "2", "-i", "once", "-t", "t", "-l"));
      assertEquals(lines, String.join("\n", ward.kept("\"line\"", 1_000).stream().map(Ward::text).toList()));
      assertEquals(1_000, ward.kept("\"once\"", 1_000).size());

      assertSent(pub(ward, "", "-V", "mqttv5", "-q", "1", "-t", "t", "-m", reading("told", 1), "-D", "publish",
          "user-property", "unit", "icu", "-D", "publish", "content-type", "application/json"));
      assertEquals("icu", header(ward.kept("\"told\"", 1).get(0), "unit"));

      Ran poison = pub(ward, "", "-V", "mqttv5", "-q", "1", "-t", "t", "-m", "no json");
      assertTrue(poison.said().contains("Payload format invalid"), poison.said());
      Ran listens = run("", "mosquitto_sub", "-h", "127.0.0.1", "-p", Integer.toString(ward.port()), "-t", "#", "-W",
          "100");
      assertTrue(listens.said().contains("denied"), listens.said());
    }
  }

  @Test
  void aKilledClientsWillIsTaken(LocalKafka broker) throws Exception {
    try (Ward ward = new Ward(Ward.kafka(broker.bootstrapServers()), Ward.config(), false)) {
      Process client = new ProcessBuilder("mosquitto_pub", "-h", "127.0.0.1", "-p", Integer.toString(ward.port()),
          "-i", "dies", "-t", "t", "-l", "-q", "1", "--will-topic", "ward/3/state", "--will-payload",
          reading("will-killed", 0)).redirectErrorStream(true)
          .redirectOutput(Files.createTempFile(folder, "said", "").toFile())
          .start();
      client.getOutputStream().write((reading("alive", 1) + "\n").getBytes());
      client.getOutputStream().flush();
      ward.kept("\"alive\"", 1);
      client.destroyForcibly().waitFor();

      assertEquals("ward/3/state", header(ward.kept("will-killed", 1).get(0), "mqtt-topic"));
    }
  }

  @Test
  @Tag("full")
  void overTlsACertificateOrATokenIsAsked(LocalKafka broker) throws Exception {
    Pem node = Pem.make(folder, "node");
    Pem pump = Pem.make(folder, "pump");
    Pem stranger = Pem.make(folder, "stranger");
    String ca = node.cert().toString();
    TlsConfig tls = new TlsConfig(node.cert(), node.key(), null);
    try (Ward ward = new Ward(Ward.kafka(broker.bootstrapServers()),
        Ward.config(tls, 20, 1 << 20, Duration.ofMinutes(2)), true)) {
      assertSent(pub(ward, "", "--cafile", ca, "-u", "any", "-P", Ward.SENDER, "-q", "1", "-t", "t", "-m",
          reading("by-token", 1)));
      ward.kept("by-token", 1);
      assertNotEquals(0, pub(ward, "", "--cafile", ca, "-q", "1", "-t", "t", "-m", "{}").code());
      assertNotEquals(0, pub(ward, "", "-q", "1", "-t", "t", "-m", "{}").code(), "in the clear nobody is answered");
    }
    TlsConfig mutual = new TlsConfig(node.cert(), node.key(), pump.cert());
    try (Ward ward = new Ward(Ward.kafka(broker.bootstrapServers()),
        Ward.config(mutual, 20, 1 << 20, Duration.ofMinutes(2)), true)) {
      assertSent(pub(ward, "", "--cafile", ca, "--cert", pump.cert().toString(), "--key", pump.key().toString(), "-q",
          "1", "-t", "t", "-m", reading("by-certificate", 1)));
      ward.kept("by-certificate", 1);
      assertNotEquals(0, pub(ward, "", "--cafile", ca, "--cert", stranger.cert().toString(), "--key",
          stranger.key().toString(), "-q", "1", "-t", "t", "-m", "{}").code());
      assertNotEquals(0, pub(ward, "", "--cafile", ca, "-u", "any", "-P", Ward.SENDER, "-q", "1", "-t", "t", "-m",
          "{}").code(), "a token is no certificate");
    }
  }
}
