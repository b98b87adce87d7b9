package io.caregrid.ingest.mqtt;

import static io.caregrid.ingest.mqtt.Device.begin;
import static io.caregrid.ingest.mqtt.Ward.reading;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.MqttConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Grants;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.ingest.Await;
import io.caregrid.ingest.mqtt.Device.Hello;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who is let in where somebody says who calls, for how long, and how a node leaves. */
@ExtendWith(Engines.class)
class MqttEntranceIT {
  private static Ward ward;

  @BeforeAll
  static void open(LocalKafka broker) {
    ward = new Ward(Ward.kafka(broker.bootstrapServers()), Ward.config(), true);
  }

  @AfterAll
  static void close() {
    ward.close();
  }

  @Test
  void aTokenIsThePasswordAndItsRolesDecide() throws Exception {
    ward.audited.clear();
    try (Device sends = ward.device(5)) {
      sends.enter(new Hello(5, "sends").password(Ward.SENDER));
      assertEquals("400001", sends.ask(sends.publish(1, 1, "t", reading("sends", 1))));
    }
    assertTrue(ward.audited.isEmpty(), "what is sent is not an access to anybody's data");
    assertRefused("200086", "200004", null);
    assertRefused("200086", "200004", "SharedAccessSignature sr=x&sig=y&se=1");
    assertRefused("200086", "200004", "a.forged.b");
    assertRefused("200087", "200005", Ward.READER);
    assertEquals(8, ward.audited.size());
    Audit.Entry last = ward.audited.stream().reduce((one, next) -> next).orElseThrow();
    assertEquals("reader 127.0.0.1 403 request [urn:caregrid:mqtt]", last.caller().subject() + " "
        + last.caller().address() + " " + last.status() + " " + last.deed().code + " " + last.what());
  }

  private static void assertRefused(String young, String old, String password) throws Exception {
    try (Device five = ward.device(5); Device four = ward.device(4)) {
      assertEquals(young, begin(five.ask(hello(5, password).packet()), 6));
      assertNull(five.answer());
      assertEquals(old, four.ask(hello(4, password).packet()));
      assertNull(four.answer());
    }
  }

  private static Hello hello(int level, String password) {
    Hello hello = new Hello(level, "refused");
    return password == null ? hello : hello.password(password);
  }

  @Test
  void whatIsSentBehindConnectWithoutWaitingIsTakenToo() throws Exception {
    try (Device device = ward.device(4)) {
      device.write(Device.joined(new Hello(4, "hasty").password(Ward.SENDER).packet(),
          device.publish(1, 1, "t", reading("hasty", 1))));
      assertEquals("200000", device.answer());
      assertEquals("400001", device.answer());
    }
  }

  @Test
  void theConnectionEndsWithItsToken() throws Exception {
    try (Device device = ward.device(5)) {
      device.enter(new Hello(5, "short").password(Ward.SHORT));
      assertEquals("400001", device.ask(device.publish(1, 1, "t", reading("short", 1))));
      assertEquals("e087", begin(device.answer(), 4));
      assertNull(device.answer());
    }
  }

  @Test
  void anotherCallerWithTheSameClientIdDisturbsNobody() throws Exception {
    try (Device sender = ward.device(5); Device other = ward.device(5)) {
      sender.enter(new Hello(5, "one-id").password(Ward.SENDER));
      other.enter(new Hello(5, "one-id").password(Ward.SHORT));
      assertEquals("400001", sender.ask(sender.publish(1, 1, "t", reading("one-id", 1))));
    }
  }

  @Test
  void authenticationByStepsIsRefused() throws Exception {
    byte[] method = Device.bytes(out -> {
      out.writeByte(21);
      Device.text(out, "SCRAM-SHA-256");
    });
    try (Device device = ward.device(5)) {
      assertEquals("20008c", begin(device.ask(new Hello(5, "steps").properties(method).packet()), 6));
    }
  }

  @Test
  void moreDevicesThanAllowedAreDisconnectedAndAStoppingNodeAnswersFirst(LocalKafka broker) throws Exception {
    try (Ward own = new Ward(Ward.kafka(broker.bootstrapServers()), Ward.config(), false)) {
      List<Device> devices = new ArrayList<>();
      for (int n = 0; n < 64; n++) devices.add(own.device(5).entered("d" + n));
      try (Device more = own.device(5)) {
        assertNull(more.answer());
      }
      for (int n = 1; n <= 20; n++) devices.get(1).write(devices.get(1).publish(1, n, "t", reading("leaving", n)));
      Await.until("one of them", () -> own.counted(MqttMetrics.RECEIVED) >= 20);
      own.leave();
      for (int n = 1; n <= 20; n++) assertEquals(String.format("40%04x", n), devices.get(1).answer());
      assertEquals("e08b", begin(devices.get(1).answer(), 4));
      assertEquals("e08b", begin(devices.get(2).answer(), 4));
      for (Device device : devices) device.close();
      assertEquals(20, own.kept("leaving", 20).size());
    }
  }

  @Test
  void aStoppingNodeDoesNotWaitForADeviceThatReadsNothing(LocalKafka broker) throws Exception {
    try (Ward own = new Ward(Ward.kafka(broker.bootstrapServers()), Ward.config(), false);
        Deaf deaf = new Deaf(own.port(), "deaf")) {
      own.leave();
      Await.until("it to be gone", deaf::isGone);
    }
  }

  @Test
  void settingsThatLetNobodyInOrEverybodyAreRefused() {
    ConfigException pattern = assertThrows(ConfigException.class, () -> at(Map.of("a+/b", List.of("m"))));
    assertTrue(pattern.getMessage().contains("mqtt.topics.a+/b must be a pattern"), pattern.getMessage());
    assertThrows(ConfigException.class, () -> at(Map.of("a/#/b", List.of("m"))));
    assertThrows(ConfigException.class, () -> at(Map.of("a/#", List.of("m", "n"))));
    assertEquals(2, at(Map.of("+/#", List.of("m"), "/", List.of("n"))).namedMappings().size());
    IllegalArgumentException roles = assertThrows(IllegalArgumentException.class,
        () -> new MqttVerticle(ward.vertx, Ward.config(), ward.kafka, Ward.INGEST, true, Grants.NONE,
            (token, from) -> Future.failedFuture(token), Audit.log(), new SimpleMeterRegistry()));
    assertTrue(roles.getMessage().startsWith("mqtt.roles must let"), roles.getMessage());
  }

  private static MqttConfig at(Map<String, List<String>> topics) {
    MqttConfig like = Ward.config();
    return new MqttConfig(like.host(), 0, like.mode(), like.roles(), like.maxPacket(), 8, 8, like.bufferBytes(),
        like.idle(), Duration.ofSeconds(5), like.session(), topics, TlsConfig.NONE);
  }
}
