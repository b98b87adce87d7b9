package io.caregrid.fhirpath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.Model.Field;
import io.caregrid.fhirpath.Model.Type;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A resource of any type of R4 with elements at random, so that every search parameter finds something. Codes are such that many are of their value set. */
final class RandomResource {
  private static final JsonNodeFactory NODES = JsonNodeFactory.withExactBigDecimals(true);
  private static final int DEEPEST = 5;
  private static final Map<String, List<String>> VALUES = Map.ofEntries(
      Map.entry("code", List.of("email", "phone", "final", "active", "male", "official", "completed", "en", "Patient")),
      Map.entry("date", List.of("2026-03-01", "2026-03", "2026", "1999-12-31")),
      Map.entry("dateTime", List.of("2026-03-01T10:00:00+01:00", "2026-03-01", "2026", "2026-03-01T10:00:00.123Z")),
      Map.entry("instant", List.of("2026-03-01T10:00:00Z", "2026-03-01T10:00:00.5+02:00")),
      Map.entry("time", List.of("10:00:00", "23:59:59.999")),
      Map.entry("string", List.of("a", "b", "Grüße", "two words", "x'y")),
      Map.entry("uri", List.of("http://loinc.org", "urn:oid:1.2.3", "http://acme.org/x")),
      Map.entry("canonical", List.of("http://acme.org/Questionnaire/1", "Library/l1")),
      Map.entry("url", List.of("http://acme.org/a")),
      Map.entry("oid", List.of("urn:oid:1.2.3")),
      Map.entry("uuid", List.of("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0")),
      Map.entry("id", List.of("i1", "i2")), Map.entry("markdown", List.of("*x*")),
      Map.entry("base64Binary", List.of("AAAA")),
      Map.entry("xhtml", List.of("<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>")));
  /** Of RelatedArtifact.type, which search parameters ask for. */
  private static final List<String> RELATIONS = List.of("derived-from", "predecessor", "successor", "composed-of",
      "depends-on");
  private static final List<String> REFERENCES = List.of("Patient/p1", "Group/g1", "Practitioner/d1",
      "http://acme.org/fhir/Patient/p2", "RelatedPerson/r1", "Location/l1",
      "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0");
  private static final List<String> TYPES = Model.R4.resources();

  private final Random random;

  RandomResource(Random random) {
    this.random = random;
  }

  ObjectNode of(String type) {
    ObjectNode json = NODES.objectNode().put("resourceType", type).put("id", "r" + random.nextInt(100));
    fill(json, Model.R4.type(type), 1);
    return json;
  }

  private void fill(ObjectNode json, Type type, int depth) {
    for (Field field : type.fields()) {
      if (field.name.equals("id") || field.name.equals("contained") || field.name.equals("modifierExtension")) continue;
      boolean rare = field.name.equals("extension") || field.name.equals("implicitRules");
      if (random.nextInt(rare ? 20 : depth < 3 ? 2 : 3) == 0 || !rare && depth == 1) put(json, field, depth);
    }
  }

  private void put(ObjectNode json, Field field, int depth) {
    String name = field.name;
    Type of = field.type();
    if (field.choices != null) {
      List<String> names = List.copyOf(field.choices.keySet());
      name = names.get(random.nextInt(names.size()));
      of = Model.R4.type(field.choices.get(name));
    }
    if (depth >= DEEPEST && !of.isPrimitive()) return;
    if (!field.repeats) {
      one(json, name, null, of, depth);
      return;
    }
    ArrayNode all = json.putArray(name);
    for (int n = random.nextInt(2); n >= 0; n--) one(json, name, all, of, depth);
  }

  private void one(ObjectNode json, String name, ArrayNode all, Type of, int depth) {
    if (of.isPrimitive()) {
      // HAPI cannot read a Bundle whose method is none of HTTP's
      if (name.equals("method")) json.put(name, "GET");
      else if (all == null) json.set(name, primitive(of.name));
      else all.add(primitive(of.name));
      return;
    }
    ObjectNode inner = of.isResource() ? new RandomResource(random).leaf() : NODES.objectNode();
    if (of.name.equals("Reference"))
      inner.put("reference", random.nextInt(3) > 0 ? pick(REFERENCES) : pick(TYPES) + "/x");
    else
      if (of.isA("Quantity"))
        inner.put("value", new BigDecimal("1.50"))
            .put("code", "kg")
            .put("unit", "kg")
            .put("system", "http://unitsofmeasure.org");
      else
        if (of.name.equals("Extension")) inner.put("url", "http://acme.org/e").put("valueString", "e");
        else if (!of.isResource()) fill(inner, of, depth + 1);
    if (of.name.equals("RelatedArtifact")) inner.put("type", pick(RELATIONS)).put("resource", "http://acme.org/r");
    if (inner.isEmpty()) return;
    if (all == null) json.set(name, inner);
    else all.add(inner);
  }

  private ObjectNode leaf() {
    ObjectNode patient = NODES.objectNode().put("resourceType", "Patient").put("id", "in" + random.nextInt(9));
    patient.putObject("meta").put("source", "http://acme.org/m"); // HAPI makes an empty one where there is none
    return patient.put("active", random.nextBoolean());
  }

  private JsonNode primitive(String type) {
    if (type.equals("boolean")) return NODES.booleanNode(random.nextBoolean());
    if (type.equals("decimal")) return NODES.numberNode(BigDecimal.valueOf(random.nextInt(1_000), 1));
    if (Model.R4.type(type).isA("integer")) return NODES.numberNode(1 + random.nextInt(9));
    return NODES.textNode(pick(VALUES.get(type)));
  }

  private String pick(List<String> of) {
    return of.get(random.nextInt(of.size()));
  }
}
