package io.caregrid.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client of {@code /ingest} sees, on a real broker. The limit is 1 MB a body, 256 kB a message. */
@ExtendWith(Engines.class)
class IngestHttpIT {
  private static KafkaConfig kafka;
  private static Topics topics;
  private static Door door;

  @BeforeAll
  static void open(LocalKafka broker) throws Exception {
    kafka = House.kafka(broker.bootstrapServers());
    topics = House.topics(kafka);
    door = new Door(kafka, House.INGEST);
  }

  @AfterAll
  static void close() throws Exception {
    door.close();
  }

  @Test
  void oneObjectIsAcceptedAndLiesInTheLogAsItWasSent() throws Exception {
    String message = "{ \"deviceId\" : \"one-ä\", \"x\":1.0 }";

    HttpResponse<String> answer = door.post("application/json; charset=UTF-8",
        message.getBytes(StandardCharsets.UTF_8));

    assertAccepted(1, answer);
    assertEquals(List.of(message), stored("one-ä", 1));
  }

  @Test
  void aBatchLiesInOnePartitionInItsOrder() throws Exception {
    List<String> messages = messages("ordered", 500);

    assertAccepted(500, door.lines(String.join("\n", messages)));
    assertAccepted(500, door.json("[" + String.join(",", messages("array", 500)) + "]"));

    assertEquals(messages, stored("ordered", 500));
    assertEquals(messages("array", 500), stored("array", 500));
    assertEquals(1, records("ordered", 500).stream().map(ConsumerRecord::partition).distinct().count());
  }

  @Test
  void gzipIsUnpacked() throws Exception {
    byte[] packed = GzipTest.pack(String.join("\n", messages("packed", 3)).getBytes());

    assertAccepted(3, door.post("application/jsonl", packed, "Content-Encoding", "gzip"));

    assertEquals(messages("packed", 3), stored("packed", 3));
  }

  @Test
  void theSameBodyTwiceIsAcceptedTwice() throws Exception {
    assertAccepted(1, door.json(House.message("twice", 60)));
    assertAccepted(1, door.json(House.message("twice", 60)));

    assertEquals(2, stored("twice", 2).size());
  }

  @Test
  void aMappingIsChosenByThePathAndOneThatIsNotThereIsSaid() throws Exception {
    assertAccepted(1, door.postTo("/ingest/default", "application/json", House.message("by-path", 60).getBytes()));

    assertEquals("default", House.header(records("by-path", 1).get(0), IngestRecord.MAPPING));
    assertRefused(404, "no mapping of this name",
        door.postTo("/ingest/other", "application/json", House.message("by-path", 60).getBytes()));
  }

  @Test
  void cloudEventsOfEveryModeLieInTheLogAsKafkasBindingWantsThem() throws Exception {
    String event = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/w\",\"type\":\"t\",\"data\":"
        + House.message("event-%s", 60) + "}";
    assertAccepted(1, door.post("application/cloudevents+json; charset=utf-8", event.formatted("one").getBytes()));
    assertAccepted(2, door.post("application/cloudevents-batch+json",
        ("[" + event.formatted("two") + "," + event.formatted("two") + "]").getBytes()));
    assertAccepted(1, door.post("application/json", House.message("event-three", 60).getBytes(), "ce-specversion",
        "1.0", "ce-id", "4", "ce-source", "/ward%203", "CE-Type", "hr"));

    assertEquals("application/cloudevents+json", House.header(records("event-one", 1).get(0), "content-type"));
    assertEquals(2, records("event-two", 2).size());
    ConsumerRecord<byte[], byte[]> binary = records("event-three", 1).get(0);
    assertEquals("/ward 3 hr", House.header(binary, "ce_source") + " " + House.header(binary, "ce_type"));
  }

  @Test
  void anEventThatLacksSomethingOrIsSeveralIsRefused() throws Exception {
    byte[] body = House.message("refused", 60).getBytes();
    assertRefused(400, "lacks ce-type",
        door.post("application/json", body, "ce-specversion", "1.0", "ce-id", "4", "ce-source", "/"));
    assertRefused(400, "carries one event", door.post("application/json", "[{},{}]".getBytes(), "ce-specversion", "1.0",
        "ce-id", "4", "ce-source", "/", "ce-type", "t"));
    assertRefused(400, "specversion", door.post("application/json", body, "ce-specversion", "2.0", "ce-id", "4",
        "ce-source", "/", "ce-type", "t"));
  }

  @Test
  void anEmptyArrayIsNothingToDo() throws Exception {
    assertAccepted(0, door.json("[]"));
  }

  @Test
  void acceptedMessagesAreCounted() throws Exception {
    double before = door.meters.counter("ingest.events").count();

    door.json("[{},{}]");
    door.json("[{},{]");

    assertEquals(before + 2, door.meters.counter("ingest.events").count());
  }

  @Test
  void badJsonIsRefusedWithThePlaceAndNothingOfItIsSent() throws Exception {
    assertRefused(400, "line 2, column 9, byte 37: message [1]: the JSON ends too early",
        door.lines("{\"deviceId\":\"never-arrives\"}\n{\"open\":"));
    assertAccepted(1, door.json(House.message("after", 1)));
    stored("after", 1);
    assertEquals(List.of(), stored("never-arrives", 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\n\n", "[{},[[]]]", "{\"a\":[[[}", "7", "nested { garbage"})
  void whatIsNotMadeOfObjectsIs400(String body) throws Exception {
    assertEquals(400, door.json(body).statusCode());
    assertEquals(400, door.lines(body).statusCode());
  }

  @Test
  void otherContentTypesEncodingsAndVerbsAreRefused() throws Exception {
    assertRefused(415, "Content-Type must be application/json", door.post("text/plain", "{}".getBytes()));
    assertRefused(415, "Content-Type must be application/json", door.post(null, "{}".getBytes()));
    assertRefused(415, "UTF-8", door.post("application/json;charset=iso-8859-1", "{}".getBytes()));
    assertRefused(415, "Content-Encoding must be gzip",
        door.post("application/json", "{}".getBytes(), "Content-Encoding", "br"));
    assertAccepted(1, door.post("application/vnd.monitor+json", "{}".getBytes()));
    assertEquals(405, door.get().statusCode());
  }

  @Test
  void aTruncatedOrFalseGzipIs400() throws Exception {
    byte[] packed = GzipTest.pack("{}\n{}\n".getBytes());

    assertRefused(400, "truncated", door.post("application/x-ndjson", Arrays.copyOf(packed, packed.length - 4),
        "Content-Encoding", "gzip"));
    assertRefused(400, "not gzip", door.post("application/json", "{}".getBytes(), "Content-Encoding", "gzip"));
  }

  @Test
  void aGzipBombIsStoppedAtTheLimit() throws Exception {
    byte[] blank = new byte[50 << 20];
    Arrays.fill(blank, (byte) ' ');

    assertRefused(413, "larger than ingest.maxBodyBytes, 1048576",
        door.post("application/json", GzipTest.pack(blank), "Content-Encoding", "gzip"));
  }

  @Test
  void fiftyMegabytesInChunksAreRefusedAndTheClientHearsIt() throws Exception {
    try (RawHttp client = new RawHttp(door.port)) {
      client.head("Transfer-Encoding: chunked").sendChunked(50 << 20);

      String answer = client.answer();

      assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
      assertTrue(answer.contains("larger than ingest.maxBodyBytes"), answer);
      assertTrue(client.isEnded());
    }
    assertAccepted(1, door.json("{}"));
  }

  @Test
  void overHttp2ARefusedUploadLeavesTheConnectionToTheOthers() throws Exception {
    assertAccepted(1, door.json("{}"));

    assertRefused(413, "larger than ingest.maxBodyBytes", door.post("application/json", new byte[3 << 20]));

    assertAccepted(1, door.json("{}"));
  }

  @Test
  void whatWasAcceptedBeforeTheDoorClosedIsInTheLog() throws Exception {
    List<HttpResponse<String>> answers;
    try (Door closing = new Door(kafka, House.INGEST)) {
      List<CompletableFuture<HttpResponse<String>>> sent = IntStream.range(0, 80)
          .mapToObj(n -> closing.later("{\"deviceId\":\"closing\",\"n\":" + n + "}"))
          .toList();
      Await.until("some to be accepted", () -> sent.stream().anyMatch(CompletableFuture::isDone));
      Door.await(closing.vertx.undeploy(closing.verticle.deploymentID()));
      answers = sent.stream().map(CompletableFuture::join).toList();
    }

    int accepted = (int) answers.stream().filter(answer -> answer.statusCode() == 202).count();

    assertTrue(answers.stream().allMatch(answer -> answer.statusCode() == 202 || answer.statusCode() == 503));
    assertTrue(accepted > 0 && stored("closing", accepted).size() >= accepted);
  }

  @Test
  void aDeclaredLengthBeyondTheLimitIsRefusedBeforeTheBodyIsSent() throws Exception {
    try (RawHttp client = new RawHttp(door.port)) {
      client.head("Content-Length: 52428800", "Expect: 100-continue");

      assertTrue(client.answer().startsWith("HTTP/1.1 413 "));
    }
  }

  @Test
  void aClientThatWaitsForTheGoAheadGetsIt() throws Exception {
    try (RawHttp client = new RawHttp(door.port)) {
      client.head("Content-Length: 2", "Expect: 100-continue");
      assertTrue(client.answer().startsWith("HTTP/1.1 100 "));

      client.send("{}");

      assertTrue(client.answer().startsWith("HTTP/1.1 202 "));
    }
  }

  @Test
  void aConnectionGoesOnAfterABadMessage() throws Exception {
    try (RawHttp client = new RawHttp(door.port)) {
      client.head("Content-Length: 2").send("{]");
      assertTrue(client.answer().startsWith("HTTP/1.1 400 "));

      client.head("Content-Length: 2").send("{}");

      assertTrue(client.answer().startsWith("HTTP/1.1 202 "));
    }
  }

  @Test
  void oneMessageLargerThanTheLogTakesIsNamed() throws Exception {
    String big = "{\"a\":\"" + "x".repeat(256 << 10) + "\"}";

    assertRefused(413, "line 2, column 1, byte 3: message [1] has 262152 bytes, more than kafka.maxMessageBytes",
        door.lines("{}\n" + big));
    assertAccepted(1, door.json("{\"deviceId\":\"big\",\"a\":\"" + "x".repeat((256 << 10) - 30) + "\"}"));
  }

  @Test
  void moreBodiesAtOnceThanTheBudgetAllowsAreAnswered503AndAFinishedOneMakesRoom() throws Exception {
    String almostFull = "{\"a\":\"" + "x".repeat(900 << 10);
    String more = "{\"a\":\"" + "x".repeat(200 << 10) + "\"}";
    try (
        Door small = new Door(kafka,
            new IngestConfig(1 << 20, House.INGEST.acknowledge(), 1 << 20, 1));
        RawHttp first = new RawHttp(small.port)) {
      RawHttp[] slow = {first.head("Content-Length: " + (1 << 20)).send(almostFull)};
      Await.until("the budget to be spent", () -> {
        slow[0] = unanswered(slow[0], small, almostFull);
        return post(small, more) == 503;
      });
      HttpResponse<String> refused = small.json(more);

      slow[0].close();

      assertRefused(503, "ingest.bufferBytes", refused);
      assertEquals("2", refused.headers().firstValue("Retry-After").orElse(""));
      Await.until("room again", () -> post(small, more) == 202);
    }
  }

  /** What comes while the slow body is still being read may have that one refused: then it begins anew. */
  private static RawHttp unanswered(RawHttp slow, Door door, String body) {
    try {
      return slow.isAnswered() ? new RawHttp(door.port).head("Content-Length: " + (1 << 20)).send(body) : slow;
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private static int post(Door door, String body) {
    try {
      return door.json(body).statusCode();
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }

  private static void assertAccepted(int messages, HttpResponse<String> answer) {
    assertEquals(202, answer.statusCode(), answer.body());
    assertEquals("{\"accepted\":" + messages + "}", answer.body());
  }

  private static void assertRefused(int status, String why, HttpResponse<String> answer) {
    assertEquals(status, answer.statusCode(), answer.body());
    JsonObject outcome = new JsonObject(answer.body());
    assertEquals("OperationOutcome", outcome.getString("resourceType"));
    String said = outcome.getJsonArray("issue").getJsonObject(0).getString("diagnostics");
    assertTrue(said.contains(why), said);
  }

  private static List<String> messages(String device, int count) {
    return IntStream.range(0, count)
        .mapToObj(n -> "{\"deviceId\":\"" + device + "\",\"n\":" + n + "}")
        .collect(Collectors.toList());
  }

  private static List<String> stored(String device, int count) {
    return House.values(records(device, count));
  }

  private static List<ConsumerRecord<byte[], byte[]>> records(String device, int count) {
    return House.read(kafka, topics.deviceData(), all -> of(device, all).size() >= count)
        .stream()
        .filter(record -> isOf(device, record))
        .toList();
  }

  private static List<ConsumerRecord<byte[], byte[]>> of(String device, List<ConsumerRecord<byte[], byte[]>> all) {
    return all.stream().filter(record -> isOf(device, record)).toList();
  }

  private static boolean isOf(String device, ConsumerRecord<byte[], byte[]> record) {
    return new String(record.value(), StandardCharsets.UTF_8).contains("\"" + device + "\"");
  }
}
