package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.caregrid.cluster.ConfigException;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A whole node tells somebody else's program, and says when it cannot. */
@ExtendWith(Engines.class)
class TellNodeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static Map<String, String> settings(LocalPostgres postgres, LocalKafka kafka, Path data, int port) {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    settings.put("roles", "api,device");
    settings.put("tell.targets.ward.kind", "webhook");
    settings.put("tell.targets.ward.url", "http://127.0.0.1:" + port + "/news");
    settings.put("tell.targets.ward.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    settings.put("tell.targets.log.kind", "kafka");
    settings.put("tell.rules.minor.types", "Patient");
    settings.put("tell.rules.minor.when", "birthDate > @2015-01-01");
    settings.put("tell.rules.minor.text", "Is a child");
    return settings;
  }

  private static void put(Platform node, String type, String id, String rest) throws Exception {
    HttpResponse<String> answer = HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(node.http() + "/fhir/" + type + "/" + id))
            .header("Content-Type", "application/fhir+json")
            .PUT(HttpRequest.BodyPublishers
                .ofString("{\"resourceType\":\"" + type + "\",\"id\":\"" + id + "\"" + rest + "}"))
            .timeout(Duration.ofSeconds(20))
            .build(), HttpResponse.BodyHandlers.ofString());
    assertEquals(201, answer.statusCode(), answer.body());
  }

  @Test
  void itTellsWhatChangedAndWhatARuleMadeAndWarnsOfOneThatTakesNothing(LocalPostgres postgres, LocalKafka kafka,
      @TempDir Path data) throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    AtomicInteger status = new AtomicInteger(204);
    HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext("/news", exchange -> {
      told.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
      exchange.sendResponseHeaders(status.get(), -1);
      exchange.close();
    });
    receiver.start();
    try (Platform node = Platform.start(
        TestNode.config(settings(postgres, kafka, data, receiver.getAddress().getPort())), false, step -> {})) {
      TestNode.eventually(PATIENCE, "both targets are known",
          () -> TestNode.json(node.http() + "/tell").path("targets").size() == 2 ? true : null);
      put(node, "Patient", "kim", ",\"birthDate\":\"2020-02-02\"");

      String news = TestNode.eventually(PATIENCE, "the Flag is told",
          () -> told.stream().filter(one -> one.contains("\"resourcetype\":\"Flag\"")).findFirst().orElse(null));
      assertTrue(told.stream().anyMatch(one -> one.contains("\"resourcetype\":\"Patient\"")), told.toString());
      assertTrue(told.stream().allMatch(one -> one.contains("\"source\":\"" + node.http() + "/fhir\"")),
          told.toString());
      String flag = news.replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
      HttpResponse<String> validated = TestNode.post(node.http() + "/fhir/Flag/$validate", "application/fhir+json",
          TestNode.get(node.http() + "/fhir/Flag/" + flag).body());
      assertTrue(!validated.body().contains("\"severity\":\"error\""), validated.body());
      TestNode.eventually(PATIENCE, "Kafka has both", () -> TestNode.json(node.http() + "/tell")
          .path("targets")
          .get(0)
          .path("sent")
          .asInt() == 2 ? true : null);

      status.set(500);
      for (int i = 0; i < 12; i++) put(node, "Organization", "o" + i, ",\"name\":\"x\"");
      TestNode.eventually(PATIENCE, "health warns",
          () -> TestNode.get(node.http() + "/health/ready").body().contains("\"name\":\"tell\",\"status\":\"warning\"")
              ? true
              : null);
      assertEquals(200, TestNode.get(node.http() + "/health/ready").statusCode());
      assertTrue(TestNode.get(node.http() + "/metrics").body().contains("tell_failed_total{target=\"ward\""));
    } finally {
      receiver.stop(0);
    }
  }

  @Test
  void whatIsWrongInAnExpressionStopsTheStartWithItsPlace(LocalPostgres postgres, LocalKafka kafka,
      @TempDir Path data) {
    Map<String, String> settings = settings(postgres, kafka, data, 9);
    settings.put("tell.rules.minor.when", "birthDate >> @2015");

    String said = assertThrows(ConfigException.class,
        () -> Platform.start(TestNode.config(settings), false, step -> {})).getMessage();

    assertTrue(said.startsWith("tell.rules.minor.when is not FHIRPath: line 1, column"), said);
    settings.put("tell.rules.minor.when", "birthDate.exists()");
    settings.put("tell.writerRoles", "FHIR Data Reader");
    assertTrue(assertThrows(ConfigException.class, () -> Platform.start(TestNode.config(settings), false, step -> {}))
        .getMessage()
        .contains("tell.writerRoles must name a role that gives FHIR_WRITE"));
  }
}
