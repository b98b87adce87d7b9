package io.caregrid.templates.bundle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.util.Map;

/**
 * A set's {@code metadata.json}.
 *
 * @param kind what the set converts; null when it does not say, or says something else
 * @param lean of HL7 v2, {@code "emptyValues": "absent"}: what is blank or {@code ""} is nothing. Sets written for FHIR-Converter do not say so and get texts as they were sent
 */
record Metadata(Kind kind, boolean lean) {
  private static final String FILE = "metadata.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  static Metadata of(Map<String, String> files) {
    String text = files.get(FILE);
    if (text == null) return new Metadata(null, false);
    try {
      JsonNode metadata = JSON.readTree(text);
      String type = metadata.path("type").asText();
      Kind kind = null;
      for (Kind each : Kind.values()) if (each.folder.equalsIgnoreCase(type)) kind = each;
      return new Metadata(kind, metadata.path("emptyValues").asText().equals("absent"));
    } catch (JsonProcessingException none) {
      throw new ConversionException(ErrorCode.TEMPLATE_LOADING_ERROR, FILE + " is no JSON");
    }
  }
}
