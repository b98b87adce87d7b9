package io.caregrid.fhirpath;

import java.util.Map;

/** R4's elements, for whoever writes into a resource: where a value goes, and whether beside others. */
public final class Schema {
  private Schema() {}

  /**
   * @param name    as FHIRPath says it: of a choice without the type
   * @param type    of its values, dotted for inner elements ({@code Patient.contact}); null for a choice
   * @param choices of a choice: its names in JSON, such as {@code deceasedBoolean} → their types; else empty
   */
  public record Element(String name, boolean repeats, String type, Map<String, String> choices) {
    public boolean isChoice() {
      return !choices.isEmpty();
    }

    /** Null when R4's definitions have no such choice. */
    public String typeOf(String json) {
      return isChoice() ? choices.get(json) : type;
    }
  }

  /** By its name, or by that which it has in JSON. Null when the type has no such element, or is unknown. */
  public static Element element(String type, String name) {
    Model.Type of = type == null ? null : Model.R4.type(type);
    if (of == null) return null;
    Model.Field field = of.field(name) != null ? of.field(name) : of.choiceOf(name);
    if (field == null) return null;
    boolean choice = field.choices != null;
    return new Element(field.name, field.repeats, choice || field.type() == null ? null : field.type().name,
        choice ? Map.copyOf(field.choices) : Map.of());
  }
}
