package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.engines.EngineException;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.OwnPort;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Engines.class)
class PlatformIT {
  private static final Progress QUIET = step -> {};
  private static final String READING = """
      {"deviceId":"bed-é-1","patientId":"MRN-1","time":"2026-03-01T10:00:07Z","heartRate":72,"temperature":37.4,"systolic":121,"diastolic":79}""";
  @TempDir
  Path data;

  @Test
  void aReadingSentByHandIsInFhirWithinSecondsAndStillThereAfterARestart(LocalPostgres postgres, LocalKafka kafka)
      throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    try (Platform node = TestNode.start(settings)) {
      assertEquals(202, TestNode.post(node.http() + "/ingest", "application/json", READING).statusCode());

      seen(node);
      JsonNode health = TestNode.eventually(Duration.ofSeconds(60), "ready",
          () -> TestNode.get(node.http() + "/health/ready").statusCode() == 200
              ? TestNode.json(node.http() + "/health/ready")
              : null);
      assertEquals(
          List.of("audit", "disk space", "database", "mappings", "shards", "ingest", "normalise", "dead letters",
              "dicom",
              "lake"),
          health.path("checks").findValuesAsText("name"));
      assertTrue(TestNode.get(node.http() + "/metrics").body().contains("shard_observations_total 3.0"));
      assertTrue(TestNode.get(node.http() + "/metrics").body().contains("data_disk_free_bytes "));
      assertTrue(TestNode.get(node.http() + "/metrics").body().contains("fhir_validation_lost_threads 0.0"));
      assertTrue(TestNode.json(node.http() + "/fhir/metadata")
          .at("/rest/0/operation")
          .findValuesAsText("name")
          .contains("viewdefinition-run"));
      assertEquals("http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data",
          TestNode.json(node.http() + "/fhir/metadata").at("/instantiates/0").asText());
      assertEquals(200, TestNode.get(node.http() + "/vitals/").statusCode());
    }
    try (Platform again = Platform.start(TestNode.config(settings), false, QUIET)) {
      seen(again);
    }
  }

  private static void seen(Platform node) throws Exception {
    JsonNode found = TestNode.eventually(Duration.ofSeconds(60), "three Observations", () -> {
      JsonNode patient = TestNode.json(node.http() + "/fhir/Patient?identifier=MRN-1").at("/entry/0/resource/id");
      if (patient.isMissingNode()) return null;
      JsonNode bundle = TestNode.json(node.http() + "/fhir/Observation?patient=" + patient.asText());
      return bundle.path("entry").size() == 3 ? bundle : null;
    });
    assertEquals(37.4, value(found, "8310-5").at("/valueQuantity/value").asDouble());
    assertEquals(121, value(found, "85354-9").at("/component/0/valueQuantity/value").asInt());
    assertEquals(79, value(found, "85354-9").at("/component/1/valueQuantity/value").asInt());
    assertEquals("72", value(found, "8867-4").at("/valueSampledData/data").asText().split(" ")[7]);
  }

  private static JsonNode value(JsonNode bundle, String loinc) {
    for (JsonNode entry : bundle.path("entry"))
      if (entry.at("/resource/code/coding/0/code").asText().equals(loinc)) return entry.path("resource");
    throw new AssertionError("no Observation of " + loinc);
  }

  @Test
  @Tag("full")
  void aSecondNodeOnTheSameFolderIsRefused(LocalPostgres postgres, LocalKafka kafka) {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    try (Platform first = Platform.start(TestNode.config(settings), false, QUIET)) {
      EngineException refused = assertThrows(EngineException.class,
          () -> Platform.start(TestNode.config(settings), false, QUIET));

      assertTrue(refused.getMessage().contains(data + " is in use by another node"), refused.getMessage());
      assertTrue(first.http().startsWith("http://127.0.0.1:"));
    }
  }

  @Test
  void aTakenPortIsNamedWithItsKeyAndNothingStaysOpen(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      settings.put("http.port", Integer.toString(taken.getLocalPort()));
      StartException refused = assertThrows(StartException.class,
          () -> Platform.start(TestNode.config(settings), false, QUIET));

      assertTrue(refused.getMessage().contains("http.port " + taken.getLocalPort() + " on 127.0.0.1"),
          refused.getMessage());
    }
    settings.put("http.port", "0");
    Platform.start(TestNode.config(settings), false, QUIET).close();
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws Exception {
    Path file = Files.writeString(data.resolve("file"), "not a folder");
    Map<String, String> settings = Map.of("data", file.toString());

    EngineException refused = assertThrows(EngineException.class,
        () -> Platform.start(TestNode.config(settings), false, QUIET));

    assertTrue(refused.getMessage().contains("folder " + file), refused.getMessage());
  }

  @Test
  @Tag("full")
  void aDatabaseThatIsAwayIsWaitedForThenNamed(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    try (OwnPort nobody = OwnPort.take()) {
      settings.put("database.port", Integer.toString(nobody.number()));

      RuntimeException refused = assertThrows(RuntimeException.class,
          () -> Platform.start(TestNode.config(settings), false, QUIET));
      assertTrue(refused.getMessage().contains(settings.get("database.port")), refused.toString());
    }
  }

  @Test
  void aMappingThatCannotBeUsedIsNamedWithItsLine(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    Path mappings = Files.createDirectories(data.resolve("mappings"));
    Files.writeString(mappings.resolve("devicecontent.json"), "{\n \"templateType\": \"Nonsense\"\n}");
    Files.writeString(mappings.resolve("fhirmapping.json"), "{\"templateType\": \"CollectionFhir\", \"template\": []}");
    settings.put("mappings", mappings.toString());

    StartException refused = assertThrows(StartException.class,
        () -> Platform.start(TestNode.config(settings), false, QUIET));
    assertTrue(refused.getMessage().contains("devicecontent.json"), refused.getMessage());
    assertTrue(refused.getMessage().contains("line 2"), refused.getMessage());
  }
}
