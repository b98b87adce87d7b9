package io.caregrid.templates.sets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.MappingProblem.Severity;
import io.caregrid.templates.mapping.Shipped;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckedMappingTest {
  private static final String DEVICE = Shipped.text("/device/vitals.json");
  private static final String FHIR = Shipped.text("/observation/vitals.json");

  @Test
  void theShippedMappingsHaveNeitherErrorsNorWarnings() {
    CheckedMapping checked = CheckedMapping.of(DEVICE, FHIR);

    assertEquals(List.of(), checked.findings());
    assertEquals("vitals@3", checked.under(new MappingMark("vitals", 3)).mark().toString());
  }

  @Test
  void everyErrorOfBothIsToldWithItsPlaceAndNothingOfItCanBeUsed() {
    CheckedMapping checked = CheckedMapping.of("""
        {"templateType": "CollectionContent", "template": [
          {"templateType": "JsonPathContent", "template": {"typeName": "hr", "typeMatchExpression": "$..[?(@hr"}}]}""",
        "{\n");

    List<CheckedMapping.Finding> errors = checked.errors();
    assertTrue(errors.stream().anyMatch(error -> error.file().equals("deviceContent") && error.problem().line() == 2),
        errors.toString());
    assertTrue(errors.stream().anyMatch(error -> error.file().equals("fhirMapping")), errors.toString());
    assertTrue(errors.size() >= 3, errors.toString());
    assertThrows(IllegalStateException.class, () -> checked.under(MappingMark.FILES));
  }

  @Test
  void aTypeThatNoFhirTemplateTakesIsAWarningAndNoError() {
    CheckedMapping checked = CheckedMapping.of(DEVICE, FHIR.replace("\"heartrate\"", "\"pulse\""));

    assertFalse(checked.hasErrors());
    assertTrue(checked.warnings()
        .stream()
        .anyMatch(odd -> odd.file().equals("deviceContent") && odd.problem().message().contains("[heartrate]")
            && odd.problem().severity() == Severity.WARNING),
        checked.warnings().toString());
    assertTrue(checked.warnings().stream().anyMatch(odd -> odd.file().equals("fhirMapping")));
  }

  @Test
  void aMarkIsReadAsItWasWrittenAndWhatIsNoneIsRefused() {
    MappingMark mark = new MappingMark("ward-3.a", 12);

    assertEquals(mark, MappingMark.fromBytes(mark.toBytes()));
    MappingMark hashed = new MappingMark("ward", 2, "0123456789abcdef");
    assertEquals(hashed, MappingMark.fromBytes(hashed.toBytes()));
    assertEquals(new MappingMark("ward", 0), MappingMark.fromBytes("ward@0".getBytes(StandardCharsets.UTF_8)));
    assertThrows(IllegalArgumentException.class, () -> MappingMark.fromBytes(null));
    for (String wrong : List.of("x@secret", "default@4294967297", "secret!@1", "@secret", "a@1@secret"))
      assertFalse(assertThrows(IllegalArgumentException.class,
          () -> MappingMark.fromBytes(wrong.getBytes(StandardCharsets.UTF_8)), wrong).getMessage().contains("secret"));
    for (String wrong : List.of("", "@1", "ward", "ward@", "ward@x"))
      assertThrows(IllegalArgumentException.class, () -> MappingMark.fromBytes(wrong.getBytes(StandardCharsets.UTF_8)),
          wrong);
  }
}
