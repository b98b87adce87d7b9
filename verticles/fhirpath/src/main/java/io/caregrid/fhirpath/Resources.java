package io.caregrid.fhirpath;

import static io.caregrid.fhirpath.Existence.entry;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Value.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What FHIR adds to FHIRPath (FHIR R4 fhirpath.html#functions), what SQL on FHIR adds, and the functions of the tree and the clock. */
final class Resources {
  private static final Pattern RELATIVE = Pattern.compile(
      "([A-Z][A-Za-z]{1,40})/([A-Za-z0-9\\-.]{1,64})(?:/_history/[A-Za-z0-9\\-.]{1,64})?");
  private static final String DEFINITIONS = "http://hl7.org/fhir/StructureDefinition/";

  static final Map<String, Signature> FUNCTIONS = Map.ofEntries(
      entry("children", 0, 0, (in, args, scope) -> Paths.children(in, scope)),
      entry("descendants", 0, 0, (in, args, scope) -> Paths.descendants(in, scope)),
      entry("extension", 1, 1, Resources::extension),
      entry("type", 0, 0, (in, args, scope) -> in.stream().<Value>map(Value::type).toList()),
      entry("conformsTo", 1, 1, Resources::conformsTo),
      entry("resolve", 0, 0, (in, args, scope) -> resolved(in, scope)),
      entry("getResourceKey", 0, 0, (in, args, scope) -> resourceKey(in)),
      entry("getReferenceKey", 0, 0, (in, args, scope) -> referenceKey(in, null)),
      entry("comparable", 1, 1, Resources::comparable),
      entry("now", 0, 0, (in, args, scope) -> Items.of(Moment.now(scope.run().now))),
      entry("today", 0, 0, (in, args, scope) -> Items.of(Moment.now(scope.run().now).date())),
      entry("timeOfDay", 0, 0, (in, args, scope) -> Items.of(
          Moment.read(Moment.now(scope.run().now).at().toLocalTime().toString(), Moment.Kind.TIME))));

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

  /** FHIR's own types only: other profiles are not kept here. */
  private static List<Value> conformsTo(List<Value> in, List<Expression> args, Scope scope) {
    Value one = Items.one(in, "what conformsTo() is called on");
    String url = Items.text(scope.argument(args.get(0)), "the profile of conformsTo()");
    if (one == null || url == null) return Items.NONE;
    String name = url.startsWith(DEFINITIONS) ? url.substring(DEFINITIONS.length()) : "";
    if (Model.R4.type(name) == null) throw new Unfit("conformsTo() knows FHIR's own types only, not this profile");
    return Items.of((Boolean) (one instanceof Node node && node.isA(name)));
  }

  /** Contained resources; what lies elsewhere cannot be reached from here and gives nothing. */
  private static List<Value> resolved(List<Value> in, Scope scope) {
    List<Value> found = new ArrayList<>();
    for (Value item : in) {
      String reference = reference(item);
      if (scope.run().root == null || reference == null || !reference.startsWith("#")) continue;
      for (Value contained : scope.run().root.member("contained", false)) {
        if (((Node) contained).json().path("id").asText().equals(reference.substring(1))) found.add(contained);
      }
    }
    return found;
  }

  private static String reference(Value item) {
    if (!(item instanceof Node node)) return item instanceof Text text ? text.value() : null;
    JsonNode text = node.json().isTextual() ? node.json() : node.json().path("reference");
    return text.isTextual() ? text.asText() : null;
  }

  /** SQL on FHIR: the id. It is unique within a type; a view is of one type, and getReferenceKey(Type) names the type. */
  private static List<Value> resourceKey(List<Value> in) {
    Value one = Items.one(in, "what getResourceKey() is called on");
    if (one == null) return Items.NONE;
    if (!(one instanceof Node node) || !node.json().has("resourceType"))
      throw new Unfit("getResourceKey() is called on a resource");
    return Items.of(node.json().path("id").textValue());
  }

  /** The id in a relative reference; others point to where we have no keys, and give nothing. Null: of any type. */
  static List<Value> referenceKey(List<Value> in, String type) {
    List<Value> keys = new ArrayList<>();
    for (Value item : in) {
      String reference = reference(item);
      Matcher found = reference == null ? null : RELATIVE.matcher(reference);
      boolean fits = found != null && found.matches() && (type == null || type.equals(found.group(1)));
      if (fits) keys.add(new Text(found.group(2)));
    }
    return keys;
  }

  private static List<Value> comparable(List<Value> in, List<Expression> args, Scope scope) {
    Value one = Items.single(in, "what comparable() is called on");
    Value other = Items.single(scope.argument(args.get(0)), "the argument of comparable()");
    if (one == null || other == null) return Items.NONE;
    return Items.of((Boolean) (one instanceof Quantity a && other instanceof Quantity b && a.isComparable(b)));
  }
}
