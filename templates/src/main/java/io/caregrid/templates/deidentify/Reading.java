package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.deidentify.DeidentifyException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** JSON into elements. What R4 does not have is refused: its type is not known, so no rule would meet it. */
final class Reading {
  /** As deep as JSON is read (1,000 arrays and objects: an extension in an extension is two of them), and well within a thread's stack. */
  private static final int DEEPEST = 500;
  private static final Set<String> NUMBERS = Set.of("integer", "positiveInt", "unsignedInt", "decimal");

  private Reading() {}

  static Element resource(JsonNode json) {
    return resource(json, null, null, "", false, 0);
  }

  /** An element of this type that stands for itself. */
  static Element element(String type, JsonNode json) {
    Element whole = new Element(null, type, type, type, false);
    fill(whole, json, null, type, 0);
    return whole;
  }

  private static Element resource(JsonNode json, Element parent, String key, String place, boolean listed, int depth) {
    String at = place.isEmpty() ? "the input" : place;
    if (!json.isObject()) throw wrong(at + " is no resource: a JSON object should be there");
    String type = json.path("resourceType").asText();
    if (type.isEmpty()) throw wrong(at + " has no resourceType");
    if (!Types.isResource(type) || type.equals("Resource") || type.equals("DomainResource"))
      throw wrong(at + " has a resourceType that R4 does not have" + (isName(type) ? ": " + type : ""));
    Element resource = new Element(parent, parent == null ? type : key, parent == null ? type : key, type, listed);
    members(resource, json, place.isEmpty() ? type : place, depth);
    return resource;
  }

  private static boolean isName(String text) {
    return text.length() <= 64 && text.chars().allMatch(c -> c < 128 && Character.isLetter(c));
  }

  private static void members(Element in, JsonNode json, String place, int depth) {
    if (depth > DEEPEST) throw wrong("the input is nested more than " + DEEPEST + " deep");
    for (Map.Entry<String, JsonNode> member : json.properties()) {
      String name = member.getKey();
      in.order.add(name);
      if (name.equals("resourceType") && in.isResource()) continue;
      boolean beside = name.startsWith("_");
      String plain = beside ? name.substring(1) : name;
      Types.Known known = Types.member(in.type, plain);
      if (known == null || beside && !Types.isPrimitive(known.type()))
        throw wrong(place + " has an element that R4 does not have" + (isName(plain) ? ": " + name : ""));
      if (beside && json.has(plain)) continue;
      JsonNode extra = Types.isPrimitive(known.type()) ? json.get("_" + plain) : null;
      in.members.put(plain, group(in, plain, known, json.get(plain), extra, place, depth));
    }
  }

  private static List<Element> group(Element in, String key, Types.Known known, JsonNode value, JsonNode extra,
      String place, int depth) {
    boolean listed = value != null && value.isArray() || extra != null && extra.isArray();
    List<Element> group = new ArrayList<>();
    String at = place + "." + key;
    if (!listed) {
      Element one = one(in, key, known, value, extra, known.repeats(), at, depth); // an array was meant
      if (one != null) group.add(one);
      return group;
    }
    boolean mixed = value != null && !value.isArray() && !value.isNull()
        || extra != null && !extra.isArray() && !extra.isNull();
    if (mixed) throw wrong(at + " and _" + key + " should both be arrays");
    if (!known.repeats()) throw wrong(at + " is an array, and R4 has one of it at most");
    int size = Math.max(value == null ? 0 : value.size(), extra == null ? 0 : extra.size());
    for (int i = 0; i < size; i++) {
      Element one = one(in, key, known, value == null ? null : value.get(i), extra == null ? null : extra.get(i), true,
          at + "[" + i + "]", depth);
      if (one != null) group.add(one);
    }
    return group;
  }

  private static Element one(Element in, String key, Types.Known known, JsonNode value, JsonNode extra, boolean listed,
      String place, int depth) {
    boolean nothing = (value == null || value.isNull()) && (extra == null || extra.isNull());
    if (nothing) return null;
    if (known.type().equals("Resource")) return resource(value, in, key, place, listed, depth + 1);
    Element element = new Element(in, known.name(), key, known.type(), listed);
    fill(element, value, extra, place, depth + 1);
    return element;
  }

  private static void fill(Element element, JsonNode value, JsonNode extra, String place, int depth) {
    if (!element.isPrimitive()) {
      if (!value.isObject()) throw wrong(place + " should be a JSON object");
      members(element, value, place, depth);
      return;
    }
    boolean there = value != null && !value.isNull();
    if (there && !value.isValueNode()) throw wrong(place + " should be a single value");
    if (there && !fits(element.type, value)) throw wrong(place + " is of type " + element.type + ", its JSON is not");
    element.value = there ? value : null;
    if (extra == null || extra.isNull()) return;
    if (!extra.isObject()) throw wrong("what stands beside " + place + " should be a JSON object");
    members(element, extra, place, depth);
  }

  /** FHIR R4 json.html#primitive: what pretends to be a truth value or a number would be met by no rule for texts. */
  private static boolean fits(String type, JsonNode value) {
    if (type.equals("boolean")) return value.isBoolean();
    return NUMBERS.contains(type) ? value.isNumber() : value.isTextual();
  }

  private static DeidentifyException wrong(String what) {
    return new DeidentifyException(Kind.INPUT, what);
  }
}
