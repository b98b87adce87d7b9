package io.caregrid.fhirpath;

import static io.caregrid.fhirpath.Existence.entry;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Value.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What SQL on FHIR adds to FHIRPath: keys to join tables by. */
final class Keys {
  static final Map<String, Signature> FUNCTIONS = Map.ofEntries(
      entry("getResourceKey", 0, 0, (in, args, scope) -> resource(in)),
      entry("getReferenceKey", 0, 0, (in, args, scope) -> reference(in, null)));

  private Keys() {}

  /** The id. It is unique within a type; a view is of one type, and getReferenceKey(Type) names the type. */
  private static List<Value> resource(List<Value> in) {
    Value one = Items.one(in, "what getResourceKey() is called on");
    if (one == null) return Items.NONE;
    if (!(one instanceof Node node) || !node.json().has("resourceType"))
      throw new Unfit("getResourceKey() is called on a resource");
    return Items.of(node.json().path("id").textValue());
  }

  /** The id in a relative reference; others point to where we have no keys, and give nothing. Null: of any type. */
  static List<Value> reference(List<Value> in, String type) {
    List<Value> keys = new ArrayList<>();
    for (Value item : in) {
      Target target = Target.of(Resources.reference(item));
      boolean fits = target != null && target.base().isEmpty() && (type == null || type.equals(target.type()));
      if (fits) keys.add(new Text(target.id()));
    }
    return keys;
  }
}
