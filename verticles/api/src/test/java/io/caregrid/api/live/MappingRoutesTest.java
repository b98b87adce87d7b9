package io.caregrid.api.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.HttpVerticle;
import io.caregrid.api.Ward;
import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.PoolOptions;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The two addresses over HTTP, without anything behind them: they need nothing. */
class MappingRoutesTest {
  private static final Vertx VERTX = Vertx.vertx();
  private static HttpVerticle http;
  private static WebClient client;

  @BeforeAll
  static void open() {
    http = new HttpVerticle(new HttpConfig("127.0.0.1", 0, List.of(), List.of(), TlsConfig.NONE), Doorman.OPEN,
        Audit.log(), List.of(new MappingRoutes(VERTX)));
    Ward.get(VERTX.deployVerticle(http));
    client = WebClient.create(VERTX, new WebClientOptions(), new PoolOptions().setHttp1MaxSize(20));
  }

  @AfterAll
  static void close() {
    Ward.get(VERTX.close());
  }

  @Test
  void previewAnswersWhatMappingsWouldMake() {
    HttpResponse<Buffer> answer = post("/iomt/$preview", """
        {"deviceContent":{"templateType":"CollectionContent","template":[{"templateType":"JsonPathContent","template":{
          "typeName":"hr","typeMatchExpression":"$..[?(@hr)]","deviceIdExpression":"$.d","timestampExpression":"$.t",
          "values":[{"valueName":"hr","valueExpression":"$.hr"}]}}]},
         "messages":[{"Body":{"hr":70.0,"d":"x","t":"2026-11-22T10:00:00Z"}},{}]}""", "application/json");

    assertEquals(200, answer.statusCode(), answer.bodyAsString());
    assertTrue(answer.bodyAsString().contains("\"properties\":[{\"name\":\"hr\",\"value\":\"70\"}]"),
        answer.bodyAsString());
    assertEquals(2, answer.bodyAsJsonObject().getJsonArray("results").size());
  }

  @Test
  void evaluateTriesOneExpression() {
    HttpResponse<Buffer> answer = post("/iomt/$evaluate",
        "{\"language\":\"JmesPath\",\"expression\":\"a[].b\",\"data\":{\"a\":[{\"b\":1}]}}",
        "application/json;charset=utf-8");

    assertEquals("{\"matches\":[1]}", answer.bodyAsString());
  }

  @Test
  void twentyAtOnceAreAllAnswered() {
    List<Future<HttpResponse<Buffer>>> asked = new ArrayList<>();
    for (int i = 0; i < 20; i++)
      asked.add(client.post(http.port(), "127.0.0.1", "/iomt/$evaluate")
          .putHeader("Content-Type", "application/json")
          .sendBuffer(Buffer.buffer("{\"expression\":\"$.a\",\"data\":{\"a\":" + i + "}}")));

    for (int i = 0; i < 20; i++) assertEquals("{\"matches\":[" + i + "]}", Ward.get(asked.get(i)).bodyAsString());
  }

  @Test
  void whatCannotBeReadIsRefused() {
    assertEquals(400, post("/iomt/$preview", "{", "application/json").statusCode());
    assertEquals(400, post("/iomt/$preview", "{}", "application/json").statusCode());
    String deep = "{\"expression\":\"$\",\"data\":" + "[".repeat(2_000) + "]".repeat(2_000) + "}";
    assertEquals(400, post("/iomt/$evaluate", deep, "application/json").statusCode());
    assertTrue(post("/iomt/$evaluate", deep, "application/json").bodyAsString().contains("nests deeper than 1000"));
    assertEquals(400, post("/iomt/$preview", "9".repeat(5_000), "application/json").statusCode());
    assertEquals(415, post("/iomt/$evaluate", "{}", "text/plain").statusCode());
    assertEquals(413, post("/iomt/$evaluate", " ".repeat(9 << 20), "application/json").statusCode());
    assertTrue(post("/iomt/$evaluate", "{}", "application/json").bodyAsString().contains("expression is missing"));
  }

  private static HttpResponse<Buffer> post(String path, String body, String type) {
    return Ward.get(
        client.post(http.port(), "127.0.0.1", path).putHeader("Content-Type", type).sendBuffer(Buffer.buffer(body)));
  }
}
