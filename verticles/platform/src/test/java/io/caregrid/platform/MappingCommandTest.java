package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.templates.mapping.Shipped;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code caregrid mapping}: everything happens here, without a node. */
class MappingCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir
  Path folder;

  @BeforeEach
  void shipped() throws IOException {
    Files.writeString(folder.resolve("devicecontent.json"), Shipped.text("/device/vitals.json"));
    Files.writeString(folder.resolve("fhirmapping.json"), Shipped.text("/observation/vitals.json"));
  }

  @Test
  void theShippedMappingsAreRightAndGoTogether() {
    assertEquals(0, run("mapping", "check", "--strict", folder.toString()));
    assertEquals("0 errors, 0 warnings", out.toString().strip());
  }

  @Test
  void everyMistakeIsALineAsEditorsKnowIt() throws IOException {
    Path file = Files.writeString(folder.resolve("devicecontent.json"),
        "{\"templateType\": \"CollectionContent\",\n \"template\": [{\"templateType\": \"X\"}]}");

    assertEquals(1, run("mapping", "check", folder.toString()));

    assertEquals(List.of(file + ":2:15: error: No match found for template type X.", "1 errors, 0 warnings"),
        out.toString().lines().toList());
  }

  @Test
  void warningsCountOnlyWhenStrict() throws IOException {
    Files.writeString(folder.resolve("devicecontent.json"),
        "{\"templateType\": \"CollectionContent\", \"template\": []}");

    assertEquals(0, run("mapping", "check", folder.toString()));
    assertEquals(1, run("mapping", "check", folder.toString(), "--strict"));
    assertTrue(out.toString().contains("warning: No template of the device mapping gives the type"), out.toString());
  }

  @Test
  void previewShowsObservationsAndFailsWithAMessage() throws IOException {
    Path good = Files.writeString(folder.resolve("good.ndjson"), """
        {"deviceId":"m","patientId":"p","time":"2026-11-20T10:00:00Z","heartRate":72}
        {"deviceId":"m","patientId":"p","time":"2026-11-20T10:00:01Z","heartRate":73}
        """);
    Path bad = Files.writeString(folder.resolve("bad.json"), "{\"heartRate\":72}");
    Path none = Files.writeString(folder.resolve("none.json"), "{\"heartRate\":");

    assertEquals(0, run("mapping", "preview", folder.toString(), good.toString()));
    JsonNode answer = new ObjectMapper().readTree(out.toString());
    assertEquals(2, answer.path("results").size());
    assertEquals("Observation", answer.at("/results/1/observations/0/resourceType").asText());
    assertEquals(1, run("mapping", "preview", folder.toString(), bad.toString()));
    assertEquals(1, run("mapping", "preview", folder.toString(), none.toString()));
    assertTrue(out.toString().contains("Message 1, from line 1 on, is no JSON: line "), out.toString());
  }

  @Test
  void aMessageInIotHubsEnvelopeIsOpenedAsAFeedOpensIt() throws IOException {
    Path file = Files.writeString(folder.resolve("envelope.json"), """
        {"Body": {"deviceId":"m","patientId":"p","time":"2026-11-20T10:00:00Z","heartRate":72},
         "Properties": {}, "SystemProperties": {}}
        """);

    assertEquals(0, run("mapping", "preview", folder.toString(), file.toString()));

    assertEquals("m", new ObjectMapper().readTree(out.toString()).at("/results/0/measurements/0/deviceId").asText());
  }

  @Test
  void anUnreadableMessageGetsAnErrorAndTheOthersArePreviewed() throws IOException {
    Path file = Files.writeString(folder.resolve("some.ndjson"), """
        {"deviceId":"m","patientId":"p","time":"2026-11-20T10:00:00Z","heartRate":72}
        {"deviceId":"m","patientId":
        {"deviceId":"m","patientId":"p","time":"2026-11-20T10:00:01Z","heartRate":73}
        nonsense
        {
          "deviceId": oops,
          "heartRate": 5
        }
        {"deviceId":"m","patientId":"p","time":"2026-11-20T10:00:02Z","heartRate":74}
        """ + "{\"a\":".repeat(2_000) + "1" + "}".repeat(2_000) + "\n");

    assertEquals(1, run("mapping", "preview", folder.toString(), file.toString()));

    JsonNode results = new ObjectMapper().readTree(out.toString()).path("results");
    List<String> said = new ArrayList<>();
    results.forEach(one -> said.add(one.at("/errors/0/kind").asText() + one.path("observations").size()));
    assertEquals(List.of("1", "malformed-json0", "1", "malformed-json0", "malformed-json0", "1", "malformed-json0"),
        said);
    assertTrue(results.at("/4/errors/0/message").asText().startsWith("Message 5, from line 5 on, is no JSON: line 6"),
        results.toString());
  }

  @Test
  void aFolderWithOneOfTheTwoFilesIsNotQuietlyRight() throws IOException {
    Path messages = Files.writeString(folder.resolve("good.ndjson"), "{}");
    Files.delete(folder.resolve("devicecontent.json"));

    assertEquals(0, run("mapping", "check", folder.toString()));
    assertTrue(out.toString().contains("devicecontent.json: warning: The file is missing"), out.toString());
    assertEquals(1, run("mapping", "check", "--strict", folder.toString()));
    assertEquals(1, run("mapping", "preview", folder.toString(), messages.toString()));
    assertTrue(err.toString().contains("has no devicecontent.json"), err.toString());
  }

  @Test
  void wrongWordsAndMissingFilesAreTold() throws IOException {
    assertEquals(2, run("mapping"));
    assertEquals(2, run("mapping", "check"));
    assertEquals(1, run("mapping", "check", Files.createDirectory(folder.resolve("empty")).toString()));
    assertTrue(err.toString().contains("has neither devicecontent.json nor fhirmapping.json"), err.toString());
  }

  private int run(String... words) {
    return Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(words);
  }
}
