package io.caregrid.templates.further;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.device.Outcome;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.preview.Preview;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Types of templates that somebody else brings: named in {@code META-INF/services}, and then used like the house's own. */
class FurtherTypesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DEVICE = """
      {"templateType": "CollectionContent", "template": [
        {"templateType": "JsonPathContent", "template": {"typeName": "hr", "typeMatchExpression": "$..[?(@hr)]", "deviceIdExpression": "$.device",
          "timestampExpression": "$.time", "values": [{"valueName": "hr", "valueExpression": "$.hr"}]}},
        {"templateType": "csvcontent", "template": {"typeName": "temperature", "valueName": "t"}}]}""";
  private static final String FHIR = """
      {"templateType": "CollectionFhir", "template": [
        {"templateType": "LoincVital", "template": {"typeName": "temperature", "loinc": "8310-5", "valueName": "t", "ucum": "Cel"}}]}""";

  @Test
  void aMessageThatNoExpressionCanReadBecomesObservations() throws Exception {
    ObjectNode asked = JSON.createObjectNode().put("deviceContent", DEVICE).put("fhirMapping", FHIR);
    asked.putArray("messages")
        .addObject()
        .putObject("Body")
        .put("device", "logger-1")
        .put("csv", "2026-11-22T10:00:00Z;36.5\n2026-11-22T10:05:00Z;36.7");

    JsonNode answer = Preview.answer(asked, Instant.EPOCH);

    assertEquals(2, answer.at("/results/0/observations").size(), answer.toString());
    assertEquals("8310-5", answer.at("/results/0/observations/1/code/coding/0/code").asText());
    assertEquals("36.7", answer.at("/results/0/observations/1/valueQuantity/value").asText());
    assertEquals("Cel", answer.at("/results/0/observations/1/valueQuantity/code").asText());
    assertEquals(
        "No matching Fhir Template exists for Device Mapping [hr]. Ensure case matches. Available Fhir Templates: [temperature].",
        answer.at("/templateErrors/0/message").asText());
    assertEquals(1, answer.path("templateErrors").size());
  }

  @Test
  void aMessageThatItCannotReadIsSetAsideAndTheOthersGoOn() {
    byte[] message = "{\"device\":\"d\",\"time\":\"2026-11-22T10:00:00Z\",\"hr\":70,\"csv\":\"x\"}"
        .getBytes(StandardCharsets.UTF_8);

    Outcome.Failed failed = assertInstanceOf(Outcome.Failed.class,
        DeviceMapping.parse(DEVICE).normalise(message, Map.of(), Instant.EPOCH));

    assertEquals("unreadable-content", failed.reason());
    assertEquals("The template of type temperature (line 4 of the device mapping): a row is not time;value.",
        failed.detail());
    assertEquals(4, failed.errors().get(0).line());
    assertEquals(List.of("hr"), failed.measurements().stream().map(one -> one.type()).toList());
  }

  @Test
  void itsMistakesAreToldWithTheirPlace() {
    assertEquals(List.of("line 4, column 46: [CsvContent] typeName and valueName are needed."),
        problems(() -> DeviceMapping.parse(DEVICE.replace("\"typeName\": \"temperature\", ", ""))));
    assertEquals(List.of("line 2, column 46: [LoincVital] loinc is needed."),
        problems(() -> FhirMapping.parse(FHIR.replace("\"loinc\": \"8310-5\", ", ""))));
    assertEquals(List.of("line 2, column 46: Required property 'TypeName' expects a value but got null."),
        problems(() -> FhirMapping.parse(FHIR.replace("\"typeName\": \"temperature\", ", ""))));
  }

  @Test
  void whatNobodyBroughtIsUnknown() {
    assertEquals(List.of("line 4, column 3: No match found for template type TsvContent."),
        problems(() -> DeviceMapping.parse(DEVICE.replace("csvcontent", "TsvContent"))));
  }

  private static List<String> problems(org.junit.jupiter.api.function.Executable load) {
    return assertThrows(MappingException.class, load).problems().stream().map(MappingProblem::toString).toList();
  }
}
