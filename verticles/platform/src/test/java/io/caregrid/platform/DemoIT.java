package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.api.auth.NodeKey;
import io.caregrid.engines.Memory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code caregrid demo} as somebody meets it who types that. */
@Tag("full")
class DemoIT {
  private static final Map<String, String> FREE_PORTS = Map.of("http.port", "0", "dicom.port", "0", "hl7.port",
      "0");
  private static final Pattern PAGE = Pattern.compile("pictures +(http://\\S+)/studies/ ");
  private static final String ARRIVED = "49 of 49 pictures of Maria Keller have arrived";
  private static final Pattern ASKED = Pattern.compile("(?s)caregrid sql \"(.*?)\"");
  @TempDir(factory = Memory.class)
  Path temp;

  @Test
  void aStudyComesThroughTheDicomPortAndBelongsToItsPatient() throws Exception {
    try (ChildNode demo = start("first.log")) {
      awaitPictures(demo);
      String http = http(demo);

      assertTrue(demo.said().matches("(?s).*storescu -aec CAREGRID 127\\.0\\.0\\.1 [1-9]\\d+ FILE.*"), demo.said());
      JsonNode study = study(http);
      assertEquals("CT abdomen and pelvis (computed phantom)", study.at("/00081030/Value/0").asText());
      assertEquals("Keller^Maria", study.at("/00100010/Value/0/Alphabetic").asText());
      JsonNode record = record(http);
      assertEquals("Patient/demo-patient-07", record.at("/subject/reference").asText());
      assertEquals("urn:oid:" + study.at("/0020000D/Value/0").asText(), record.at("/identifier/0/value").asText());
      assertTrue(record.at("/started").asText().matches("\\d{4}-\\d\\d-\\d\\dT.+"), record.toString());
      String stack = record.at("/series/1/uid").asText();
      String picture = record.at("/series/1/instance/24/uid").asText();
      assertEquals(200,
          TestNode.get(study.at("/00081190/Value/0").asText() + "/series/" + stack + "/instances/" + picture
              + "/rendered").statusCode());
      awaitVitals(http);
      awaitAnswer(http);
    }
  }

  @Test
  void behindDoorsThatAskTheWardAndItsScannerAreLetInAndNobodyElseIs() throws Exception {
    try (ChildNode demo = ChildNode.demo(temp.resolve("locked.log"), FREE_PORTS, "--data",
        temp.resolve("ward").toString(), "--set", "security.nodeTokens=always")) {
      awaitPictures(demo);
      String vitals = http(demo) + "/fhir/Observation?patient=demo-patient-07&_count=1";
      assertEquals(401, TestNode.get(vitals).statusCode());
      assertTrue(demo.said().contains("Every request needs a token"), demo.said());

      String token = NodeKey.read(temp.resolve("ward"))
          .token("test", List.of("FHIR Data Reader"), Instant.now(), Duration.ofHours(1));
      HttpRequest asked = HttpRequest.newBuilder(URI.create(vitals)).header("Authorization", "Bearer " + token).build();
      TestNode.eventually(Duration.ofSeconds(60), "an Observation of Maria Keller", () -> {
        HttpResponse<String> answer = HttpClient.newHttpClient().send(asked, HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), answer.body());
        return answer.body().contains("\"entry\"") ? true : null;
      });
      assertFalse(demo.said().contains("message was refused reason=HTTP 4"), demo.said()); // 503 is a stall's
    }
  }

  @Test
  void aStudyIsSentOnceAndSendingItAgainChangesNothing() throws Exception {
    JsonNode before;
    try (ChildNode demo = start("first.log")) {
      awaitPictures(demo);
      before = record(http(demo));
      demo.stop();
    }
    try (ChildNode demo = start("second.log")) {
      demo.awaitWords("Caregrid is running after");
      assertEquals(before, record(http(demo)));
      demo.stop();
      assertFalse(demo.said().contains("have arrived"), demo.said());
    }
    Files.delete(temp.resolve("ward/study-sent.txt"));
    try (ChildNode demo = start("third.log")) {
      awaitPictures(demo);
      assertEquals("49", study(http(demo)).at("/00201208/Value/0").asText());
      assertEquals(before, record(http(demo)));
    }
  }

  /** The monitors are heard beside the pictures. */
  private static void awaitVitals(String http) throws Exception {
    TestNode.eventually(Duration.ofSeconds(60), "an Observation of Maria Keller", () -> TestNode
        .json(http + "/fhir/Observation?patient=demo-patient-07&_count=1")
        .path("entry")
        .isEmpty() ? null : true);
  }

  /** The README's question, word for word: how was Maria Keller around her CT? */
  private static void awaitAnswer(String http) throws Exception {
    Matcher asked = ASKED.matcher(Files.readString(Path.of("../../README.md")));
    assertTrue(asked.find(), "the README asks nothing in SQL");
    JsonNode rows = TestNode.eventually(Duration.ofSeconds(120), "vitals around the CT", () -> {
      JsonNode answer = LakeDifference.sql(http, asked.group(1));
      return answer.size() < 6 ? null : answer;
    });
    List<String> types = new ArrayList<>();
    for (JsonNode row : rows) {
      assertEquals("Maria Keller", row.path(0).asText());
      assertEquals("CT abdomen and pelvis (computed phantom)", row.path(1).asText());
      types.add(row.path(2).asText());
    }
    assertEquals(List.of("dia", "heartrate", "respiration", "spo2", "sys", "temperature"), types);
  }

  private static void awaitPictures(ChildNode demo) throws Exception {
    demo.awaitWords("Caregrid is running after");
    demo.awaitWords(ARRIVED);
  }

  private ChildNode start(String log) throws Exception {
    return ChildNode.demo(temp.resolve(log), FREE_PORTS, "--data", temp.resolve("ward").toString());
  }

  private static String http(ChildNode demo) throws Exception {
    Matcher page = PAGE.matcher(demo.said());
    assertTrue(page.find(), demo.said());
    return page.group(1);
  }

  private static JsonNode study(String http) throws Exception {
    JsonNode found = TestNode.json(http + "/dicom-web/studies?AccessionNumber=DEMO-CT-07&includefield=all");
    assertEquals(1, found.size(), found.toString());
    return found.get(0);
  }

  /** Complete: every picture is in it. */
  private static JsonNode record(String http) throws Exception {
    return TestNode.eventually(Duration.ofSeconds(60), "an ImagingStudy of 49 pictures", () -> {
      JsonNode found = TestNode.json(http + "/fhir/ImagingStudy?patient=Patient/demo-patient-07").path("entry");
      if (found.isEmpty()) return null;
      assertEquals(1, found.size());
      JsonNode study = found.get(0).path("resource");
      return study.path("numberOfInstances").asInt() == 49 ? study : null;
    });
  }
}
