package io.caregrid.ingest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Shards;
import io.caregrid.cluster.Source;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Gate;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.templates.device.MeasurementJson;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Engines.class)
class FirstHopIT {
  @Test
  void aMessageSentByHttpLiesInItsShardWithItsSource(LocalKafka broker) throws Exception {
    KafkaConfig kafka = House.kafka(broker.bootstrapServers());
    Topics topics = House.topics(kafka);
    Vertx vertx = Vertx.vertx();
    try {
      IngestVerticle door = new IngestVerticle(vertx, kafka, House.INGEST, House::vitals, new SimpleMeterRegistry());
      NormaliseVerticle hop = new NormaliseVerticle(kafka, House.SHARDS, House.INGEST, House::vitals,
          new SimpleMeterRegistry());
      await(vertx.deployVerticle(door));
      await(vertx.deployVerticle(hop));
      Router router = Router.router(vertx);
      router.route().handler(Gate.kept(Doorman.OPEN, Audit.log()));
      door.mount(router);
      int port = await(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1")).actualPort();
      Await.until("the door", door::ready);

      HttpResponse<String> answer = HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/ingest"))
                  .header("Content-Type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofString(House.message("m-1", 72)))
                  .build(),
              HttpResponse.BodyHandlers.ofString());

      assertEquals(202, answer.statusCode(), answer.body());
      assertEquals("{\"accepted\":1}", answer.body());
      ConsumerRecord<byte[], byte[]> raw = House.read(kafka, topics.deviceData(), some -> some.size() == 1).get(0);
      List<ConsumerRecord<byte[], byte[]>> measured = House.read(kafka, topics.measurements(),
          some -> some.size() == 1);
      assertEquals("m-1", new String(measured.get(0).key(), StandardCharsets.UTF_8));
      assertEquals(Shards.of("m-1", House.SHARDS), measured.get(0).partition());
      assertArrayEquals(new Source(topics.deviceData().id(), raw.partition(), raw.offset(), 0).toBytes(),
          measured.get(0).headers().lastHeader(Source.HEADER).value());
      assertEquals("72", MeasurementJson.read(measured.get(0).value()).properties().get(0).value());
      assertEquals(raw.timestamp(), MeasurementJson.read(measured.get(0).value()).ingestedAt().toEpochMilli());
    } finally {
      await(vertx.close());
    }
  }

  private static <T> T await(io.vertx.core.Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get();
  }
}
