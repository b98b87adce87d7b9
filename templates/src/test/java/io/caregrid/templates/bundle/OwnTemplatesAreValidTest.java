package io.caregrid.templates.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.utilities.http.ManagedWebAccess;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What our own templates make of our own samples is R4, by HAPI's validator. */
class OwnTemplatesAreValidTest {
  private static final FhirValidator VALIDATOR = validator();

  private static FhirValidator validator() {
    ManagedWebAccess.setAccessPolicy(ManagedWebAccess.WebAccessPolicy.PROHIBITED);
    FhirContext context = FhirContext.forR4();
    FhirInstanceValidator module = new FhirInstanceValidator(new ValidationSupportChain(
        new DefaultProfileValidationSupport(context), new CommonCodeSystemsTerminologyService(context),
        new InMemoryTerminologyServerValidationSupport(context), new SnapshotGeneratingValidationSupport(context)));
    return context.newValidator().registerValidatorModule(module);
  }

  @TestFactory
  Stream<DynamicTest> samples() {
    return Samples.names()
        .stream()
        .map(name -> DynamicTest.dynamicTest(name,
            () -> assertEquals(List.of(), errors(Samples.converted(name)), name)));
  }

  /** Each by itself: how entries of a transaction hang together is for the store to check. */
  private static List<String> errors(JsonNode bundle) {
    List<String> errors = new ArrayList<>();
    for (JsonNode entry : bundle.path("entry")) {
      JsonNode resource = entry.path("resource");
      VALIDATOR.validateWithResult(resource.toString())
          .getMessages()
          .stream()
          .filter(each -> each.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0)
          .forEach(each -> errors.add(resource.path("resourceType").asText() + " " + each.getLocationString() + ": "
              + each.getMessage()));
    }
    return errors;
  }

  @Test
  void theValidatorFindsWhatIsWrong() throws Exception {
    JsonNode wrong = new com.fasterxml.jackson.databind.ObjectMapper().readTree(
        "{\"entry\":[{\"resource\":{\"resourceType\":\"Observation\",\"status\":\"done\",\"code\":{\"text\":\"x\"}}}]}");

    assertTrue(errors(wrong).toString().contains("done"), errors(wrong).toString());
  }
}
