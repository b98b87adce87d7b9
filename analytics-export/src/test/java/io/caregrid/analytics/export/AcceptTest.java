package io.caregrid.analytics.export;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceptTest {
  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"''|true", "','|true", "*/*|true", "application/fhir+json|true",
    "application/json|true", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8|true",
    "Application/FHIR+JSON; fhirVersion=4.0|true", "text/html, application/*;q=0.1|true",
    "application/fhir+json; fhirVersion=3.0; q=0, application/fhir+json|true", "application/fhir+xml|false",
    "application/fhir+ndjson|false", "text/html|false", "application/fhir+json;q=0|false",
    "application/fhir+json;q=0, */*|false", "*/*, application/fhir+json; q=0.000|false",
    "application/*;q=0, */*|false", "application/*;q=0, application/json|true", "application/json;q=0, */*|true",
    ";q=1|false"})
  void theMostExactRangeDecides(String header, boolean takes) {
    assertEquals(takes, Accept.takesJson(List.of(header), null));
  }

  @ParameterizedTest
  @CsvSource({"json,true", "application/fhir json,true", "application/fhir+json; fhirVersion=4.0,true", "xml,false",
    "';',false"})
  void formatComesBeforeIt(String format, boolean takes) {
    assertEquals(takes, Accept.takesJson(List.of("text/html"), format));
  }

  @Test
  void severalHeadersAreOne() {
    assertEquals(true, Accept.takesJson(List.of("text/html", "application/json"), null));
    assertEquals(true, Accept.takesJson(List.of(), null));
  }
}
