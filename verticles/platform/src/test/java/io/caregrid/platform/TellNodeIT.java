package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.time.Instant;
import java.time.temporal.ChronoUnit;
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
            .timeout(Duration.ofSeconds(120))
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
    try (Platform node = TestNode.start(settings(postgres, kafka, data, receiver.getAddress().getPort()))) {
      TestNode.eventually(PATIENCE, "both targets are known",
          () -> TestNode.json(node.http() + "/tell").path("targets").size() == 2 ? true : null);
      put(node, "Patient", "kim", ",\"birthDate\":\"2020-02-02\"");

      String news = TestNode.eventually(PATIENCE, "the Flag is told",
          () -> told.stream().filter(one -> one.contains("\"resourcetype\":\"Flag\"")).findFirst().orElse(null));
      TestNode.eventually(PATIENCE, "and so is the Patient",
          () -> told.stream().anyMatch(one -> one.contains("\"resourcetype\":\"Patient\"")) ? true : null);
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

  private static void send(Platform node, Instant at, int heartRate) throws Exception {
    assertEquals(202, TestNode.post(node.http() + "/ingest", "application/json",
        "{\"deviceId\":\"m-1\",\"patientId\":\"ada\",\"time\":\"%s\",\"heartRate\":%d}".formatted(at, heartRate))
        .statusCode());
  }

  /** Id of a Flag of that rule that has this status. */
  private static String flag(Platform node, String rule, String status) throws Exception {
    return TestNode.eventually(PATIENCE, "the Flag of " + rule + " is " + status, () -> {
      JsonNode found = TestNode.json(node.http() + "/fhir/Flag?_tag=urn:caregrid:rule%7C" + rule);
      for (JsonNode entry : found.path("entry"))
        if (entry.at("/resource/status").asText().equals(status)) return entry.at("/resource/id").asText();
      return null;
    });
  }

  private static void ended(Platform node, String flag) throws Exception {
    TestNode.eventually(PATIENCE, "it is over", () -> TestNode.json(node.http() + "/fhir/Flag/" + flag)
        .path("status")
        .asText()
        .equals("inactive") ? true : null);
  }

  @Test
  void aLimitThatIsPassedAndADeviceThatFallsSilentAreToldAndAreOver(LocalPostgres postgres, LocalKafka kafka,
      @TempDir Path data) throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext("/news", exchange -> {
      told.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
      exchange.sendResponseHeaders(204, -1);
      exchange.close();
    });
    receiver.start();
    Map<String, String> settings = settings(postgres, kafka, data, receiver.getAddress().getPort());
    settings.put("roles", "api,device,ingest");
    settings.put("tell.targets.ward.types", "Flag");
    settings.put("tell.thresholds.fast.types", "heartrate");
    settings.put("tell.thresholds.fast.value", "hr");
    settings.put("tell.thresholds.fast.above", "120");
    settings.put("tell.thresholds.fast.clear", "110");
    settings.put("tell.thresholds.fast.lasts", "1m");
    settings.put("tell.thresholds.fast.text", "Heart rate above 120");
    settings.put("tell.silences.lost.after", "5s");
    settings.put("tell.silences.lost.text", "Nothing comes");
    try (Platform node = TestNode.start(settings)) {
      Instant begin = Instant.now().truncatedTo(ChronoUnit.MILLIS).minusSeconds(300);
      for (int second = 0; second <= 90; second += 30) send(node, begin.plusSeconds(second), 130);

      String fast = flag(node, "fast", "active");
      String lost = flag(node, "lost", "active");
      send(node, begin.plusSeconds(120), 115);
      ended(node, lost);
      assertEquals(fast, flag(node, "fast", "active"), "115 is not back at 110");
      send(node, begin.plusSeconds(150), 100);
      ended(node, fast);

      JsonNode shown = TestNode.json(node.http() + "/fhir/Flag/" + fast);
      assertEquals(begin, Instant.parse(shown.at("/period/start").asText()));
      assertEquals(begin.plusSeconds(150), Instant.parse(shown.at("/period/end").asText()));
      for (String id : List.of(fast, lost))
        for (String action : List.of("Created", "Updated"))
          TestNode.eventually(PATIENCE, action + " is told",
              () -> told.stream().anyMatch(one -> one.contains("\"action\":\"" + action + "\"") && one.contains(id))
                  ? true
                  : null);
      HttpResponse<String> validated = TestNode.post(node.http() + "/fhir/Flag/$validate", "application/fhir+json",
          shown.toString());
      assertTrue(!validated.body().contains("\"severity\":\"error\""), validated.body());
      assertTrue(TestNode.get(node.http() + "/health/ready").body().contains("\"name\":\"silence\",\"status\":\"up\""));
      assertTrue(TestNode.get(node.http() + "/metrics").body().contains("\ntell_silence_known "));
      TestNode.eventually(PATIENCE, "both are counted", () -> {
        JsonNode rules = TestNode.json(node.http() + "/tell").path("rules");
        long found = 0;
        for (JsonNode rule : rules)
          if (List.of("fast", "lost").contains(rule.path("name").asText())) found += rule.path("found").asLong();
        return found >= 2 ? true : null;
      });
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
