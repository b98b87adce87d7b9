package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A further type of FHIR template, for what many mappings would otherwise repeat. Found on the class path by {@link java.util.ServiceLoader}: name the class in
 * {@code META-INF/services/io.caregrid.templates.observation.FhirType}. The house's own type cannot be replaced.
 */
public interface FhirType {
  /** What a mapping writes as {@code templateType}; case does not matter. */
  String templateType();

  /**
   * The {@code CodeValueFhir} that it stands for, when a mapping is loaded. It is checked as if somebody had written it there.
   *
   * @param template the value of its member {@code template}
   * @throws IllegalArgumentException when it is wrong: a sentence for its author, told with the template's line and column
   */
  JsonNode codeValue(JsonNode template);
}
