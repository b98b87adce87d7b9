package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** An element of a resource, its type known, while rules change it. Of one thread. {@link Reading} makes it, {@link Writing} makes JSON of it again. */
final class Element {
  /** Null for the whole. */
  final Element parent;
  /** As FHIRPath says it; of the whole its type. */
  final String name;
  /** As JSON says it: {@code valueString}. */
  final String key;
  /** {@code dateTime}, {@code Patient.contact}, {@code Patient}. */
  final String type;
  /** Of a primitive: the scalar, null where there is none. */
  JsonNode value;
  /** Below it: JSON name → elements, in the order of the JSON. Those of a primitive are id and extension. */
  final Map<String, List<Element>> members = new LinkedHashMap<>();
  /** Names in the JSON, those with an underscore too, in their order: it is written so again. */
  final List<String> order = new ArrayList<>();
  /** Whether it stands in an array. */
  final boolean listed;
  /** Whether a rule has decided about it. */
  boolean visited;
  /** What FHIRPath sees of it: of the last picture taken. */
  JsonNode seen;
  JsonNode seenExtra;
  private String path;

  Element(Element parent, String name, String key, String type, boolean listed) {
    this.parent = parent;
    this.name = name;
    this.key = key;
    this.type = type;
    this.listed = listed;
  }

  boolean isPrimitive() {
    return Types.isPrimitive(type);
  }

  boolean isResource() {
    return Types.isResource(type);
  }

  boolean isContained() {
    return parent != null && name.equals("contained");
  }

  boolean hasValue() {
    return value != null && !value.asText().isEmpty();
  }

  /** Where it is, without indexes, from the resource it is in: {@code Patient.name.given}. No value is in it. */
  String path() {
    if (path == null) path = isResource() || parent == null ? type : parent.path() + "." + name;
    return path;
  }

  List<Element> children() {
    List<Element> all = new ArrayList<>();
    for (List<Element> some : members.values()) all.addAll(some);
    return all;
  }

  List<Element> children(String named) {
    List<Element> found = new ArrayList<>();
    for (List<Element> some : members.values()) {
      if (!some.isEmpty() && some.get(0).name.equals(named)) found.addAll(some);
    }
    return found;
  }

  /** The first element of this JSON name; null when there is none. */
  Element child(String json) {
    List<Element> some = members.get(json);
    return some == null || some.isEmpty() ? null : some.get(0);
  }

  /** All below it, but nothing of a resource that stands below it. */
  List<Element> below() {
    List<Element> all = new ArrayList<>();
    gather(all);
    return all;
  }

  private void gather(List<Element> all) {
    for (List<Element> some : members.values()) {
      for (Element child : some) {
        if (child.isResource()) continue;
        all.add(child);
        child.gather(all);
      }
    }
  }

  /** Adds all below it. What is there already is there with all that is below that. */
  void below(Set<Element> all) {
    for (List<Element> some : members.values()) {
      for (Element child : some) {
        if (!child.isResource() && all.add(child)) child.below(all);
      }
    }
  }

  void visitAll() {
    visited = true;
    for (List<Element> some : members.values()) some.forEach(Element::visitAll);
  }
}
