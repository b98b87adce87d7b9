package io.caregrid.fhirpath;

import io.caregrid.fhirpath.Value.Text;
import java.util.List;
import java.util.Map;

/** {@code $this}, {@code %resource} and the names that FHIR gives to every expression (FHIR R4 fhirpath.html#vars). */
final class Variables {
  private static final Map<String, String> SYSTEMS = Map.of("sct", "http://snomed.info/sct", "loinc",
      "http://loinc.org", "ucum", "http://unitsofmeasure.org");

  private Variables() {}

  /** Null when the name is not one of FHIR's. */
  static Expression of(String name) {
    if (SYSTEMS.containsKey(name)) return text(SYSTEMS.get(name));
    if (name.startsWith("vs-")) return text("http://hl7.org/fhir/ValueSet/" + name.substring(3));
    if (name.startsWith("ext-")) return text("http://hl7.org/fhir/StructureDefinition/" + name.substring(4));
    return switch (name) {
      case "resource", "rootResource", "context" -> (input, scope) -> Items.of(scope.run().root);
      default -> null;
    };
  }

  private static Expression text(String value) {
    List<Value> items = List.of(new Text(value));
    return (input, scope) -> items;
  }

  static Expression ofLoop(Token word) {
    return switch (word.text()) {
      case "this" -> (input, scope) -> Items.of(scope.self());
      case "index" -> (input, scope) -> scope.index() < 0 ? Items.NONE : Items.of(scope.index());
      case "total" -> (input, scope) -> scope.total() == null ? Items.NONE : scope.total();
      default -> throw new FhirPathException(word.place(), "there is no $" + word.text()
          + ", but $this, $index and $total");
    };
  }
}
