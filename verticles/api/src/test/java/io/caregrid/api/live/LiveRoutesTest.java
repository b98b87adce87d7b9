package io.caregrid.api.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.Ward;
import io.caregrid.cluster.Addresses;
import io.caregrid.cluster.Shards;
import io.caregrid.cluster.Source;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Live;
import io.caregrid.store.DeadLetter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Ward.Key.class)
class LiveRoutesTest {
  private static final DeliveryOptions SOON = new DeliveryOptions().setSendTimeout(100);
  private static final long PATIENCE_MILLIS = 120_000;
  private final BlockingQueue<Live.Watch> watches = new LinkedBlockingQueue<>();
  private final StringBuffer heard = new StringBuffer();
  private Ward ward;
  private HttpClient client;
  private MessageConsumer<Live.Watch> shard;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
    client = ward.vertx.createHttpClient();
    shard = ward.vertx.eventBus().<Live.Watch>consumer(Addresses.LIVE_WATCH, message -> watches.add(message.body()));
    Ward.get(shard.completion());
  }

  @AfterEach
  void close() {
    Ward.get(client.close());
    Ward.get(shard.unregister());
  }

  private HttpClientResponse listen(String address) {
    return Ward.get(client.request(HttpMethod.GET, ward.port(), "127.0.0.1", address)
        .compose(request -> request.send())
        .onSuccess(response -> response.handler(part -> heard.append(part.toString()))));
  }

  /** The watch of the browser that this test opened; another test's may still be dying away. */
  private Live.Watch watch(String device) throws InterruptedException {
    Live.Watch watch = watches.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    while (watch != null && !Objects.equals(watch.device(), device)) {
      watch = watches.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    }
    return watch;
  }

  private static Live.Vitals vitals(String device, String heart) {
    return new Live.Vitals(device, "p1", 1000, 1001, Map.of("heartrate/hr", new Live.Reading(heart, 1000)));
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.currentTimeMillis() + PATIENCE_MILLIS;
    while (!condition.getAsBoolean()) {
      assertTrue(System.currentTimeMillis() < deadline, "condition not met in time");
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  @Test
  void aBrowserWatchesAtOnceAndHearsReadingsAndTheClock() throws InterruptedException {
    HttpClientResponse response = listen("/iomt/live");

    ward.vertx.eventBus().publish(watch(null).address(), vitals("m1", "72"));
    await(() -> heard.indexOf("data: {") >= 0 && heard.indexOf("event: clock\ndata: ") >= 0);

    assertEquals(200, response.statusCode());
    assertTrue(response.getHeader("Content-Type").startsWith("text/event-stream"));
    String data = heard.substring(heard.indexOf("data: {") + 6).split("\n")[0];
    assertEquals("72", new JsonObject(data).getJsonObject("readings").getJsonObject("heartrate/hr").getString("value"));
  }

  @Test
  void oneDeviceIsFilteredHereToo() throws InterruptedException {
    listen("/iomt/live?device=m2");
    Live.Watch watch = watch("m2");

    ward.vertx.eventBus().publish(watch.address(), vitals("m1", "1"));
    ward.vertx.eventBus().publish(watch.address(), vitals("m2", "2"));
    await(() -> heard.indexOf("\"m2\"") >= 0);

    assertEquals("m2", watch.device());
    assertEquals(-1, heard.indexOf("\"m1\""));
  }

  @Test
  @Tag("full")
  void aWatchIsRenewedWhileTheBrowserIsThereAndNotAfter() throws InterruptedException {
    HttpClientResponse response = listen("/iomt/live?device=m3");
    String address = watch("m3").address();
    assertEquals(address, watch("m3").address());

    Ward.get(response.request().connection().close());

    await(() -> {
      try {
        return Ward.get(ward.vertx.eventBus().request(address, vitals("m1", "1"), SOON)) == null;
      } catch (RuntimeException nobodyListens) {
        return true;
      }
    });
  }

  @Test
  void theLatestOfADeviceComesFromItsShard() {
    String device = "monitor-é";
    MessageConsumer<Live.Latest> owner = ward.vertx.eventBus()
        .consumer(Addresses.shard(Shards.of(device, Ward.SHARDS)), question -> question.reply(vitals(device, "61")));
    Ward.get(owner.completion());

    JsonObject latest = ward.send("GET", "/iomt/devices/monitor-%C3%A9/latest", (String) null).bodyAsJsonObject();

    assertEquals("61", latest.getJsonObject("readings").getJsonObject("heartrate/hr").getString("value"));
    Ward.get(owner.unregister());
  }

  @Test
  void withoutAShardTheStoreAnswers() {
    String device = "m-" + UUID.randomUUID();
    String id = ward
        .send("POST", "/fhir/Device", "{\"resourceType\":\"Device\",\"identifier\":[{\"value\":\"" + device + "\"}]}")
        .bodyAsJsonObject()
        .getString("id");
    ward.send("POST", "/fhir/Observation",
        "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"
            + "\"device\":{\"reference\":\"Device/" + id + "\"},\"valueQuantity\":{\"value\":36.60}}");

    String latest = ward.send("GET", "/iomt/devices/" + device + "/latest", (String) null).bodyAsString();

    assertTrue(latest.contains("36.60"), latest);
    assertEquals(404, ward.send("GET", "/iomt/devices/nobody/latest", (String) null).statusCode());
  }

  @Test
  void deadLettersAreListedNewestFirstWithWhy() {
    UUID topic = UUID.randomUUID();
    Instant at = Instant.parse("2099-01-01T00:00:00Z");
    Ward.get(ward.letters.keep(Caller.system("test"), List.of(
        new DeadLetter(new Source(topic, 0, 1, 0), "no-template", "nothing matches", "m1",
            Buffer.buffer("{\"a\":1.10}"), at),
        new DeadLetter(new Source(topic, 0, 2, 0), "malformed-json", "line 1", null, Buffer.buffer("{"),
            at.plusSeconds(1)))));

    JsonArray list = ward.send("GET", "/iomt/dead-letters?_count=2", (String) null).bodyAsJsonArray();

    assertEquals(2, list.size());
    assertEquals("malformed-json", list.getJsonObject(0).getString("reason"));
    assertEquals("{\"a\":1.10}", list.getJsonObject(1).getString("payload"));
    assertEquals(topic + ":0:1:0", list.getJsonObject(1).getString("source"));
    assertEquals(at.toString(), list.getJsonObject(1).getString("at"));
    assertEquals(400, ward.send("GET", "/iomt/dead-letters?_count=many", (String) null).statusCode());
    HttpResponse<Buffer> first = ward.send("GET", "/iomt/dead-letters?_count=1&from=2099-01-01T00:00:00Z",
        (String) null);
    assertEquals("malformed-json", first.bodyAsJsonArray().getJsonObject(0).getString("reason"));
    String next = first.getHeader("Link").replaceAll("<(.*)>; rel=\"next\"", "$1");
    assertEquals("no-template",
        ward.send("GET", next, (String) null).bodyAsJsonArray().getJsonObject(0).getString("reason"));
    assertEquals(0,
        ward.send("GET", "/iomt/dead-letters?device=m1&state=replayed", (String) null).bodyAsJsonArray().size());
    assertEquals(1, ward.send("GET", "/iomt/dead-letters?device=m1&reason=no-template&state=open", (String) null)
        .bodyAsJsonArray()
        .size());
    assertTrue(ward.send("GET", "/iomt/dead-letters/$count", (String) null)
        .bodyAsString()
        .contains("{\"reason\":\"malformed-json\",\"open\":1,\"replayed\":0,"));
    JsonArray one = ward.send("GET", "/iomt/dead-letters?source=" + topic + ":0:1:0", (String) null).bodyAsJsonArray();
    assertEquals(list.getJsonObject(1), one.getJsonObject(0));
    assertEquals(404, ward.send("GET", "/iomt/dead-letters?source=" + topic + ":0:9:0", (String) null).statusCode());
    for (String wrong : List.of("state=closed", "from=yesterday", "after=1"))
      assertEquals(400, ward.send("GET", "/iomt/dead-letters?" + wrong, (String) null).statusCode(), wrong);
  }
}
