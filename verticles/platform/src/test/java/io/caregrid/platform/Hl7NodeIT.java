package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A message that a sender pushes into a whole node is in FHIR a moment later, by the house's own templates and rules. */
@ExtendWith(Engines.class)
class Hl7NodeIT {
  @TempDir
  Path data;

  @Test
  void theAdmissionOfTheDocsIsAPatientAndWhoMayNotWriteIsRefused(LocalPostgres postgres, LocalKafka kafka)
      throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    settings.put("hl7.port", "0");
    try (Platform node = TestNode.start(settings)) {
      byte[] frame = framed();

      String answer = ask(URI.create(node.hl7()).getPort(), frame);

      assertTrue(answer.contains("||ACK^A01^ACK|") && answer.contains("\rMSA|AA|MSG0001\r"), answer);
      JsonNode patient = TestNode.eventually(Duration.ofSeconds(30), "the patient", () -> {
        JsonNode found = TestNode.json(node.http() + "/fhir/Patient?identifier=4711").at("/entry/0/resource");
        return found.isMissingNode() ? null : found;
      });
      assertEquals("Berg", patient.at("/name/0/family").asText());
      assertEquals("1970-01-01", patient.path("birthDate").asText());
      assertEquals(1, TestNode.json(node.http() + "/fhir/Encounter?patient=" + patient.path("id").asText())
          .path("entry")
          .size());
      assertTrue(TestNode.json(node.http() + "/hl7/dead-letters").path("letters").isEmpty());
      TestNode.eventually(Duration.ofSeconds(30), "ready",
          () -> TestNode.get(node.http() + "/health/ready").body().contains("\"name\":\"hl7\",\"status\":\"up\"")
              ? true
              : null);
      assertTrue(TestNode.get(node.http() + "/metrics").body().contains("hl7_converted_total 1.0"));
    }
    settings.put("hl7.roles", "FHIR Data Reader");
    StartException refused = assertThrows(StartException.class,
        () -> Platform.start(TestNode.config(settings), false, step -> {}));
    assertTrue(refused.getMessage().startsWith("hl7.roles must let"), refused.getMessage());
  }

  @Test
  void byHttpItNeedsNoPortOfMllpAndWhereItIsOffTheAnswerSaysWhatOpensIt(LocalPostgres postgres, LocalKafka kafka)
      throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    String message = new String(framed(), StandardCharsets.US_ASCII).replaceAll("[\\x0b\\x1c]", "");
    try (Platform node = Platform.start(TestNode.config(settings), false, step -> {})) {
      HttpResponse<String> off = TestNode.post(node.http() + "/hl7", "text/plain", message);

      assertEquals(404, off.statusCode());
      assertEquals("OperationOutcome", new ObjectMapper().readTree(off.body()).path("resourceType").asText());
      assertTrue(off.body().contains("hl7.http") && off.body().contains("hl7.port"), off.body());
    }
    settings.put("hl7.http", "true");
    settings.put("hl7.roles", "FHIR Data Reader");
    try (Platform node = TestNode.start(settings)) {
      HttpResponse<String> taken = TestNode.post(node.http() + "/hl7", "text/plain", message);

      assertEquals(200, taken.statusCode());
      assertTrue(taken.body().contains("\rMSA|AA|MSG0001\r"), taken.body());
      assertNull(node.hl7());
      TestNode.eventually(Duration.ofSeconds(30), "the patient",
          () -> TestNode.json(node.http() + "/fhir/Patient?identifier=4711").at("/entry/0/resource").isMissingNode()
              ? null
              : true);
    }
  }

  /** What the commands in docs/HL7.md print into a file and, framed, into the connection. */
  private static byte[] framed() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("../../docs/HL7.md"));
    String message = lines.stream().filter(one -> one.startsWith("printf 'MSH")).findFirst().orElseThrow();
    String sent = lines.stream()
        .filter(one -> one.endsWith("cat admission.hl7; printf '\\034\\r'; } | nc -N 127.0.0.1 2575 | tr '\\r' '\\n'"))
        .findFirst()
        .orElseThrow();
    assertTrue(message.endsWith("' > admission.hl7") && sent.startsWith("{ printf '\\013'; "), sent);
    String text = message.substring("printf '".length(), message.lastIndexOf('\''));
    return ("\u000b" + text.replace("\\r", "\r").replace("\\\\", "\\") + "\u001c\r")
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static String ask(int port, byte[] frame) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(180_000);
      socket.getOutputStream().write(frame);
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }
  }
}
