package io.caregrid.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.MappingProblem.Severity;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A folder with {@code devicecontent.json}, {@code fhirmapping.json} or both. */
record MappingFolder(Path folder) {
  static final String DEVICE = "devicecontent.json";
  static final String FHIR = "fhirmapping.json";
  private static final Map<String, String> FILES = Map.of("device", DEVICE, "fhir", FHIR);

  /** What a preview is asked, without messages yet. */
  ObjectNode question() {
    String device = text(DEVICE);
    String fhir = text(FHIR);
    if (device == null && fhir == null)
      throw new StartException("folder " + folder + " has neither " + DEVICE + " nor " + FHIR, null);
    return JsonNodeFactory.instance.objectNode().put("deviceContent", device).put("fhirMapping", fhir);
  }

  /** The name of the one of the two files that is not there; null when both are. */
  String missing() {
    if (!Files.exists(folder.resolve(DEVICE))) return DEVICE;
    return Files.exists(folder.resolve(FHIR)) ? null : FHIR;
  }

  /** {@code devicecontent.json:5:18: error: …}, as editors and pipelines know it. */
  String line(JsonNode problem) {
    return folder.resolve(FILES.get(problem.path("mapping").asText())) + ":" + problem.path("line").asInt() + ":"
        + problem.path("column").asInt() + ": " + problem.path("severity").asText() + ": "
        + Terminal.printable(problem.path("message").asText());
  }

  static boolean isError(JsonNode problem) {
    return problem.path("severity").asText().equalsIgnoreCase(Severity.ERROR.name());
  }

  /** Null when it is not there. */
  private String text(String name) {
    Path file = folder.resolve(name);
    if (!Files.exists(file)) return null;
    try {
      return Files.readString(file);
    } catch (CharacterCodingException noText) {
      throw new StartException("mapping " + file + " is not UTF-8", noText);
    } catch (IOException unreadable) {
      throw new StartException("mapping " + file + " cannot be read: " + FileTrouble.why(unreadable), unreadable);
    }
  }
}
