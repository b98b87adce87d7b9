package io.caregrid.api.fhir.r4;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A type of FHIR R4 with all its elements, those of its ancestors first: a primitive, a datatype, a resource, or an inner element as {@code Patient.contact}. */
final class Type {
  final String name;
  final Type base;
  /** Null for a type with elements. */
  final Primitive primitive;
  final boolean resource;
  /** In the definitions' order, which is that of XML. */
  final List<Element> elements;
  final List<Invariant> rules;
  /** By the names that stand in JSON. Filled when all types are known. */
  private final Map<String, Member> members = new HashMap<>();
  private final long mandatory;
  final Hand hand;

  Type(String name, Type base, List<Element> own, List<Invariant> rules) {
    this.name = name;
    this.base = base;
    this.primitive = null;
    this.elements = joined(base == null ? List.of() : base.elements, own);
    this.rules = joined(base == null ? List.of() : base.rules, rules);
    this.resource = name.equals("Resource") || base != null && base.resource;
    long mask = 0;
    for (Element element : elements) {
      if (element.min() > 0) mask |= element.bit();
    }
    this.mandatory = mask;
    this.hand = Hand.of(this);
    if (elements.size() > Long.SIZE) throw new IllegalStateException(name + " has more than 64 elements");
  }

  Type(Primitive primitive) {
    this.name = primitive.fhir;
    this.base = null;
    this.primitive = primitive;
    this.resource = false;
    this.elements = List.of();
    this.rules = List.of();
    this.mandatory = 0;
    this.hand = Hand.NONE;
  }

  private static <T> List<T> joined(List<T> first, List<T> then) {
    List<T> all = new ArrayList<>(first);
    all.addAll(then);
    return List.copyOf(all);
  }

  void link(Map<String, Type> types) {
    for (Element element : elements) {
      for (String of : element.types()) {
        Type type = types.get(of);
        if (type == null)
          throw new IllegalStateException(name + "." + element.name() + " is of the unknown type " + of);
        String json = element.choice()
            ? element.name() + Character.toUpperCase(of.charAt(0)) + of.substring(1)
            : element.name();
        members.put(json, new Member(element, json, type, false));
        if (type.primitive != null) members.put("_" + json, new Member(element, json, type, true));
      }
    }
  }

  /** Null when a name may not stand there. */
  Member member(String json) {
    return members.get(json);
  }

  /** Those of which at least one has to be there and none is. */
  long missing(long seen) {
    return mandatory & ~seen;
  }

  /** The names that may stand there, without underscores. */
  List<String> names() {
    return members.values().stream().filter(member -> !member.companion()).map(Member::plain).toList();
  }

  /** Any resource may stand there. */
  boolean isAnyResource() {
    return name.equals("Resource");
  }

  boolean isA(String other) {
    return name.equals(other) || base != null && base.isA(other);
  }

  @Override
  public String toString() {
    return name;
  }
}
