package io.caregrid.templates.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.MappingProblem.Severity;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.observation.FhirMapping;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class TemplateValidationCasesTest {
  @TestFactory
  Stream<DynamicTest> templateValidation() {
    return SharedCases.tests("template-validation",
        one -> null,
        TemplateValidationCasesTest::check);
  }

  private static void check(JsonNode one) {
    if (one.path("expectValid").asBoolean()) {
      load(one);
      return;
    }
    MappingException refused = assertThrows(MappingException.class, () -> load(one));
    List<MappingProblem> errors = refused.problems().stream().filter(p -> p.severity() == Severity.ERROR).toList();
    for (JsonNode part : one.path("expectedErrorsContain")) {
      assertTrue(errors.stream().anyMatch(p -> p.message().contains(part.asText())), part.asText() + " in " + errors);
    }
    if (!one.has("expectedErrorLines")) return;
    List<Integer> lines = new ArrayList<>();
    one.path("expectedErrorLines").forEach(line -> lines.add(line.asInt()));
    assertEquals(lines, errors.stream().map(MappingProblem::line).toList());
  }

  private static void load(JsonNode one) {
    String text = one.path("mappingText").asText();
    if (one.path("mapping").asText().equals("fhir")) {
      FhirMapping.parse(text);
    } else {
      DeviceMapping.parse(text);
    }
  }
}
