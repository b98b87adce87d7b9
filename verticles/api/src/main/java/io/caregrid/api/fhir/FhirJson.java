package io.caregrid.api.fhir;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;

/** JSON that this door writes itself; what others wrote is {@link io.caregrid.api.fhir.r4.Trees}'. */
final class FhirJson {
  static final ObjectMapper MAPPER = new ObjectMapper();

  private FhirJson() {}

  /** A JSON string literal, quotes included. */
  static String quoted(String text) {
    try {
      return MAPPER.writeValueAsString(text);
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }
}
