package io.caregrid.templates.bundle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A set's {@code metadata.json}.
 *
 * @param kinds what the set converts; none when it does not say, or says something else
 * @param sendersZone of HL7 v2, {@code "zone": "sender"}: an offset in MSH-7 is that of all times of the message that name none (HL7 v2.5.1 2.15.9.7), unless it is the one of the configured zone at MSH-7's own time. Sets written for
 *             FHIR-Converter do not say so and get the zone that is configured
 * @param lean of HL7 v2, {@code "emptyValues": "absent"}: what is blank or {@code ""} is nothing. Sets written for FHIR-Converter do not say so and get texts as they were sent
 */
record Metadata(List<Kind> kinds, boolean lean, boolean sendersZone) {

  private static final String FILE = "metadata.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  static Metadata of(Map<String, String> files) {
    String text = files.get(FILE);
    if (text == null) return new Metadata(List.of(), false, false);
    try {
      JsonNode metadata = JSON.readTree(text);
      String type = metadata.path("type").asText();
      List<Kind> kinds = Stream.of(Kind.values()).filter(each -> each.type.equalsIgnoreCase(type)).toList();
      return new Metadata(kinds, metadata.path("emptyValues").asText().equals("absent"),
          metadata.path("zone").asText().equals("sender"));
    } catch (JsonProcessingException none) {
      throw new ConversionException(ErrorCode.TEMPLATE_LOADING_ERROR, FILE + " is no JSON");
    }
  }
}
