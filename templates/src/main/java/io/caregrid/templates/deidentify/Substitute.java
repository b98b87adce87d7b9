package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.deidentify.DeidentifyException.Kind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Puts something fixed in an element's place. What an earlier rule has decided about stays as that rule left it. */
final class Substitute implements Method {
  private final JsonNode with;
  private final int length;

  Substitute(JsonNode with) {
    this.with = with;
    this.length = with.toString().length();
  }

  @Override
  public void apply(Element element, Work work) {
    Element replacement = replacement(element, work);
    work.grown(length);
    replace(element, replacement);
    work.changed(element, Label.SUBSTITUTED);
    element.visitAll();
  }

  private Element replacement(Element element, Work work) {
    boolean fits = element.isPrimitive() == with.isValueNode();
    if (!fits)
      throw work.failed(Kind.NOT_APPLICABLE,
          "replaceWith is no " + element.type + ", which stands at " + element.path());
    try {
      return Reading.element(element.type, with);
    } catch (DeidentifyException wrong) {
      throw work.failed(Kind.NOT_APPLICABLE, "replaceWith: " + wrong.getMessage());
    }
  }

  private static void replace(Element element, Element with) {
    Set<String> names = new LinkedHashSet<>(element.members.keySet());
    names.addAll(with == null ? Set.of() : with.members.keySet());
    for (String name : names) {
      List<Element> there = element.members.getOrDefault(name, List.of());
      List<Element> new_ = with == null ? List.of() : with.members.getOrDefault(name, List.of());
      List<Element> group = group(element, there, new_);
      element.members.put(name, group);
      if (!group.isEmpty() && !element.order.contains(name)) element.order.add(name);
    }
    element.value = with == null ? null : with.value;
  }

  private static List<Element> group(Element in, List<Element> there, List<Element> instead) {
    List<Element> group = new ArrayList<>();
    int next = 0;
    for (Element one : there) {
      boolean left = next < instead.size();
      if (one.visited) {
        group.add(one);
        next++;
      } else if (left || isKept(one)) {
        replace(one, left ? instead.get(next++) : null);
        group.add(one);
      }
    }
    for (; next < instead.size(); next++) group.add(copy(in, instead.get(next)));
    return group;
  }

  /** Whether something in it was decided about. */
  private static boolean isKept(Element element) {
    return element.visited || element.children().stream().anyMatch(Substitute::isKept);
  }

  private static Element copy(Element in, Element of) {
    Element copy = new Element(in, of.name, of.key, of.type, of.listed);
    copy.value = of.value;
    copy.order.addAll(of.order);
    of.members.forEach((name, group) -> copy.members.put(name,
        new ArrayList<>(group.stream().map(one -> copy(copy, one)).toList())));
    return copy;
  }
}
