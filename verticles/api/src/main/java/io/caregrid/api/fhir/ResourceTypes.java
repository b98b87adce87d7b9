package io.caregrid.api.fhir;

import io.caregrid.store.FhirStore;
import java.util.List;

/** The resource types this node keeps: routes, capability statement and error texts are all made from this one list. */
final class ResourceTypes {
  static final List<String> ALL = FhirStore.types().stream().sorted().toList();

  private ResourceTypes() {}
}
