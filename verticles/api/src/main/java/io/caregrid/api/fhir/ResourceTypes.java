package io.caregrid.api.fhir;

import io.caregrid.store.FhirStore;
import java.util.List;
import java.util.Set;

/** The resource types this node keeps: routes, capability statement and error texts are all made from this one list. */
final class ResourceTypes {
  static final List<String> ALL = FhirStore.types().stream().sorted().toList();

  private static final Set<String> EACH = Set.copyOf(ALL);

  private ResourceTypes() {}

  static boolean has(String type) {
    return EACH.contains(type);
  }
}
