package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.fhirpath.Narrative;
import io.caregrid.fhirpath.Node;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * One resource on its way through the rules, element by element as it stands in the JSON. Of one thread, used once. Where it stands is kept in two arrays
 * and becomes text only when there is something to tell.
 */
final class Walk {
  private static final int NO_INDEX = -1;
  /**
   * For all invariants of one resource, by the clock and then once more by this thread's own work, so that a machine that stalls lets nothing through: what
   * comes later counts as met.
   */
  private static final long PATIENCE_NANOS = 1_000_000_000L;
  private static final long NOT_LATE = -1;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final Type ELEMENT = Definitions.R4.type("Element");
  private final List<Issue> issues = new ArrayList<>(0);
  private final boolean conditional;
  private final String root;
  private final long begun;
  /** CPU time of this thread when it was first late. */
  private long lateFrom = NOT_LATE;
  private String[] names = new String[16];
  private int[] indices = new int[16];
  private int depth;
  /** Objects and arrays of JSON around. */
  private int nesting = 1;
  private Fragments fragments;
  private ObjectNode resource;

  /** @param conditional references may be searches, as they may in a transaction (FHIR R4 http.html#trules) */
  Walk(String root, boolean conditional) {
    this(root, conditional, System.nanoTime());
  }

  /** @param begun {@link System#nanoTime()} of its beginning */
  Walk(String root, boolean conditional, long begun) {
    this.root = root;
    this.conditional = conditional;
    this.begun = begun;
  }

  List<Issue> over(ObjectNode whole) {
    resource(whole, false);
    return issues;
  }

  /** What is beside these is not looked for any more. */
  private boolean isFull() {
    return issues.size() >= Rules.MOST_ISSUES;
  }

  private void resource(ObjectNode object, boolean contained) {
    Type type = Definitions.R4.resource(object.path("resourceType").asText());
    if (type == null) {
      tell("structure", ": resourceType is missing or no type of FHIR R4");
      return;
    }
    Fragments outside = fragments;
    ObjectNode around = resource;
    resource = object;
    if (contained) fragments.enter(object, this::tell);
    else fragments = new Fragments(object);
    complex(object, type, null);
    if (!contained) fragments.end(this::tellAt);
    fragments = outside;
    resource = around;
  }

  private void complex(ObjectNode object, Type type, Element of) {
    int before = issues.size();
    long seen = members(object, type);
    if (issues.size() > before) return; // first things first
    boolean empty = object.isEmpty() || object.size() == 1 && object.has("id");
    if (empty && !type.resource) tell("structure", " has nothing in it: leave it out");
    else type.hand.check(object, seen, this::tell);
    if (type.hand == Hand.REFERENCE) reference(object.get("reference"), of);
    if (!type.rules.isEmpty()) hold(type.rules, Node.typed(type.name, object));
    if (of == null) return;
    if (!of.rules().isEmpty()) hold(of.rules(), Node.typed(type.name, object));
    if (of.binding() != null) bound(object, type, of.binding());
  }

  /** @return the bits of the elements that are there */
  private long members(ObjectNode object, Type type) {
    long seen = 0;
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      if (isFull()) return seen;
      Member member = type.member(entry.getKey());
      if (member == null) {
        if (!type.resource || !entry.getKey().equals("resourceType")) unknown(type, entry.getKey());
        continue;
      }
      Element element = member.element();
      if (element.choice() && (seen & element.bit()) != 0) beside(object, type, member);
      seen |= element.bit();
      value(object, member, entry.getValue());
    }
    long missing = type.missing(seen);
    if (missing != 0) missing(type, missing);
    return seen;
  }

  private void unknown(Type type, String key) {
    boolean underscore = key.startsWith("_") && type.member(key.substring(1)) != null;
    push(underscore ? key.substring(1) : Suggestion.printable(key));
    tell("structure", underscore
        ? " is no primitive: it takes no member with an underscore"
        : " is no element of FHIR R4" + Suggestion.of(key, type));
    depth--;
  }

  private void missing(Type type, long bits) {
    for (Element element : type.elements) {
      if ((bits & element.bit()) == 0) continue;
      push(element.name());
      tell("required", " is mandatory and missing");
      depth--;
    }
  }

  private void beside(ObjectNode object, Type type, Member member) {
    if (member.companion() && object.has(member.plain())) return;
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      Member other = type.member(entry.getKey());
      if (other == null || other.element() != member.element() || other.plain().equals(member.plain())) continue;
      push(member.plain());
      tell("structure", " stands beside " + other.plain() + ": only one of them may be there");
      depth--;
      return;
    }
  }

  private void value(ObjectNode object, Member member, JsonNode value) {
    push(member.plain());
    Element element = member.element();
    int deeper = (element.repeats() ? 1 : 0) + (member.type().primitive == null || member.companion() ? 1 : 0);
    nesting += deeper;
    if (nesting > Trees.MAX_DEPTH) {
      tell("structure", " is nested more than " + Trees.MAX_DEPTH + " deep");
    } else if (element.repeats() != value.isArray()) {
      tell("structure", element.repeats() ? " must be an array" : " must not be an array");
    } else if (element.repeats()) {
      if (value.isEmpty()) tell("structure", " is an empty array: leave it out");
      else if (value.size() > element.max() || value.size() < element.min() && !member.companion()) {
        tell("structure", " must stand " + element.min() + ".."
            + (element.max() == Element.MANY ? "*" : String.valueOf(element.max())) + " times");
      }
      for (int i = 0; i < value.size() && !isFull(); i++) {
        indices[depth - 1] = i;
        item(object, member, value.get(i), i);
      }
    } else {
      item(object, member, value, NO_INDEX);
    }
    nesting -= deeper;
    depth--;
  }

  private void item(ObjectNode object, Member member, JsonNode value, int index) {
    Type type = member.type();
    if (member.companion()) {
      companion(object, member, value, index);
    } else if (type.primitive != null) {
      primitive(object, member, value, index);
    } else if (!(value instanceof ObjectNode below)) {
      tell("structure", " must be an object");
    } else if (type.isAnyResource()) {
      resource(below, member.element().name().equals("contained"));
    } else {
      complex(below, type, member.element());
    }
  }

  private void primitive(ObjectNode object, Member member, JsonNode value, int index) {
    Primitive primitive = member.type().primitive;
    if (value.isNull()) {
      if (index < 0) tell("structure", " must not be null: leave it out");
      else
        if (!at(object, "_" + member.plain(), index).isObject())
          tell("structure", " is null: that may be only where _" + member.plain() + " has an extension in its place");
      return;
    }
    if (!primitive.isWritten(value)) {
      tell("structure", " must be a JSON " + primitive.json.name().toLowerCase(java.util.Locale.ROOT));
      return;
    }
    String fault = primitive.fault(value);
    if (fault != null) {
      tell("value", " " + fault);
      return;
    }
    Element element = member.element();
    if (element.binding() != null && !element.binding().all().contains(value.asText()))
      tell("code-invalid", " is not one of the codes that FHIR R4 allows here: " + element.binding().told());
    if (!element.rules().isEmpty()) hold(element.rules(), Node.typed(member.type().name, value));
    if (primitive == Primitive.XHTML) narrative(value.textValue());
    else if (value.isTextual() && value.textValue().charAt(0) == '#') fragments.mention(value.textValue());
  }

  private void narrative(String div) {
    String fault = Primitive.unwritable(div);
    if (fault == null) fault = Narrative.fault(div);
    if (fault != null) tell("invalid", " " + fault);
  }

  /** {@code _birthDate}: id and extensions of a primitive (FHIR R4 json.html#primitive). */
  private void companion(ObjectNode object, Member member, JsonNode value, int index) {
    JsonNode beside = index < 0 ? object.path(member.plain()) : at(object, member.plain(), index);
    boolean valued = !beside.isMissingNode() && !beside.isNull();
    if (value instanceof ObjectNode below) {
      members(below, ELEMENT);
      if (below.isEmpty() || !valued && !below.has("extension"))
        tell("structure", " has neither a value nor an extension: leave it out");
    } else if (!value.isNull() || index < 0) {
      tell("structure", ": the member with an underscore must be an object");
    } else if (beside.isMissingNode()) {
      tell("structure", " has neither a value nor an extension: leave it out");
    }
  }

  private static JsonNode at(ObjectNode object, String name, int index) {
    return object.path(name).path(index);
  }

  private void reference(JsonNode text, Element of) {
    if (text == null || !text.isTextual()) return;
    push("reference");
    String fault = References.fault(text.textValue(), of, conditional, fragments, resource);
    if (fault != null) tell("value", " " + fault);
    depth--;
  }

  /** A required binding of a Coding, or of a CodeableConcept, one of whose codings meets it. */
  private void bound(ObjectNode object, Type type, Codes codes) {
    boolean met = switch (type.name) {
      case "Coding" -> isOf(codes, object);
      case "CodeableConcept" -> anyOf(codes, object.path("coding"));
      default -> true;
    };
    if (!met) tell("code-invalid", " needs a coding out of " + codes.valueSet() + ": " + codes.told());
  }

  private static boolean anyOf(Codes codes, JsonNode codings) {
    for (JsonNode coding : codings) {
      if (isOf(codes, coding)) return true;
    }
    return false;
  }

  private static boolean isOf(Codes codes, JsonNode coding) {
    return codes.has(coding.path("system").asText(), coding.path("code").asText());
  }

  private void hold(List<Invariant> rules, Node focus) {
    Node whole = Node.resource(resource);
    Node container = fragments.container == resource ? whole : Node.resource(fragments.container);
    for (Invariant rule : rules) {
      if (isOutOfPatience()) return;
      if (rule.isBroken(whole, container, focus))
        tell("invariant", " breaks FHIR's rule " + rule.key() + ": " + rule.human());
    }
  }

  private boolean isOutOfPatience() {
    if (System.nanoTime() - begun <= PATIENCE_NANOS) return false;
    long worked = THREADS.getCurrentThreadCpuTime();
    if (lateFrom == NOT_LATE) lateFrom = worked;
    return worked < 0 || worked - lateFrom > PATIENCE_NANOS; // negative: this JVM does not count it
  }

  private void push(String name) {
    if (depth == names.length) {
      names = Arrays.copyOf(names, 2 * depth);
      indices = Arrays.copyOf(indices, 2 * depth);
    }
    names[depth] = name;
    indices[depth++] = NO_INDEX;
  }

  private void tell(String code, String text) {
    if (isFull()) return;
    StringBuilder place = new StringBuilder(root);
    for (int i = 0; i < depth; i++) {
      place.append('.').append(names[i]);
      if (indices[i] >= 0) place.append('[').append(indices[i]).append(']');
    }
    issues.add(Issue.error(code, place + text, place.toString()));
  }

  /** Of an element one below. */
  private void tellAt(String name, int index, String text) {
    push(name);
    indices[depth - 1] = index;
    tell("invariant", text);
    depth--;
  }
}
