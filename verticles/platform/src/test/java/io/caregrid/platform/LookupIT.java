package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A whole node that makes no Device by itself, from the message to FHIR. */
@ExtendWith(Engines.class)
@Tag("full")
class LookupIT {
  private static final Duration LONGEST = Duration.ofSeconds(60);
  private static final String FHIR = "application/fhir+json";
  @TempDir
  Path data;
  private Platform node;

  @Test
  void aDeviceNobodyKnowsIsSetAsideAloneAndHeardOnceItIsEntered(LocalPostgres postgres, LocalKafka kafka)
      throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    settings.put("identity.mode", "Lookup");
    settings.put("cluster.shards", "1"); // both devices in one shard: what one is waiting for, the other would be, too
    try (Platform started = TestNode.start(settings)) {
      node = started;
      String patient = create("Patient", "{\"resourceType\":\"Patient\"}");
      String known = device("known", patient);

      send("stranger", 10, 61);
      send("known", 10, 62);
      assertEquals("62", observed(known, 10));
      JsonNode letter = letter("stranger");
      assertEquals("unknown-device", letter.path("reason").asText());
      assertTrue(letter.path("payload").asText().contains("61"), letter.toString());
      assertEquals(1, TestNode.json(node.http() + "/fhir/Observation").path("entry").size());
      assertEquals(0, TestNode.json(node.http() + "/fhir/Device?identifier=stranger").path("entry").size());

      String stranger = device("stranger", patient);
      String heard = TestNode.eventually(LONGEST, "the stranger, now known", () -> {
        send("stranger", 11, 63);
        return samples(stranger) == null ? null : samples(stranger);
      });
      assertEquals("E", heard.split(" ").length > 10 ? heard.split(" ")[10] : "E", "the first stays a dead letter");
      assertEquals("63", observed(stranger, 11));
    }
  }

  private String device(String identifier, String patient) throws Exception {
    return create("Device", "{\"resourceType\":\"Device\",\"identifier\":[{\"value\":\"" + identifier
        + "\"}],\"patient\":{\"reference\":\"Patient/" + patient + "\"}}");
  }

  private String create(String type, String body) throws Exception {
    HttpResponse<String> created = TestNode.post(node.http() + "/fhir/" + type, FHIR, body);
    assertEquals(201, created.statusCode(), created.body());
    return new ObjectMapper().readTree(created.body()).path("id").asText();
  }

  private void send(String device, int second, int heartRate) throws Exception {
    HttpResponse<String> answer = TestNode.post(node.http() + "/ingest", "application/json",
        "{\"deviceId\":\"%s\",\"time\":\"2026-03-01T10:00:%02dZ\",\"heartRate\":%d}".formatted(device, second,
            heartRate));
    assertEquals(202, answer.statusCode(), answer.body());
  }

  private JsonNode letter(String device) throws Exception {
    return TestNode.eventually(LONGEST, "the dead letter", () -> {
      for (JsonNode letter : TestNode.json(node.http() + "/iomt/dead-letters"))
        if (letter.path("device").asText().equals(device)) return letter;
      return null;
    });
  }

  private String observed(String device, int second) throws Exception {
    return TestNode.eventually(LONGEST, "an Observation", () -> samples(device)).split(" ")[second];
  }

  /** The samples of the one Observation of this device, or null while there is none. */
  private String samples(String device) throws Exception {
    JsonNode entries = TestNode.json(node.http() + "/fhir/Observation?device=Device/" + device).path("entry");
    return entries.isEmpty() ? null : entries.at("/0/resource/valueSampledData/data").asText();
  }
}
