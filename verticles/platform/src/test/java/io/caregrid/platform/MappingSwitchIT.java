package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.templates.mapping.Shipped;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two whole nodes of one house, their mappings changed while readings come in. */
@ExtendWith(Engines.class)
@Tag("full")
class MappingSwitchIT {
  private static final Duration LONGEST = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final String DEVICE = Shipped.text("/device/vitals.json");
  private static final String FHIR = Shipped.text("/observation/vitals.json");
  @TempDir
  Path data;
  private Platform node;

  @Test
  void readingsOfEveryWayInBecomeWhatTheirMappingSaysAndNoneIsLostInASwitch(LocalPostgres postgres, LocalKafka kafka)
      throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data.resolve("one"));
    settings.put("kafka.topics.ventilators", "ventilator");
    try (Platform one = TestNode.start(settings)) {
      settings.put("data", data.resolve("two").toString());
      settings.put("cluster.members", one.addresses().get("cluster").split(",")[0]);
      try (Platform two = TestNode.start(settings)) {
        node = one;
        switched(one, two);
        chosenByPathAndByTopic(settings, two);
      }
    }
  }

  /** Half of the messages go in while the type is heartrate, half while it is pulse; both nodes take them. */
  private void switched(Platform one, Platform two) throws Exception {
    for (int n = 0; n < 60; n++) {
      if (n == 30)
        put("default", DEVICE.replace("\"heartrate\"", "\"pulse\""), FHIR.replace("\"heartrate\"", "\"pulse\""));
      send(n % 2 == 0 ? one : two, "/ingest", "monitor-" + n, n);
    }
    Set<String> told = new HashSet<>();
    TestNode.eventually(LONGEST, "all 60 readings", () -> {
      told.clear();
      for (String type : Set.of("heartrate", "pulse"))
        for (JsonNode entry : TestNode.json(one.http() + "/fhir/Observation?_count=200&code=" + type).path("entry"))
          told.add(entry.at("/resource/id").asText());
      return told.size() == 60 ? true : null;
    });
    assertEquals(0, TestNode.json(one.http() + "/iomt/dead-letters").size());
    int after = TestNode.json(one.http() + "/fhir/Observation?_count=200&code=pulse").path("entry").size();
    assertTrue(after >= 1 && after <= 60, "pulse: " + after);
    send(two, "/ingest", "monitor-last", 1);
    TestNode.eventually(LONGEST, "the node that was not asked has the new one",
        () -> TestNode.json(one.http() + "/fhir/Observation?_count=200&code=pulse").path("entry").size() > after
            ? true
            : null);
  }

  private void chosenByPathAndByTopic(Map<String, String> settings, Platform two) throws Exception {
    assertEquals(404, TestNode.post(two.http() + "/ingest/ventilator", "application/json", "{}").statusCode());
    put("ventilator", DEVICE.replace("\"heartrate\"", "\"frequency\""), FHIR.replace("\"heartrate\"", "\"frequency\""));
    TestNode.eventually(LONGEST, "the other node knows it", () -> {
      HttpResponse<String> answer = TestNode.post(two.http() + "/ingest/ventilator", "application/json",
          message("by-path", 1));
      return answer.statusCode() == 202 ? true : null;
    });
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(
        Map.of("bootstrap.servers", settings.get("kafka.bootstrapServers")), new StringSerializer(),
        new StringSerializer())) {
      producer.send(new ProducerRecord<>(settings.get("kafka.prefix") + "ventilators", message("by-topic", 1))).get();
    }
    TestNode.eventually(LONGEST, "both are frequencies",
        () -> TestNode.json(two.http() + "/fhir/Observation?code=frequency").path("entry").size() == 2 ? true : null);
  }

  private static String message(String device, int n) {
    return "{\"deviceId\":\"%s\",\"patientId\":\"MRN-%s\",\"time\":\"2026-03-01T10:00:%02dZ\",\"heartRate\":%d}"
        .formatted(device, device, n % 60, 60 + n);
  }

  private static void send(Platform to, String path, String device, int n) throws Exception {
    HttpResponse<String> answer = TestNode.post(to.http() + path, "application/json", message(device, n));
    assertEquals(202, answer.statusCode(), answer.body());
  }

  private void put(String name, String device, String fhir) throws Exception {
    String body = JSON.createObjectNode().put("deviceContent", device).put("fhirMapping", fhir).toString();
    HttpResponse<String> answer = HTTP.send(HttpRequest.newBuilder(URI.create(node.http() + "/iomt/mappings/" + name))
        .timeout(Duration.ofSeconds(120))
        .header("Content-Type", "application/json")
        .PUT(HttpRequest.BodyPublishers.ofString(body))
        .build(), HttpResponse.BodyHandlers.ofString());
    assertEquals(201, answer.statusCode(), answer.body());
  }
}
