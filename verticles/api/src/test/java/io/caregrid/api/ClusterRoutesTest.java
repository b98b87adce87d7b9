package io.caregrid.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.Addresses;
import io.caregrid.cluster.Member;
import io.caregrid.contract.NodeReport;
import io.caregrid.contract.RecordCodec;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code GET /cluster} of a house with five shards, where one node answers, one is a member and silent, and one shard is nobody's. */
class ClusterRoutesTest {
  private static final Member WELL = new Member("id-1", "10.0.0.1:5701", "n1", List.of("api", "device"), "", "", true,
      Set.of(0, 1, 2));
  private static final Member SILENT = new Member("id-2", "10.0.0.2:5701", "n2", List.of("device"), "", "", false,
      Set.of(3));
  private final Vertx vertx = Vertx.vertx();
  private JsonObject report;

  @BeforeEach
  void ask() throws Exception {
    vertx.eventBus().registerDefaultCodec(NodeReport.class, new RecordCodec<>(NodeReport.class));
    vertx.eventBus().registerDefaultCodec(NodeReport.Question.class, new RecordCodec<>(NodeReport.Question.class));
    vertx.eventBus().<NodeReport
        .Question>consumer(Addresses.node("id-1"),
            asked -> asked.reply(new NodeReport("id-1",
                "n1", "1.0", 0, Map.of("ShardVerticle", 2), List.of(new NodeReport.Shard(0, "running", 10, 3, 2, null),
                    new NodeReport.Shard(1, "resting", -1, -1, 0, "the database is away")))));
    House house = get(House.open(vertx, new ClusterRoutes(vertx, "house", 5, () -> List.of(WELL, SILENT))));
    HttpClient client = vertx.createHttpClient();
    report = get(client.request(HttpMethod.GET, house.http().port(), "127.0.0.1", "/cluster")
        .compose(request -> request.send())
        .compose(HttpClientResponse::body)).toJsonObject();
    get(client.close());
  }

  @AfterEach
  void close() throws Exception {
    get(vertx.close());
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.await(120, TimeUnit.SECONDS);
  }

  private JsonObject shard(int n) {
    return report.getJsonArray("shards").getJsonObject(n);
  }

  @Test
  void everyShardIsThereOnceWithItsOwnerAndWhatTheOwnerSays() {
    assertEquals(5, report.getJsonArray("shards").size());
    assertEquals(
        new JsonObject("{'shard':0,'owner':'n1','state':'running','position':10,'lag':3,'backlog':2,'error':null}"
            .replace('\'', '"')),
        shard(0));
    assertEquals("the database is away", shard(1).getString("error"));
    assertFalse(shard(1).containsKey("position"), "nobody knows it, so nothing is claimed");
  }

  @Test
  void aShardItsOwnerHasNotYetInHandIsMovingAndOneWithoutOwnerIsUnowned() {
    assertEquals("moving", shard(2).getString("state"));
    assertEquals("unowned", shard(4).getString("state"));
    assertFalse(shard(4).containsKey("owner"));
  }

  @Test
  void aMemberThatDoesNotAnswerIsShownAllTheSame() {
    JsonObject silent = report.getJsonArray("members").getJsonObject(1);

    assertEquals("n2", silent.getString("name"));
    assertFalse(silent.getBoolean("answers"));
    assertEquals("unknown", shard(3).getString("state"));
    assertTrue(report.getJsonArray("members").getJsonObject(0).getBoolean("answers"));
  }
}
