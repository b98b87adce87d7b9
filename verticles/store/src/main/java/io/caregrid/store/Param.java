package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.FhirPath;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * One search parameter of one resource type, as R4 defines it ({@code r4.search}).
 *
 * @param at      its place among those of its type, from 0
 * @param name    as the client writes it
 * @param kind    how values are found in a resource and compared
 * @param targets resource types a reference may point to; empty for other kinds
 * @param paths   where its values stand
 * @param parts   of a composite, else empty
 * @param under   where its tokens lie: under its own name, or where others' values are all its values, under theirs
 */
record Param(int at, String name, Kind kind, Set<String> targets, List<Path> paths, List<Part> parts,
    List<Under> under) {
  enum Kind {
    TOKEN,
    REFERENCE,
    STRING,
    URI,
    DATE,
    NUMBER,
    QUANTITY,
    COMPOSITE,
    /** {@code near} */
    SPECIAL
  }

  /**
   * @param system     that a bare code of this element belongs to, or empty
   * @param root       the resource's element that it begins with, a choice without its type; empty: none, it finds something in any resource
   * @param walk       the names in JSON from there to the values, for each step those it may have; null for a path that is more than that
   * @param expression gives the values, from the resource
   */
  record Path(String system, String root, List<List<String>> walk, FhirPath expression) {

    boolean isIn(ObjectNode resource) {
      if (root.isEmpty() || resource.has(root)) return true;
      for (Iterator<String> names = resource.fieldNames(); names.hasNext();) {
        if (begins(names.next())) return true;
      }
      return false;
    }

    /** Whether it may find something in {@code field}: {@code valueQuantity} is one of {@code value}. */
    boolean begins(String field) {
      if (walk != null) return walk.get(0).contains(field);
      return field.startsWith(root)
          && (field.length() == root.length() || Character.isUpperCase(field.charAt(root.length())));
    }

    /** The same as its expression gives, many times faster: for paths that are no more than names, which most are. */
    void walk(JsonNode from, Consumer<JsonNode> found) {
      step(from, 0, found);
    }

    private void step(JsonNode at, int step, Consumer<JsonNode> found) {
      if (at.isArray()) {
        for (JsonNode one : at) step(one, step, found);
      } else if (step == walk.size()) {
        found.accept(at);
      } else {
        for (String name : walk.get(step)) {
          JsonNode next = at.get(name);
          if (next != null) step(next, step + 1, found);
        }
      }
    }
  }

  /** @param expression from the element that the composite's own expression gives */
  record Part(Param param, FhirPath expression) {}

  /** @param type only references to resources of this type are meant; null for all */
  record Under(String name, String type) {}

  /** Its tokens are others' tokens; of its own it has none, but {@link Postings#present} where only some of the other's values are its own. */
  boolean isAlias() {
    return under.size() > 1 || !under.get(0).name().equals(name);
  }

  /** Only some of the other parameter's values are its own. */
  boolean isPart() {
    return under.get(0).type() != null;
  }

  /** Of a reference. */
  boolean mayPoint(String type) {
    return target() == null ? targets.contains(type) : target().equals(type);
  }

  /** The only type it may point to, or null. */
  String target() {
    if (isPart()) return under.get(0).type();
    return targets.size() == 1 ? targets.iterator().next() : null;
  }
}
