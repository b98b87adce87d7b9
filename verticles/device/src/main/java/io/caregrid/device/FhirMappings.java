package io.caregrid.device;

import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.sets.MappingMark;
import io.vertx.core.Future;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The FHIR mappings by which readings are folded: each by the version its device mapping belonged to, however long it has waited since and on whichever node
 * it is folded. So what a log comes to does not depend on when it was read.
 */
@FunctionalInterface
public interface FhirMappings {
  /**
   * Fails only when nobody can be asked.
   *
   * @param marks of one batch
   * @return those there are; one that is missing is kept nowhere any more, or cannot be read by this program
   */
  Future<Map<MappingMark, FhirMapping>> of(Set<MappingMark> marks);

  /** One for all. @param mapping asked once per batch */
  static FhirMappings one(Supplier<FhirMapping> mapping) {
    return marks -> {
      FhirMapping now = mapping.get();
      return Future.succeededFuture(marks.stream().collect(Collectors.toMap(Function.identity(), mark -> now)));
    };
  }
}
