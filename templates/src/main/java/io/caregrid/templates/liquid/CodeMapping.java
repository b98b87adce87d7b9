package io.caregrid.templates.liquid;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashMap;
import java.util.Map;

/** {@code CodeSystem/CodeSystem.json} or {@code ValueSet/ValueSet.json}: {@code {"Mapping": {table: {code: {"code", "display", "system"}}}}}. */
final class CodeMapping {
  static final CodeMapping NONE = new CodeMapping(Map.of());
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String OTHERWISE = "__default__";
  private final Map<String, Map<String, Map<String, String>>> tables;

  private CodeMapping(Map<String, Map<String, Map<String, String>>> tables) {
    this.tables = tables;
  }

  static CodeMapping of(String file, String text) {
    JsonNode mapping = parsed(file, text);
    Map<String, Map<String, Map<String, String>>> tables = new HashMap<>();
    mapping.fields().forEachRemaining(table -> {
      Map<String, Map<String, String>> codes = new HashMap<>();
      table.getValue().fields().forEachRemaining(code -> codes.put(code.getKey(), properties(code.getValue())));
      tables.put(table.getKey(), codes);
    });
    return new CodeMapping(tables);
  }

  private static JsonNode parsed(String file, String text) {
    try {
      JsonNode mapping = JSON.readTree(text).path("Mapping");
      if (mapping.isObject()) return mapping;
      throw new ConversionException(ErrorCode.INVALID_CODE_MAPPING, file + " has no object 'Mapping'");
    } catch (JsonProcessingException none) {
      int line = none.getLocation() == null ? 0 : none.getLocation().getLineNr();
      throw new ConversionException(ErrorCode.INVALID_CODE_MAPPING, file + " is no JSON, line " + line, file, line);
    }
  }

  private static Map<String, String> properties(JsonNode code) {
    Map<String, String> properties = new HashMap<>();
    code.fields()
        .forEachRemaining(
            each -> properties.put(each.getKey(), each.getValue().isNull() ? null : each.getValue().asText()));
    return properties;
  }

  /** What {@code table} says of {@code code}, or of any code; without an answer {@code code} and {@code display} are the code itself. */
  String property(String code, String table, String property) {
    Map<String, Map<String, String>> codes = tables.getOrDefault(table, Map.of());
    Map<String, String> entry = codes.containsKey(code) ? codes.get(code) : codes.get(OTHERWISE);
    String found = entry == null ? null : entry.get(property);
    if (found != null) return found;
    return property.equals("code") || property.equals("display") ? code : null;
  }
}
