package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.Node;
import io.caregrid.templates.deidentify.DeidentifyException.Kind;
import java.time.LocalDate;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One input on its way. Of one thread. */
final class Work {
  /** Characters. A keyed hash has 64: this is a million of them. */
  private static final long MOST_GROWTH = 64 << 20;
  /** As long as a number may be, about. */
  private static final int NUMBER = 20;
  final Element root;
  final LocalDate today;
  final Deidentifier.Origin origin;
  private final List<Rule> rules;
  private final long end;
  private final Report report;
  private final Map<Element, Set<Label>> labels = new HashMap<>();
  private long growth;
  private Element resource;
  private Rule rule;
  private Map<JsonNode, Element> picture;

  /** @param end when it has to be ready, in {@link System#nanoTime()} */
  Work(Element root, List<Rule> rules, LocalDate today, Deidentifier.Origin origin, long end, Report report) {
    this.root = root;
    this.rules = rules;
    this.today = today;
    this.origin = origin;
    this.end = end;
    this.report = report;
  }

  ObjectNode done() {
    process(root);
    return Writing.whole(root, labels);
  }

  /** A resource, then those that stand in it. What was done to them is said of it, too. */
  private Set<Label> process(Element whole) {
    resource = whole;
    picture = null;
    report.resource();
    Set<Label> said = EnumSet.noneOf(Label.class);
    labels.put(whole, said);
    for (Rule one : rules) {
      if (!one.isFor(whole.type)) continue;
      look();
      rule = one;
      for (Element element : one.selector().select(whole, this)) meet(element);
    }
    for (Element inner : resourcesIn(whole)) said.addAll(process(inner));
    return said;
  }

  private static List<Element> resourcesIn(Element whole) {
    List<Element> found = new java.util.ArrayList<>();
    inner(whole, found);
    return found;
  }

  private static void inner(Element element, List<Element> found) {
    for (List<Element> some : element.members.values()) {
      for (Element child : some) {
        if (child.isResource()) found.add(child);
        else if (!child.members.isEmpty()) inner(child, found);
      }
    }
  }

  private void meet(Element element) {
    look();
    if (element.visited) return;
    rule.method().apply(element, this);
    element.visited = true;
    if (element.members.isEmpty()) return;
    for (Element child : element.children()) {
      if (!child.isResource()) meet(child);
    }
  }

  /** @throws DeidentifyException when its time is over */
  void look() {
    if (System.nanoTime() - end > 0)
      throw new DeidentifyException(Kind.TOO_LONG, "de-identifying this takes longer than it may");
  }

  /** An element has another value, or none. */
  void changed(Element element, Label label, JsonNode value) {
    if (value != null) grown(length(value) - length(element.value));
    element.value = value;
    changed(element, label);
  }

  private static int length(JsonNode value) {
    return value == null ? 0 : value.isTextual() ? value.textValue().length() : NUMBER;
  }

  /**
   * What comes out may be longer than what came in, but not by as much as rules ask for.
   *
   * @param by characters
   */
  void grown(int by) {
    growth += Math.max(0, by);
    if (growth > MOST_GROWTH)
      throw new DeidentifyException(Kind.TOO_LONG,
          rule.named() + ": what the rules put in is more than " + (MOST_GROWTH >> 20) + " million characters");
  }

  /** An element, or what is below it, was changed. */
  void changed(Element element, Label label) {
    picture = null;
    said(label);
    report.changed(rule, element);
  }

  /** A label without a change. */
  void said(Label label) {
    labels.get(resource).add(label);
  }

  Rule rule() {
    return rule;
  }

  /** The resource the rules are tried on. */
  Element resource() {
    return resource;
  }

  /** The resource as FHIRPath sees it now. */
  Node node() {
    picture();
    return Node.resource(resource.seen);
  }

  Node node(Element element) {
    picture();
    return element == resource ? node() : Node.typed(element.type, element.seen, element.seenExtra);
  }

  /** What FHIRPath found in the picture; null for what is no element of it. */
  Element element(Node node) {
    Element found = picture().get(node.json());
    return found != null ? found : picture().get(node.extra());
  }

  private Map<JsonNode, Element> picture() {
    look();
    if (picture == null) picture = Writing.picture(resource);
    return picture;
  }

  DeidentifyException failed(Kind kind, String why) {
    return new DeidentifyException(kind, rule.named() + ": " + why);
  }
}
