package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A primitive and what it has beside its value: two members of JSON, {@code birthDate} and {@code _birthDate} (FHIR R4 json.html#primitive). */
final class Pairs {
  private Pairs() {}

  /**
   * @param value null node where there is none
   * @param extra empty where there is none
   */
  static void add(ObjectNode object, Member member, JsonNode value, ObjectNode extra) {
    String name = member.plain();
    String companion = "_" + name;
    if (!member.element().repeats()) {
      boolean twice = object.has(name) || object.has(companion);
      if (twice) object.putArray(name).add(value); // the rules know what to say
      else if (!value.isNull() || extra.isEmpty()) object.set(name, value);
      if (!extra.isEmpty()) object.set(companion, extra);
      return;
    }
    ArrayNode values = object.withArray(name).add(value);
    if (extra.isEmpty()) return;
    ArrayNode extras = object.withArray(companion);
    while (extras.size() < values.size() - 1) extras.addNull();
    extras.add(extra);
  }

  /** At the end of an element: both arrays are of one length, and one that has nothing is left out. */
  static void level(ObjectNode object, Type type) {
    for (Element element : type.elements) {
      if (!element.repeats() || !(object.get("_" + element.name()) instanceof ArrayNode extras)) continue;
      if (!(object.get(element.name()) instanceof ArrayNode values)) continue;
      while (extras.size() < values.size()) extras.addNull();
      boolean nothing = true;
      for (JsonNode value : values) nothing &= value.isNull();
      if (nothing) object.remove(element.name());
    }
  }
}
