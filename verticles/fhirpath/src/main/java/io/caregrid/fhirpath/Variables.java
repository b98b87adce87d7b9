package io.caregrid.fhirpath;

import io.caregrid.fhirpath.Value.Text;
import java.util.List;
import java.util.Map;

/** {@code $this}, {@code %resource} and the names that FHIR gives to every expression (FHIR R4 fhirpath.html#vars). */
final class Variables {
  private static final Map<String, String> SYSTEMS = Map.of("sct", "http://snomed.info/sct", "loinc",
      "http://loinc.org", "ucum", "http://unitsofmeasure.org");
  private static final Map<String, Expression> NODES = Map.of(
      "resource", (input, scope) -> Items.of(scope.run().resource),
      "rootResource", (input, scope) -> Items.of(scope.run().container),
      "context", (input, scope) -> Items.of(scope.run().context));
  private static final Map<String, Expression> LOOP = Map.of(
      "this", (input, scope) -> Items.of(scope.self()),
      "index", (input, scope) -> scope.index() < 0 ? Items.NONE : Items.of(scope.index()),
      "total", (input, scope) -> scope.total() == null ? Items.NONE : scope.total());

  private Variables() {}

  /** Null when the name is not one of FHIR's. */
  static Expression of(String name) {
    if (SYSTEMS.containsKey(name)) return text(SYSTEMS.get(name));
    if (name.startsWith("vs-")) return text("http://hl7.org/fhir/ValueSet/" + name.substring(3));
    if (name.startsWith("ext-")) return text("http://hl7.org/fhir/StructureDefinition/" + name.substring(4));
    return NODES.get(name);
  }

  private static Expression text(String value) {
    return new Literal(List.of(new Text(value)));
  }

  static Expression ofLoop(Token word) {
    Expression known = LOOP.get(word.text());
    if (known != null) return known;
    throw new FhirPathException(word.place(),
        "there is no $" + word.text() + ", but $this, $index and $total");
  }
}
