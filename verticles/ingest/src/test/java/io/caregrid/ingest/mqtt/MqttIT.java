package io.caregrid.ingest.mqtt;

import static io.caregrid.ingest.mqtt.Device.begin;
import static io.caregrid.ingest.mqtt.Ward.header;
import static io.caregrid.ingest.mqtt.Ward.reading;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.ingest.Await;
import io.caregrid.ingest.mqtt.Device.Hello;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a device is answered, packet by packet, and what lies in the log then. Nobody is asked who he is. */
@ExtendWith(Engines.class)
class MqttIT {
  private static Ward ward;

  @BeforeAll
  static void open(LocalKafka broker) {
    ward = new Ward(Ward.kafka(broker.bootstrapServers()), Ward.config(), false);
  }

  @AfterAll
  static void close() {
    ward.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void aReadingOfQoS1IsAnsweredAndLiesInTheLogWithTopicAndClientId(int level) throws Exception {
    String body = reading("one-" + level, 72);
    try (Device device = ward.device(level).entered("bed-" + level)) {
      assertEquals("400007", device.ask(device.publish(1, 7, "ward/3/monitor", body)));
    }
    ConsumerRecord<byte[], byte[]> kept = ward.kept("one-" + level, 1).get(0);
    assertEquals(body, Ward.text(kept));
    assertEquals("ward/3/monitor", header(kept, "mqtt-topic"));
    assertEquals("bed-" + level, header(kept, "mqtt-client-id"));
    assertNull(header(kept, "caregrid-mapping"));
  }

  @Test
  void answersComeInTheOrderOfTheMessagesWhichLieInOnePartitionInIt() throws Exception {
    List<String> sent = IntStream.range(1, 301).mapToObj(n -> reading("ordered", n)).toList();
    List<String> expected = IntStream.range(1, 301).mapToObj(n -> String.format("40%04x", n)).toList();
    List<String> answers = new ArrayList<>();
    try (Device device = ward.device(4).entered("ordered")) {
      for (int n = 1; n <= 300; n++) device.write(device.publish(1, n, "t", sent.get(n - 1)));
      for (int n = 1; n <= 300; n++) answers.add(device.answer());
    }
    assertEquals(expected, answers);
    List<ConsumerRecord<byte[], byte[]>> kept = ward.kept("\"ordered\"", 300);
    assertEquals(sent, kept.stream().map(Ward::text).toList());
    assertEquals(1, kept.stream().map(ConsumerRecord::partition).distinct().count());
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void aMessageOfQoS2IsTakenOnceHoweverOftenItComes(int level) throws Exception {
    String mark = "twice-" + level;
    Hello hello = new Hello(level, mark).resuming();
    if (level == 5) hello.properties(Device.four(17, 300));
    byte[] again;
    try (Device device = ward.device(level)) {
      assertFalse(device.enter(hello));
      byte[] first = device.publish(2, 9, "t", reading(mark, 1));
      again = device.publish(0x0C, 9, "t", reading(mark, 1).getBytes());
      assertEquals("500009", device.ask(first));
      assertEquals("500009", device.ask(again));
    }
    try (Device device = ward.device(level)) {
      assertTrue(device.enter(hello), "its session is there");
      assertEquals("500009", device.ask(again));
      assertEquals("700009", device.ask(new byte[] {0x62, 2, 0, 9}));
      assertEquals(level == 5 ? "70000992" : "700009", begin(device.ask(new byte[] {0x62, 2, 0, 9}), 8), "released");
      assertEquals("50000a", device.ask(device.publish(2, 10, "t", reading(mark, 2))));
    }
    assertEquals(List.of(reading(mark, 1), reading(mark, 2)), ward.kept(mark, 2).stream().map(Ward::text).toList());
    try (Device device = ward.device(level)) {
      assertFalse(device.enter(new Hello(level, mark)), "a clean start begins anew");
    }
  }

  @Test
  void aMessageOfQoS0IsTakenAndNotAnswered() throws Exception {
    try (Device device = ward.device(4).entered("zero")) {
      device.write(device.publish(0, 0, "t", reading("zero", 1)));
      assertEquals("d0", device.ask(new byte[] {(byte) 0xC0, 0}), "the next answer is to the ping");
    }
    assertEquals(1, ward.kept("\"zero\"", 1).size());
  }

  @Test
  void linesArraysAndPackedPayloadsAreSeveralMessages() throws Exception {
    String lines = reading("several", 1) + "\n" + reading("several", 2);
    try (Device device = ward.device(4).entered("several")) {
      assertEquals("400001", device.ask(device.publish(1, 1, "t", lines)));
      assertEquals("400002", device.ask(device.publish(1, 2, "t", "[" + reading("several", 3) + "]")));
      assertEquals("400003", device.ask(device.publish(2, 3, "t", ContentTest.packed(reading("several", 4)))));
    }
    assertEquals(IntStream.range(1, 5).mapToObj(n -> reading("several", n)).toList(),
        ward.kept("several", 4).stream().map(Ward::text).toList());
  }

  @Test
  void whatIsNoReadingIsKeptToBeSetAsideAndADeviceOfMqtt5HearsOfIt() throws Exception {
    double before = ward.counted(MqttMetrics.MALFORMED);
    try (Device old = ward.device(4).entered("old"); Device young = ward.device(5).entered("young")) {
      assertEquals("400001", old.ask(old.publish(1, 1, "t", "poison-3 {")));
      assertEquals("500002", old.ask(old.publish(2, 2, "t", "poison-3 [")));
      assertEquals("40000199", begin(young.ask(young.publish(1, 1, "t", "poison-5 {")), 8));
      assertEquals("50000299", begin(young.ask(young.publish(2, 2, "t", "poison-5 [")), 8));
      assertEquals("500002", young.ask(young.publish(2, 2, "t", reading("after poison-5", 1))),
          "the id is free again, and the connection goes on");
    }
    assertEquals(2, ward.kept("poison-3", 2).size());
    assertEquals(3, ward.kept("poison-5", 3).size());
    assertEquals(4, ward.counted(MqttMetrics.MALFORMED) - before);
  }

  @Test
  void aDeviceOfAzureIotHubIsUnderstoodAsItIs() throws Exception {
    Hello hello = new Hello(4, "pump-7");
    try (Device device = ward.device(4)) {
      device.enter(hello.password("SharedAccessSignature sr=hub&sig=abc&se=1"));
      String topic = "devices/pump-7/messages/events/unit=icu%203&%24.ct=application%2Fjson&%24.ce=utf-8";
      assertEquals("400001", device.ask(device.publish(1, 1, topic, "{\"hub\":1}")));
    }
    ConsumerRecord<byte[], byte[]> kept = ward.kept("{\"hub\":1}", 1).get(0);
    assertEquals("pump-7", header(kept, "iothub-connection-device-id"));
    assertEquals("icu 3", header(kept, "unit"));
    assertEquals("application/json", header(kept, "content-type"));
    assertTrue(header(kept, "iothub-enqueuedtime").matches("20\\d\\d-.*Z"));
  }

  @Test
  void theMappingIsThatOfTheTopicUnlessTheMessageNamesOne() throws Exception {
    try (Device device = ward.device(5).entered("chooses")) {
      device.ask(device.publish(1, 1, "ward/3/ventilator", reading("by-topic", 1)));
      device.ask(device.publish(1, 2, "ward/3/ventilator", reading("by-name", 1),
          Device.user("caregrid-mapping", "pump"), Device.user("unit", "ä"), Device.user("mqtt-topic", "a lie"),
          Device.user("caregrid-again", "1")));
    }
    assertEquals("ventilator", header(ward.kept("by-topic", 1).get(0), "caregrid-mapping"));
    ConsumerRecord<byte[], byte[]> named = ward.kept("by-name", 1).get(0);
    assertEquals("pump", header(named, "caregrid-mapping"));
    assertEquals("ä", header(named, "unit"));
    assertEquals("ward/3/ventilator", header(named, "mqtt-topic"));
    assertNull(header(named, "caregrid-again"));
  }

  @Test
  void topicAliasesStandForTheirTopicAndAnUnknownOneEndsTheConnection() throws Exception {
    try (Device device = ward.device(5).entered("alias")) {
      device.ask(device.publish(1, 1, "a/long/topic", reading("alias", 1), Device.two(35, 3)));
      assertEquals("400002", device.ask(device.publish(1, 2, "", reading("alias", 2), Device.two(35, 3))));
      assertEquals("e082", begin(device.ask(device.publish(1, 3, "", reading("alias", 3), Device.two(35, 4))), 4));
      assertNull(device.answer());
    }
    assertEquals(List.of("a/long/topic", "a/long/topic"),
        ward.kept("\"alias\"", 2).stream().map(record -> header(record, "mqtt-topic")).toList());
    try (Device device = ward.device(5).entered("alias")) {
      assertEquals("e094", begin(device.ask(device.publish(1, 1, "t", reading("alias", 4), Device.two(35, 33))), 4));
    }
  }

  @Test
  void aSubscriptionIsRefusedAndTheConnectionGoesOn() throws Exception {
    byte[] old = {(byte) 0x82, 6, 0, 5, 0, 1, '#', 1};
    byte[] young = {(byte) 0x82, 7, 0, 5, 0, 0, 1, '#', 1};
    try (Device device = ward.device(4).entered("subscribes")) {
      assertEquals("90000580", device.ask(old));
      assertEquals("400001", device.ask(device.publish(1, 1, "t", reading("subscribes", 1))));
    }
    try (Device device = ward.device(5).entered("subscribes")) {
      assertTrue(device.ask(young).endsWith("83"));
      assertEquals("b000060011", device.ask(new byte[] {(byte) 0xA2, 6, 0, 6, 0, 0, 1, '#'}));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/+", "#", "", "a\u0001b", "a\u0085b"})
  void aTopicThatIsNoneEndsTheConnection(String topic) throws Exception {
    try (Device young = ward.device(5).entered("topics"); Device old = ward.device(4).entered("topics-old")) {
      assertEquals("e090", begin(young.ask(young.publish(1, 1, topic, "{}")), 4));
      assertNull(old.ask(old.publish(1, 1, topic, "{}")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\nb", "a\u007fb", "LONG"})
  void aClientIdThatIsNoneIsRefused(String client) throws Exception {
    String id = client.equals("LONG") ? "x".repeat(257) : client;
    try (Device young = ward.device(5); Device old = ward.device(4)) {
      assertEquals("200085", begin(young.ask(new Hello(5, id).packet()), 6));
      assertEquals("200002", old.ask(new Hello(4, id).packet()));
      assertNull(old.answer());
    }
  }

  @Test
  void whoeverHasNoClientIdGetsOneUnlessHeWantsASession() throws Exception {
    try (Device young = ward.device(5); Device old = ward.device(4); Device lasting = ward.device(4)) {
      assertTrue(young.ask(new Hello(5, "").packet()).contains("120024"), "assigned: 36 characters");
      assertEquals("200000", old.ask(new Hello(4, "").packet()));
      assertEquals("200002", lasting.ask(new Hello(4, "").resuming().packet()));
    }
  }

  @Test
  void theSameClientIdAgainEndsTheConnectionBefore() throws Exception {
    try (Device before = ward.device(5).entered("double"); Device now = ward.device(5).entered("double")) {
      assertEquals("e08e", begin(before.answer(), 4));
      assertNull(before.answer());
      assertEquals("400001", now.ask(now.publish(1, 1, "t", reading("double", 1))));
    }
  }

  @Test
  void aPacketThatIsTooLargeEndsTheConnectionBeforeItIsRead() throws Exception {
    byte[] head = {0x32, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x7F};
    try (Device young = ward.device(5).entered("large"); Device old = ward.device(4).entered("large-old")) {
      assertEquals("e095", begin(young.ask(head), 4));
      assertNull(old.ask(head));
    }
    try (Device stranger = ward.device(5)) {
      assertNull(stranger.ask(new byte[] {0x10, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x7F}));
    }
  }

  @Test
  void morePropertiesThanTheLogHasRoomForEndTheConnection() throws Exception {
    byte[][] many = IntStream.range(0, 200).mapToObj(n -> Device.user("p" + n, "v")).toArray(byte[][]::new);
    try (Device device = ward.device(5).entered("many")) {
      assertEquals("e095", begin(device.ask(device.publish(1, 1, "t", "{}", many)), 4));
    }
  }

  @Test
  void whoeverSpeaksSomethingElseIsDisconnected() throws Exception {
    try (Device http = ward.device(4); Device later = ward.device(4); Device early = ward.device(5)) {
      assertNull(http.ask("GET / HTTP/1.1\r\n\r\n".getBytes()));
      byte[] hello = new Hello(4, "version").packet();
      hello[8] = 6;
      assertEquals("200001", later.ask(hello));
      assertNull(early.ask(early.publish(1, 1, "t", "{}")), "CONNECT has to come first");
    }
    try (Device twice = ward.device(5).entered("hello")) {
      assertEquals("e082", begin(twice.ask(new Hello(5, "hello").packet()), 4));
    }
  }

  @Test
  void aWillIsTakenWhenTheConnectionBreaksAndNotWhenItIsEnded() throws Exception {
    try (Device device = ward.device(4)) {
      device.enter(new Hello(4, "ends").will("t/will", reading("will-ended", 0)));
      device.write(new byte[] {(byte) 0xE0, 0});
      assertNull(device.answer());
    }
    try (Device device = ward.device(5)) {
      device.enter(new Hello(5, "asks").will("t/will", reading("will-asked", 0)));
      device.write(new byte[] {(byte) 0xE0, 1, 4});
      assertNull(device.answer());
    }
    try (Device device = ward.device(4)) {
      device.enter(new Hello(4, "breaks").will("t/will", reading("will-broken", 0)));
    }
    List<ConsumerRecord<byte[], byte[]>> kept = ward.read(records -> has(records, "will-broken")
        && has(records, "will-asked"));
    assertFalse(has(kept, "will-ended"));
    ConsumerRecord<byte[], byte[]> broken = kept.stream()
        .filter(record -> Ward.text(record).contains("will-broken"))
        .findFirst()
        .orElseThrow();
    assertEquals("t/will", header(broken, "mqtt-topic"));
    assertEquals("breaks", header(broken, "mqtt-client-id"));
  }

  @Test
  void aDelayedWillIsGivenUpWhenItsClientIsBackAndSaidWhenItBeginsAnew() throws Exception {
    byte[][] session = {Device.four(17, 300)};
    byte[] delay = Device.four(24, 300);
    try (Device device = ward.device(5)) {
      device.enter(new Hello(5, "back").properties(session).will("t", reading("will-back", 1), delay));
    }
    try (Device device = ward.device(5)) {
      assertTrue(device.enter(new Hello(5, "back").resuming()
          .properties(session)
          .will("t", reading("will-back", 2), delay)));
    }
    try (Device device = ward.device(5)) {
      assertFalse(device.enter(new Hello(5, "back").properties(session)), "a clean start");
      device.write(new byte[] {(byte) 0xE0, 0});
      assertNull(device.answer());
    }
    assertEquals(List.of(reading("will-back", 2)), ward.kept("will-back", 1).stream().map(Ward::text).toList());
    Await.until("memory of wills to be given back", () -> ward.verticle.kept() == 0);
  }

  @Test
  void aDelayedWillIsSaidWhenItsTimeIsOver() throws Exception {
    try (Device device = ward.device(5)) {
      device.enter(new Hello(5, "gone").properties(Device.four(17, 300))
          .will("t", reading("will-gone", 0), Device.four(24, 1)));
    }
    assertEquals(1, ward.kept("will-gone", 1).size());
  }

  @Test
  void manyWillsAreSaidAndAPackedOneIsRefused() throws Exception {
    List<Device> devices = new ArrayList<>();
    for (int n = 0; n < 12; n++) {
      devices.add(ward.device(4));
      devices.get(n).enter(new Hello(4, "storm-" + n).will("t", reading("storm-" + n, 0)));
    }
    for (Device device : devices) device.close();
    assertEquals(12, ward.kept("\"storm-", 12).size());
    Await.until("memory of wills to be given back", () -> ward.verticle.kept() == 0 && ward.verticle.taken() == 0);
    try (Device device = ward.device(5)) {
      assertEquals("200099", begin(device.ask(new Hello(5, "packs").packed().packet()), 6));
    }
  }

  @Test
  void strangersWhoSayNothingTakeNothingFromWhoeverIsLetIn() throws Exception {
    List<Device> strangers = new ArrayList<>();
    double ended = ward.counted(MqttMetrics.ENDED);
    try (Device device = ward.device(4).entered("let-in")) {
      byte[] large = {0x10, (byte) 0xFF, (byte) 0xFF, 7, 0, 4, 'M'};
      for (int n = 0; n < 24; n++) strangers.add(ward.device(5).write(large));
      assertEquals(0, ward.verticle.taken());
      assertTrue(ward.verticle.early() < 100_000, "taken: " + ward.verticle.early());
      assertEquals("400001", device.ask(device.publish(1, 1, "t", reading("let-in", 1))));
      Await.until("all of them to be ended", () -> strangers.stream().allMatch(MqttIT::isEnded));
      // a quarter of the connections is theirs: the others are refused, which is not counted
      assertTrue(ward.counted(MqttMetrics.ENDED) - ended < strangers.size(), "ended after their time");
    } finally {
      for (Device stranger : strangers) stranger.close();
    }
    Await.until("it to be given back", () -> ward.verticle.early() == 0);
  }

  private static boolean isEnded(Device device) {
    try {
      device.socket.setSoTimeout(20);
      return device.answer() == null;
    } catch (SocketTimeoutException open) {
      return false;
    } catch (IOException ended) {
      return true;
    }
  }

  private static boolean has(List<ConsumerRecord<byte[], byte[]>> records, String mark) {
    return records.stream().anyMatch(record -> Ward.text(record).contains(mark));
  }

  @Test
  void whatIsToBeRetainedIsTakenOnceAndAnEmptyOneIsNothing() throws Exception {
    try (Device device = ward.device(4).entered("retains")) {
      assertEquals("400001", device.ask(device.publish(3, 1, "t/retained", reading("retained", 1).getBytes())));
      assertEquals("400002", device.ask(device.publish(3, 2, "t/retained", new byte[0])));
      assertEquals("400003", device.ask(device.publish(1, 3, "t/retained", reading("retained", 2))));
    }
    List<ConsumerRecord<byte[], byte[]>> all = ward.read(records -> has(records, reading("retained", 2)));
    assertEquals(2, all.stream().filter(record -> "t/retained".equals(header(record, "mqtt-topic"))).count());
  }

  @Test
  void whoeverIsSilentForLongerThanHeSaidIsDisconnected() throws Exception {
    try (Device device = ward.device(5)) {
      device.enter(new Hello(5, "silent").keepAlive(1).will("t", reading("will-silent", 0)));
      assertEquals("e08d", begin(device.answer(), 4));
    }
    assertEquals(1, ward.kept("will-silent", 1).size());
  }

  @Test
  void aSenderThatDoesNotReadHisAnswersIsNotReadFromEitherAndNotWaitedForWhenItsConnectionEnds() throws Exception {
    try (Deaf deaf = new Deaf(ward.port(), "deaf")) {
      assertTrue(deaf.written() < 256 << 20, "read: " + deaf.written());
      try (Device other = ward.device(4).entered("other")) {
        assertEquals("400001", other.ask(other.publish(1, 1, "t", reading("other", 1))));
      }
      assertFalse(deaf.isGone());
      try (Device again = ward.device(4).entered("deaf")) {
        Await.until("the one before to be gone", deaf::isGone);
      }
    }
  }

  @Test
  void memoryForMessagesIsBoundedHoweverManySendAndAllIsAnswered() throws Exception {
    String filler = "x".repeat(100_000);
    List<Device> devices = new ArrayList<>();
    try {
      for (int n = 0; n < 12; n++) devices.add(ward.device(4).entered("big-" + n));
      long most = 0;
      for (Device device : devices)
        for (int id = 1; id <= 4; id++) {
          device.write(device.publish(1, id, "t", "{\"big\":\"" + filler + "\"}"));
          most = Math.max(most, ward.verticle.taken());
        }
      for (Device device : devices)
        for (int id = 1; id <= 4; id++) assertEquals(String.format("40%04x", id), device.answer());
      assertTrue(most <= 1 << 20, "taken: " + most);
      Await.until("all of it to be given back", () -> ward.verticle.taken() == 0);
    } finally {
      for (Device device : devices) device.close();
    }
    assertEquals(48, ward.kept(filler, 48).size());
  }

  @Test
  void aConnectionThatBreaksInAPacketLeavesNothingTaken() throws Exception {
    try (Device device = ward.device(5).entered("breaks-off")) {
      byte[] packet = device.publish(1, 1, "t", "{\"x\":\"" + "y".repeat(50_000) + "\"}");
      device.write(Arrays.copyOf(packet, 20_000));
      Await.until("it to be begun", () -> ward.verticle.taken() > 100_000);
    }
    Await.until("it to be given up", () -> ward.verticle.taken() == 0);
  }
}
