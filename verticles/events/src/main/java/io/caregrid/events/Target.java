package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.cluster.TargetConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Roles;
import io.caregrid.fhirpath.FhirPath;
import java.util.List;
import java.util.Set;

/**
 * Somebody who is told, made ready from the configuration.
 *
 * @param types  it hears of; empty: all
 * @param filter null: none
 * @param reader as whom what a resource says is read for it; null: it is told only that something changed
 */
record Target(String name, TargetConfig config, Set<String> types, FhirPath filter, Caller reader) {

  /** @throws io.caregrid.cluster.ConfigException with the place of what is wrong */
  static Target of(String name, TargetConfig config, Roles roles) {
    String key = "tell.targets." + name;
    TellSettings.checkTypes(key + ".types", config.types());
    FhirPath filter = config.filter().isEmpty() ? null : TellSettings.path(key + ".filter", config.filter());
    Caller reader = config.resource()
        ? TellSettings.caller(key + ".roles", "target:" + name, config.roles(), roles, Access.FHIR_READ)
        : null;
    Set<String> types = config.isFhir() ? Set.of("Observation") : Set.copyOf(config.types());
    return new Target(name, config, types, filter, reader);
  }

  static List<Target> all(java.util.Map<String, TargetConfig> targets, Roles roles) {
    return targets.entrySet()
        .stream()
        .sorted(java.util.Map.Entry.comparingByKey())
        .map(entry -> of(entry.getKey(), entry.getValue(), roles))
        .toList();
  }

  boolean hears(String type) {
    return types.isEmpty() || types.contains(type);
  }

  boolean hearsOfDeletions() {
    return !config.isFhir() || config.deletes();
  }

  /** Whether the resource fulfils the filter, and is of a device where only those are sent. Whatever the expression throws. */
  boolean wants(JsonNode resource) {
    return (!config.isFhir() || RemoteObservation.isOfDevice(resource))
        && (filter == null || TellSettings.fits(filter, resource));
  }
}
