package io.caregrid.fhirpath;

import static io.caregrid.fhirpath.Existence.entry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.caregrid.fhirpath.Environment.References;
import io.caregrid.fhirpath.Environment.Trace;
import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Value.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What FHIR adds to FHIRPath for elements and references (FHIR R4 fhirpath.html#functions), and the functions of the tree, the clock and the trace. */
final class Resources {
  static final Map<String, Signature> FUNCTIONS = Map.ofEntries(
      entry("children", 0, 0, (in, args, scope) -> Paths.children(in, scope)),
      entry("descendants", 0, 0, (in, args, scope) -> Paths.descendants(in, scope)),
      entry("extension", 1, 1, Resources::extension),
      entry("type", 0, 0, (in, args, scope) -> in.stream().<Value>map(Value::type).toList()),
      entry("resolve", 0, 0, (in, args, scope) -> resolved(in, scope, false)),
      entry("trace", 1, 2, Resources::trace),
      entry("now", 0, 0, (in, args, scope) -> Items.of(Moment.now(scope.run().now()))),
      entry("today", 0, 0, (in, args, scope) -> Items.of(Moment.now(scope.run().now()).date())),
      entry("timeOfDay", 0, 0, (in, args, scope) -> Items.of(
          Moment.read(Moment.now(scope.run().now()).at().toLocalTime().toString(), Moment.Kind.TIME))));

  private Resources() {}

  private static List<Value> extension(List<Value> in, List<Expression> args, Scope scope) {
    String url = Items.text(scope.argument(args.get(0)), "the URL of an extension");
    List<Value> found = new ArrayList<>();
    for (Value item : in) {
      if (!(item instanceof Node node)) continue;
      for (Value extension : node.member("extension", false)) {
        if (((Node) extension).json().path("url").asText().equals(url)) found.add(extension);
      }
    }
    return found;
  }

  /**
   * Contained resources, and what the environment finds. What cannot be reached gives nothing; but where only its type is asked for, as in
   * {@code resolve() is Patient}, the text of the reference tells it, and nothing is fetched.
   */
  static List<Value> resolved(List<Value> in, Scope scope, boolean typeOnly) {
    List<Value> found = new ArrayList<>();
    for (Value item : in) {
      String reference = reference(item);
      if (reference == null) continue;
      Node there = reference.startsWith("#") ? contained(reference, scope) : elsewhere(reference, scope);
      if (there == null && typeOnly) there = named(item, reference);
      if (there != null) found.add(there);
    }
    return found;
  }

  /** {@code #} alone is what contains (R4 references.html#contained). */
  private static Node contained(String reference, Scope scope) {
    Node container = scope.run().container;
    if (container == null || reference.length() == 1) return container;
    List<Value> all = container.member("contained", false);
    scope.run().spend(all.size());
    for (Value one : all) {
      if (((Node) one).json().path("id").asText().equals(reference.substring(1))) return (Node) one;
    }
    return null;
  }

  private static Node elsewhere(String reference, Scope scope) {
    References references = scope.run().environment.references();
    JsonNode found = references == null ? null : references.resource(reference);
    return found == null ? null : Node.resource(found);
  }

  /** A resource of which only its type is known: the text's, or else {@code Reference.type}. */
  private static Node named(Value item, String reference) {
    Target target = Target.of(reference);
    String type = target != null ? target.type() : item instanceof Node node ? node.json().path("type").asText() : "";
    if (Model.R4.type(type) == null) return null;
    return Node.resource(JsonNodeFactory.instance.objectNode().put("resourceType", type));
  }

  /** The text of a Reference, or of an uri or canonical; null when it has none. */
  static String reference(Value item) {
    if (!(item instanceof Node node)) return item instanceof Text text ? text.value() : null;
    JsonNode text = node.json().isTextual() ? node.json() : node.json().path("reference");
    return text.isTextual() ? text.asText() : null;
  }

  private static List<Value> trace(List<Value> in, List<Expression> args, Scope scope) {
    String name = Items.text(scope.argument(args.get(0)), "the name of a trace");
    Trace trace = scope.run().environment.trace();
    if (trace == null || name == null) return in;
    trace.traced(name, args.size() == 1 ? in : Loops.select(in, args.get(1), scope));
    return in;
  }
}
