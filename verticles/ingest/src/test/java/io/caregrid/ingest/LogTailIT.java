package io.caregrid.ingest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Gate;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What somebody sees of the stream who works on a mapping, on a real broker with three partitions. */
@ExtendWith(Engines.class)
class LogTailIT {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final ConcurrentLinkedQueue<Audit.Entry> audited = new ConcurrentLinkedQueue<>();
  private static KafkaConfig kafka;
  private static Door door;
  private static HttpServer server;

  @BeforeAll
  static void open(LocalKafka broker) throws Exception {
    kafka = House.kafka(broker.bootstrapServers());
    House.topics(kafka);
    door = new Door(kafka, House.INGEST);
    Audit audit = entry -> {
      audited.add(entry);
      return Future.succeededFuture();
    };
    Router router = Router.router(door.vertx);
    router.route().handler(Gate.kept(Doorman.OPEN, audit));
    door.verticle.showing(audit).mount(router);
    router.route()
        .failureHandler(failed -> failed.response()
            .setStatusCode(
                failed.failure() instanceof io.caregrid.contract.Failure known ? known.status : 500)
            .end());
    server = Door.await(door.vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
  }

  @AfterAll
  static void close() throws Exception {
    door.close();
  }

  private static HttpResponse<String> ask(String query) throws Exception {
    return HTTP.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.actualPort() + "/iomt/messages"
        + query)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static JsonArray seen(String query) throws Exception {
    HttpResponse<String> answer = ask(query);
    assertEquals(200, answer.statusCode(), answer.body());
    return new JsonArray(answer.body());
  }

  @Test
  void theNewestMessagesAreSeenAsTheyWereSentOfAllPartitionsOrOfOneMappingAndEachLookIsAudited() throws Exception {
    assertEquals(0, seen("").size(), "an empty log, with nothing but its probes");
    for (int n = 0; n < 12; n++)
      assertEquals(202, door.post("application/json", ("{ \"n\": " + n + ".0 }").getBytes(), "x-ward", "icu")
          .statusCode());
    assertEquals(202, door.lines(IntStream.range(0, 60)
        .mapToObj(n -> House.message("many-" + n, n))
        .collect(Collectors.joining("\n"))).statusCode());
    long before = System.currentTimeMillis();
    Await.until("the next millisecond, by which messages are ordered", () -> System.currentTimeMillis() > before);
    assertEquals(202, door.postTo("/ingest/default", "application/json", "{\"last\":true}".getBytes()).statusCode());

    JsonArray ten = seen("");
    assertEquals(10, ten.size());
    assertEquals(50, seen("?limit=50").size());
    List<String> times = ten.stream().map(one -> ((JsonObject) one).getString("at")).toList();
    assertEquals(times.stream().sorted(java.util.Comparator.reverseOrder()).toList(), times);
    assertEquals("{\"last\":true}", ten.getJsonObject(0).getString("payload"));
    assertEquals("default", ten.getJsonObject(0).getString("mapping"));
    assertFalse(ten.getJsonObject(0).containsKey("utf8"), "it is");
    assertEquals(kafka.deviceData(), ten.getJsonObject(0).getString("topic"));
    assertTrue(!ten.getJsonObject(0).getJsonObject("headers").containsKey(IngestRecord.MAPPING));
    assertEquals(5, seen("?mapping=default&limit=5").size());
    assertEquals(0, seen("?mapping=other").size());

    Audit.Entry entry = audited.stream().filter(one -> "mapping=default&limit=5".equals(one.query())).findFirst().get();
    assertEquals(Audit.Deed.MESSAGES_SEEN, entry.deed());
    assertEquals(5, entry.what().size());
    assertTrue(entry.what().get(0).startsWith("urn:caregrid:message:" + kafka.deviceData() + ":"), entry.toString());
    whatIsNoUtf8IsToldAndHeadersCountAsPayloadsDo();
  }

  private static void whatIsNoUtf8IsToldAndHeadersCountAsPayloadsDo() throws Exception {
    byte[] latin = "{\"ward\":\"S\u00fcd\"}".getBytes(StandardCharsets.ISO_8859_1);
    byte[] header = "h".repeat(250_000).getBytes(StandardCharsets.US_ASCII);
    ByteArraySerializer bytes = new ByteArraySerializer();
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(kafka.connecting(), bytes, bytes)) {
      for (int n = 0; n < 20; n++) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(kafka.deviceData(), latin);
        if (n > 0) record.headers().add("x-note", header);
        producer.send(record).get(120, TimeUnit.SECONDS);
      }
    }
    JsonArray seen = seen("?limit=20");
    assertEquals((4 << 20) / 250_100, seen.size(), "4 MB of them");
    assertEquals(false, seen.getJsonObject(0).getBoolean("utf8"));
    assertArrayEquals(latin, Base64.getDecoder().decode(seen.getJsonObject(0).getString("base64")));
    assertEquals("{\"ward\":\"S\uFFFDd\"}", seen.getJsonObject(0).getString("payload"));
  }

  @Test
  void whatIsAskedForWronglyIsRefused() throws Exception {
    for (String wrong : List.of("?limit=0", "?limit=51", "?limit=x", "?mapping=-x"))
      assertEquals(400, ask(wrong).statusCode(), wrong);
  }
}
