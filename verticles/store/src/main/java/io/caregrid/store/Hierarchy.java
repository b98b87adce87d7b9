package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * What is part of what among resources of one type: a ward of a house, an encounter of a stay (FHIR R4 references.html#circular).
 *
 * @param parent the reference parameter that says what it is part of
 */
record Hierarchy(Definition definition, Param parent) {
  private static final Set<String> PART_OF = Set.of("partof", "part-of");

  /**
   * @param asked as the client writes it, for errors
   * @param value {@code Type/id}, or an id alone
   */
  static Hierarchy of(Param link, String asked, String value) {
    List<String> types = Ids.legal(value)
        ? link.targets().stream().filter(Definition.types()::contains).filter(type -> in(type) != null).toList()
        : List.of(value.substring(0, Math.max(0, value.indexOf('/'))));
    if (types.size() > 1)
      throw new Failure.Invalid(asked + " may mean resources of " + types.size() + " types: write Type/id");
    Param parent = types.isEmpty() || !Definition.types().contains(types.get(0)) ? null : in(types.get(0));
    if (parent == null) throw new Failure.Invalid("The modifier of " + asked + " is for what can be part of its like");
    return new Hierarchy(Definition.of(types.get(0)), parent);
  }

  /** Null for a type of which nothing is part of another one. */
  private static Param in(String type) {
    return Definition.of(type)
        .params()
        .values()
        .stream()
        .filter(param -> PART_OF.contains(param.name()) && param.mayPoint(type))
        .findFirst()
        .orElse(null);
  }

  String type() {
    return definition.type();
  }

  /** The id in what was asked for. */
  String start(String value) {
    return value.substring(value.indexOf('/') + 1);
  }

  Criterion childrenOf(Collection<String> ids) {
    return Criterion.of(parent, ids.stream().map(id -> Match.link(parent, type() + "/" + id)).toList());
  }
}
