package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.caregrid.store.Param.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** The compartments of FHIR R4 (compartmentdefinition.html): what belongs to one patient, encounter, practitioner, related person or device. */
final class Compartment {
  static final Set<String> TYPES = Set.of("Patient", "Encounter", "Practitioner", "RelatedPerson", "Device");

  private Compartment() {}

  /** Whether resources of this type can be in one of that type. */
  static boolean has(String of, String type) {
    return of.equals(type) || !Definition.of(type).compartment(of).isEmpty();
  }

  /**
   * In any of them.
   *
   * @param within {@code Type/id} of one or more, all of one type. NotFound 404: there is no such compartment, or nothing of this type is ever in it
   */
  static Criterion within(Definition definition, List<String> within) {
    String of = within.get(0).substring(0, within.get(0).indexOf('/'));
    if (within.contains(SearchQuery.EVERY_PATIENT)) return ofEveryPatient(definition);
    if (!TYPES.contains(of))
      throw new Failure.NotFound("There are compartments of " + String.join(", ", TYPES) + " only");
    List<String> ids = within.stream().map(place -> place.substring(of.length() + 1)).toList();
    ids.forEach(id -> Ids.require(of, id));
    if (!has(of, definition.type()))
      throw new Failure.NotFound(definition.type() + " is in no compartment of a " + of);
    List<Criterion> several = new ArrayList<>();
    if (definition.type().equals(of))
      several.add(Criterion.sql(bind -> "id = any (" + bind.apply(ids.toArray(String[]::new)) + ")", true,
          values -> ids.contains(values.resource().path("id").asText())));
    for (String name : definition.compartment(of)) {
      Param param = definition.params().get(name);
      if (param.kind() != Kind.REFERENCE) continue;
      several.add(of.equals("Patient") && definition.isPatient(param)
          ? ParamCriterion.patients(within)
          : Criterion.of(param, within.stream().map(place -> Match.link(param, place)).toList()));
    }
    return several.isEmpty() ? Criterion.NOTHING : Criterion.or(several);
  }

  private static Criterion ofEveryPatient(Definition definition) {
    if (definition.type().equals("Patient")) return Criterion.sql(bind -> "true");
    List<Criterion> several = new ArrayList<>();
    for (String name : definition.compartment("Patient")) {
      Param param = definition.params().get(name);
      if (param.kind() != Kind.REFERENCE) continue;
      Predicate<Values> holds = values -> values.of(param).stream().anyMatch(Compartment::isPatient);
      several.add(definition.isPatient(param)
          ? Criterion.sql(bind -> "pat is not null", true, holds)
          : Criterion.any(List.of(Postings.present(param.name())), false, holds));
    }
    return several.isEmpty() ? Criterion.NOTHING : Criterion.or(several);
  }

  /** Whether somebody is in whose compartment a resource with this value is. */
  static boolean isPatient(Found found) {
    return found instanceof Found.Link link && link.target().startsWith("Patient/");
  }
}
