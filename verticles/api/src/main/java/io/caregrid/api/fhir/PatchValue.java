package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.fhirpath.Schema;
import io.caregrid.fhirpath.Schema.Element;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The values of a FHIRPath Patch, and how they go into a tree: beside what they replace, and with what a primitive has beside its value. */
final class PatchValue {
  private static final JsonNodeFactory JSON = JsonNodeFactory.withExactBigDecimals(true);
  private static final String VALUE = "value";

  private PatchValue() {}

  /**
   * A value before it is known where it goes.
   *
   * @param type  as its name says, {@code Quantity} of {@code valueQuantity}; null for an element that has parts
   * @param json  its value; null where it has none
   * @param extra of a primitive what stands beside it, {@code _valueString}; null for nothing
   * @param parts of an element without a type of its own, a backbone element: name → values, in order
   */
  record Part(String type, JsonNode json, JsonNode extra, List<Named> parts) {}

  record Named(String name, Part value) {}

  /** A parameter's {@code value[x]}; null when there is none. */
  static JsonNode value(JsonNode parameter) {
    if (parameter == null) return null;
    for (Map.Entry<String, JsonNode> member : parameter.properties()) {
      if (member.getKey().startsWith(VALUE)) return member.getValue();
    }
    return null;
  }

  static Part read(JsonNode parameter) {
    List<Named> parts = new ArrayList<>();
    for (JsonNode part : parameter.path("part")) parts.add(new Named(part.path("name").asText(), read(part)));
    if (!parts.isEmpty()) return new Part(null, null, null, parts);
    if (parameter.has("resource")) return new Part("Resource", parameter.get("resource"), null, List.of());
    String type = null;
    JsonNode json = null;
    JsonNode extra = null;
    for (Map.Entry<String, JsonNode> member : parameter.properties()) {
      String name = member.getKey();
      if (name.startsWith(VALUE)) json = member.getValue();
      else if (name.startsWith("_" + VALUE)) extra = member.getValue();
      else continue;
      type = name.substring(name.indexOf(VALUE) + VALUE.length());
    }
    if (type == null)
      throw new Failure.Invalid("a value of a FHIRPath Patch has neither value[x] nor part", "Parameters.parameter");
    return new Part(type, json, extra, List.of());
  }

  /** As an element of this type: what has parts is put together from R4's definitions. */
  private static JsonNode built(String type, Part value) {
    if (value.parts().isEmpty()) return value.json() == null ? null : value.json().deepCopy();
    ObjectNode object = JSON.objectNode();
    for (Named part : value.parts()) {
      Element element = Schema.element(type, part.name());
      if (element == null)
        throw new Failure.Unprocessable(type + " has no element that a part of the patch names",
            "Parameters.parameter");
      if (element.repeats()) insert(object, element, object.path(element.name()).size(), part.value());
      else
        set(object, element, part.value(), () -> new Failure.Unprocessable(
            "a part of the patch has a type that " + element.name() + " cannot have", "Parameters.parameter"));
    }
    return object;
  }

  /** As an element that does not repeat, at the end. @param wrong when it is a choice that has no such type */
  static void set(ObjectNode holder, Element element, Part value, Supplier<Failure> wrong) {
    String key = key(element, value, wrong);
    JsonNode json = built(element.typeOf(key), value);
    if (json != null) holder.set(key, json);
    if (value.extra() != null) holder.set("_" + key, value.extra().deepCopy());
  }

  private static String key(Element element, Part value, Supplier<Failure> wrong) {
    if (!element.isChoice()) return element.name();
    String key = element.name() + value.type();
    if (value.type() == null || !element.choices().containsKey(key)) throw wrong.get();
    return key;
  }

  /** In place of what stands under {@code key}, and in its place among the members. */
  static void replace(ObjectNode holder, String key, Element element, Part value, Supplier<Failure> wrong) {
    ObjectNode next = JSON.objectNode();
    String plain = key.startsWith("_") ? key.substring(1) : key;
    boolean done = false;
    for (Map.Entry<String, JsonNode> member : holder.properties()) {
      boolean old = member.getKey().equals(plain) || member.getKey().equals("_" + plain);
      if (!old) next.set(member.getKey(), member.getValue());
      else if (!done) set(next, element, value, wrong);
      done |= old;
    }
    holder.removeAll();
    holder.setAll(next);
  }

  static void replace(ObjectNode holder, Element element, int index, Part value) {
    String name = element.name();
    JsonNode json = built(element.type(), value);
    put(holder, name, index, json);
    if (value.extra() != null || holder.has("_" + name)) put(holder, "_" + name, index, value.extra());
  }

  private static void put(ObjectNode holder, String name, int index, JsonNode value) {
    ArrayNode list = holder.get(name) instanceof ArrayNode there ? there : holder.putArray(name);
    pad(list, index + 1);
    list.set(index, value == null ? JSON.nullNode() : value);
  }

  static void insert(ObjectNode holder, Element element, int index, Part value) {
    String name = element.name();
    JsonNode json = built(element.type(), value);
    ArrayNode list = holder.get(name) instanceof ArrayNode there ? there : holder.putArray(name);
    list.insert(index, json == null ? JSON.nullNode() : json);
    if (value.extra() == null && !holder.has("_" + name)) return;
    ArrayNode extras = holder.get("_" + name) instanceof ArrayNode there ? there : holder.putArray("_" + name);
    pad(extras, index);
    extras.insert(index, value.extra() == null ? JSON.nullNode() : value.extra().deepCopy());
  }

  /** FHIR R4 json.html#primitive: the two lists of a primitive go side by side. */
  static void pad(ArrayNode list, int size) {
    while (list.size() < size) list.addNull();
  }
}
