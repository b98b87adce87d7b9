package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.FhirPath;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One resource of each type of R4 with every element it can have, and identifying values in all of them. Made from the table of R4's types; a choice has
 * another of its types each time it comes.
 */
final class EveryResource {
  /** In every text. */
  static final String MARK = "Zaphod";
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int DEEPEST = 5;
  private static final String TEXT = "https://" + MARK + ".example.org/Patient/" + MARK;
  /** Texts in elements that may keep some texts, by name. */
  private static final Map<String, List<String>> STRANGE = Map.of("unit",
      List.of(TEXT, "a", "kg", "Years", MARK + "@x"),
      "state", List.of(TEXT, MARK + " 7"), "country", List.of("DE", TEXT, "US", MARK + " 12", "GB"),
      "postalCode", List.of("SW1A 1AA", "80331", MARK), "data", List.of(MARK, "1 2 E U " + MARK),
      "reference", List.of(TEXT + "/_history/" + MARK, "Patient/" + MARK + "/_history/" + MARK, "#" + MARK, MARK),
      "fullUrl", List.of(TEXT, "urn:uuid:" + MARK), "system", List.of(TEXT, MARK, "urn:oid:" + MARK + "@x"));
  private final Map<String, Map<String, String>> types = new LinkedHashMap<>();
  private final Map<String, String> bases = new LinkedHashMap<>();
  private List<String> open;
  private int turn;
  private int drawn;

  EveryResource() throws IOException {
    try (BufferedReader lines = new BufferedReader(
        new InputStreamReader(FhirPath.class.getResourceAsStream("r4.model"), StandardCharsets.UTF_8))) {
      open = List.of(lines.readLine().substring(2).split("\\|"));
      lines.lines().forEach(this::add);
    }
  }

  private void add(String line) {
    String[] words = line.split(" ");
    String[] names = words[0].split("<");
    Map<String, String> fields = new LinkedHashMap<>();
    if (names.length > 1) fields.putAll(types.get(names[1]));
    for (String word : Arrays.asList(words).subList(1, words.length)) {
      int colon = word.indexOf(':');
      fields.put(word.substring(0, colon), word.substring(colon + 1));
    }
    bases.put(names[0], names.length > 1 ? names[1] : "");
    types.put(names[0], fields);
  }

  List<String> resources() {
    return types.keySet()
        .stream()
        .filter(type -> bases.get(type).equals("DomainResource") || bases.get(type).equals("Resource")
            || bases.get(type).equals("MetadataResource"))
        .filter(type -> !type.equals("DomainResource") && !type.equals("MetadataResource"))
        .toList();
  }

  /** @param turn which of its types a choice has */
  ObjectNode resource(String type, int turn) {
    this.turn = turn;
    return (ObjectNode) value(type, 0);
  }

  private JsonNode value(String type, int depth) {
    if (Character.isLowerCase(type.charAt(0))) return primitive(type);
    ObjectNode json = JSON.objectNode();
    boolean resource = types.get(type).containsKey("implicitRules");
    if (type.equals("Resource")) return JSON.objectNode().put("resourceType", "Basic").put("id", MARK);
    if (resource) json.put("resourceType", type);
    for (Map.Entry<String, String> field : types.get(type).entrySet()) {
      boolean deep = depth >= DEEPEST || depth > 1 && (field.getKey().startsWith("extension") || field.getKey()
          .startsWith("modifierExtension"));
      boolean self = depth > 1 && field.getValue().equals(type);
      if (deep || self) continue;
      element(json, field.getKey(), field.getValue(), depth);
    }
    return json;
  }

  private void element(ObjectNode json, String field, String of, int depth) {
    boolean many = field.endsWith("*");
    String name = many ? field.substring(0, field.length() - 1) : field;
    String type = of;
    if (name.endsWith("[x]")) {
      List<String> choices = of.equals("*") ? open : List.of(of.split("\\|"));
      type = choices.get((turn++ & 0xffff) % choices.size());
      name = name.substring(0, name.length() - 3) + Character.toUpperCase(type.charAt(0)) + type.substring(1);
    }
    if (type.isEmpty() || !types.containsKey(type) && Character.isUpperCase(type.charAt(0))) return;
    JsonNode value = STRANGE.containsKey(name) && (type.equals("string") || type.equals("uri"))
        ? JSON.textNode(drawn(STRANGE.get(name)))
        : value(type, depth + 1);
    if (value.isEmpty() && value.isObject()) return;
    ArrayNode array = JSON.arrayNode().add(value);
    json.set(name, many ? array : value);
    if (!Character.isLowerCase(type.charAt(0)) || type.equals("xhtml")) return;
    ObjectNode beside = JSON.objectNode().put("id", MARK);
    beside.putArray("extension").addObject().put("url", "http://" + MARK).put("valueString", MARK);
    if (depth < 2 || STRANGE.containsKey(name)) json.set("_" + name, many ? JSON.arrayNode().add(beside) : beside);
  }

  private String drawn(List<String> from) {
    return from.get((drawn++ & 0xffff) % from.size());
  }

  private JsonNode primitive(String type) {
    return switch (type) {
      case "boolean" -> JSON.booleanNode(true);
      case "integer", "positiveInt", "unsignedInt" -> JSON.numberNode(97);
      case "decimal" -> JSON.numberNode(97.5);
      case "date" -> JSON.textNode("2011-04-17");
      case "dateTime" -> JSON.textNode("2011-04-17T13:28:17.5-05:00");
      case "instant" -> JSON.textNode("2011-04-17T13:28:17.5-05:00");
      case "time" -> JSON.textNode("13:28:17");
      case "code" -> JSON.textNode(drawn(List.of("some-code", MARK + " Beeblebrox", "other")));
      case "id" -> JSON.textNode(MARK);
      default -> JSON.textNode("https://" + MARK + ".example.org/Patient/" + MARK);
    };
  }
}
