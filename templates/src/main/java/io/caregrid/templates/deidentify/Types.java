package io.caregrid.templates.deidentify;

import io.caregrid.fhirpath.Schema;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What R4's definitions say of an element, by the name it has in JSON. Kept: there are some thousands. */
final class Types {
  private static final Map<String, Map<String, Known>> KEPT = new ConcurrentHashMap<>();

  private Types() {}

  /**
   * @param name    as FHIRPath says it: {@code value} of {@code valueString}
   * @param type    of the value: {@code string}, {@code Patient.contact}; {@code Resource} where any may stand
   * @param repeats whether it stands in an array
   */
  record Known(String name, String type, boolean repeats) {}

  /** Null when the type has no such element. */
  static Known member(String type, String json) {
    Map<String, Known> members = KEPT.get(type);
    Known there = members == null ? null : members.get(json);
    if (there != null) return there;
    Schema.Element element = Schema.element(type, json);
    String of = element == null ? null : element.typeOf(json);
    if (of == null) return null;
    Known made = new Known(element.name(), of, element.repeats());
    KEPT.computeIfAbsent(type, first -> new ConcurrentHashMap<>()).put(json, made);
    return made;
  }

  static boolean isResource(String type) {
    return type.indexOf('.') < 0 && member(type, "implicitRules") != null;
  }

  static boolean isPrimitive(String type) {
    return Character.isLowerCase(type.charAt(0));
  }

  /** As {@code nodesByType} names it: parts of a resource are BackboneElements, parts of a data type Elements. */
  static boolean is(String type, String asked) {
    if (type.equals(asked)) return true;
    int dot = type.indexOf('.');
    return dot > 0 && asked.equals(isResource(type.substring(0, dot)) ? "BackboneElement" : "Element");
  }
}
