package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.caregrid.store.Param.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The compartments of FHIR R4 (compartmentdefinition.html): what belongs to one patient, encounter, practitioner, related person or device. */
final class Compartment {
  static final Set<String> TYPES = Set.of("Patient", "Encounter", "Practitioner", "RelatedPerson", "Device");

  private Compartment() {}

  /** Whether resources of this type can be in one of that type. */
  static boolean has(String of, String type) {
    return of.equals(type) || !Definition.of(type).compartment(of).isEmpty();
  }

  /** @param within {@code Type/id}. NotFound 404: there is no such compartment, or nothing of this type is ever in it */
  static Criterion within(Definition definition, String within) {
    String of = within.substring(0, within.indexOf('/'));
    if (!TYPES.contains(of))
      throw new Failure.NotFound("There are compartments of " + String.join(", ", TYPES) + " only");
    Ids.require(of, within.substring(of.length() + 1));
    if (!has(of, definition.type()))
      throw new Failure.NotFound(definition.type() + " is in no compartment of a " + of);
    List<Criterion> several = new ArrayList<>();
    if (definition.type().equals(of)) {
      String id = within.substring(of.length() + 1);
      several.add(Criterion.sql(bind -> "id = " + bind.apply(id), true,
          values -> values.resource().path("id").asText().equals(id)));
    }
    for (String name : definition.compartment(of)) {
      Param param = definition.params().get(name);
      if (param.kind() != Kind.REFERENCE) continue;
      several.add(of.equals("Patient") && definition.isPatient(param)
          ? ParamCriterion.patients(List.of(within))
          : Criterion.of(param, List.of(Match.link(param, within))));
    }
    return several.isEmpty() ? Criterion.NOTHING : Criterion.or(several);
  }
}
