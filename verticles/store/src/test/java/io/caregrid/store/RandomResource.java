package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Resources of any type with elements at random, as R4's definitions allow them. Their words, codes, units and ids are few, so that searches meet. */
final class RandomResource {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int DEEPEST = 6;
  private static final List<String> WORDS = List.of("Løvelace", "Smith", "smithson", "Zoë Ñandú", "a  b",
      "12 Main Street",
      "O'Neil, Jr.", "50%_x\\y", "x");
  private static final List<String> CODES = List.of("c1", "c2", "8480-6", "final", "male");
  /** Of a ContactPoint, and of a RelatedArtifact. */
  private static final List<String> KINDS = List.of("phone", "email");
  private static final List<String> RELATED = List.of("c1", "successor", "predecessor", "composed-of", "derived-from",
      "depends-on");
  private static final List<String> SYSTEMS = List.of("urn:s1", "http://loinc.org", "http://unitsofmeasure.org");
  private static final List<String> UNITS = List.of("mg", "g", "mm[Hg]", "kPa", "Cel", "[degF]", "{tablet}",
      "nonsense unit");
  private static final List<String> DATES = List.of("1980", "1980-05", "1980-05-11", "2026-11-20", "1880-01-01",
      "2150");
  private static final List<String> TIMES = List.of("T16:32:15Z", "T16:32:15.500+02:00", "T00:00:00-05:00");
  private static final List<String> NUMBERS = List.of("0", "5", "5.40", "-3.2", "100", "127", "0.00012", "1.5E+20",
      "9.995", "-120");

  private final R4 r4;
  private final Random random;
  private final Set<String> resources;

  RandomResource(R4 r4, Random random) {
    this.r4 = r4;
    this.random = random;
    this.resources = Set.copyOf(r4.resources());
  }

  ObjectNode of(String type) {
    ObjectNode resource = JSON.objectNode().put("resourceType", type);
    fill(resource, type, 0, 0.5);
    resource.put("id", "id" + random.nextInt(3));
    return resource;
  }

  private void fill(ObjectNode into, String type, int depth, double chance) {
    Map<String, String> elements = r4.elements.get(type);
    if (elements == null) return;
    elements.forEach((name, of) -> {
      boolean skip = name.equals("extension") || name.equals("modifierExtension") || name.equals("contained")
          || name.equals("id") || random.nextDouble() > chance;
      if (skip || depth > DEEPEST) return;
      boolean many = of.endsWith("*");
      String[] types = (of.equals("*") ? "string|Quantity|CodeableConcept|Reference|dateTime" : of.replace("*", ""))
          .split("\\|");
      String chosen = types[random.nextInt(types.length)];
      String key = name.endsWith("[x]")
          ? name.substring(0, name.length() - 3) + Character.toUpperCase(chosen.charAt(0)) + chosen.substring(1)
          : name;
      if (!many) {
        put(into, key, chosen, depth);
        return;
      }
      ArrayNode array = JSON.arrayNode();
      for (int i = 0; i <= random.nextInt(2); i++) {
        ObjectNode one = JSON.objectNode();
        put(one, "x", chosen, depth);
        if (one.has("x")) array.add(one.get("x"));
      }
      if (!array.isEmpty()) into.set(key, array);
    });
  }

  private void put(ObjectNode into, String name, String type, int depth) {
    switch (type) {
      case "boolean" -> into.put(name, random.nextBoolean());
      case "integer", "positiveInt", "unsignedInt" -> into.put(name, random.nextInt(200) + 1);
      case "decimal" -> into.put(name, new BigDecimal(one(NUMBERS)));
      case "date" -> into.put(name, one(DATES));
      case "dateTime" -> into.put(name, random.nextBoolean() ? one(DATES) : "2026-11-20" + one(TIMES));
      case "instant" -> into.put(name, "2026-11-20" + one(TIMES));
      case "code" -> into.put(name, one(name.equals("system") ? KINDS : name.equals("type") ? RELATED : CODES));
      case "uri", "url", "canonical", "oid", "uuid" -> into.put(name, name.equals("system")
          ? one(SYSTEMS)
          : "http://example.org/" + one(CODES) + (type.equals("canonical") && random.nextBoolean() ? "|2" : ""));
      case "string", "markdown", "id", "time", "base64Binary", "xhtml" -> into.put(name, text(name));
      case "Reference" -> reference(into.putObject(name));
      case "SampledData" -> into.putObject(name)
          .put("data", "70 E 71.5 L 90")
          .put("lowerLimit", 60)
          .put("dimensions", 1)
          .putObject("origin")
          .put("value", 2)
          .put("unit", "mg")
          .put("system", SYSTEMS.get(2))
          .put("code", "mg");
      case "Period" -> {
        ObjectNode period = into.putObject(name);
        if (random.nextInt(3) > 0) period.put("start", "1980-05-11");
        if (random.nextInt(3) > 0) period.put("end", "2026-11-20");
      }
      default -> {
        if (resources.contains(type) || type.equals("Resource")) return;
        ObjectNode object = JSON.objectNode();
        fill(object, type, depth + 1, type.contains(".") ? 0.5 : 0.8);
        if (object.has("unit") || object.has("currency")) object.remove("comparator");
        if (!object.isEmpty()) into.set(name, object);
      }
    }
  }

  /** Of a Quantity or a Coding the code is a unit now and then. */
  private String text(String name) {
    return name.equals("unit") ? one(UNITS) : one(WORDS);
  }

  private void reference(ObjectNode into) {
    switch (random.nextInt(5)) {
      case 0 -> into.put("reference", "http://elsewhere.org/fhir/Patient/id1");
      case 1 -> into.put("reference", "Patient/id" + random.nextInt(3) + "/_history/2");
      case 2 -> into.putObject("identifier").put("system", one(SYSTEMS)).put("value", one(CODES));
      default ->
        into.put("reference", one(List.of("Patient", "Device", "Group", "Practitioner", "Location", "RelatedPerson"))
            + "/id" + random.nextInt(3));
    }
  }

  private String one(List<String> of) {
    return of.get(random.nextInt(of.size()));
  }
}
