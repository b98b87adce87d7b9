package io.caregrid.api.fhir;

import io.caregrid.store.FhirStore;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What this door can do, told truly: made from the lists that the routes and the store's search are made from (FHIR R4 capabilitystatement.html). */
final class Capability {
  private static final List<String> INTERACTIONS = List.of("read", "vread", "create", "update", "delete",
      "history-instance", "search-type");
  /** Of the whole system, by name; an operation is told with its definition or not at all (capabilitystatement.html, rest.operation). */
  static final Map<String, String> OPERATIONS = Map.of("viewdefinition-run",
      "http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run");
  private final String version;
  private final String started;

  /** @param started when this node started, FHIR dateTime */
  Capability(String version, String started) {
    this.version = version;
    this.started = started;
  }

  /** @param operations names of those that this node's routes have */
  JsonObject statement(String base, Collection<String> operations) {
    JsonArray resources = new JsonArray();
    resources.add(audited());
    ResourceTypes.ALL.forEach(type -> resources.add(resource(type)));
    JsonObject rest = new JsonObject().put("mode", "server").put("resource", resources);
    JsonArray told = new JsonArray();
    operations.stream()
        .filter(OPERATIONS::containsKey)
        .sorted()
        .forEach(name -> told.add(new JsonObject().put("name", name).put("definition", OPERATIONS.get(name))));
    if (!told.isEmpty()) rest.put("operation", told);
    return new JsonObject()
        .put("resourceType", "CapabilityStatement")
        .put("status", "active")
        .put("date", started)
        .put("kind", "instance")
        .put("software", new JsonObject().put("name", "Caregrid").put("version", version))
        .put("implementation", new JsonObject().put("description", "A Caregrid node").put("url", base))
        .put("fhirVersion", "4.0.1")
        .put("format", new JsonArray().add("application/fhir+json").add("json"))
        .put("rest", new JsonArray().add(rest));
  }

  private static JsonObject audited() {
    JsonArray params = new JsonArray();
    AuditSearch.PARAMS.forEach((name, kind) -> params.add(new JsonObject().put("name", name).put("type", kind)));
    return new JsonObject().put("type", AuditRoutes.TYPE)
        .put("interaction", new JsonArray().add(new JsonObject().put("code", "read"))
            .add(new JsonObject().put("code", "search-type")))
        .put("versioning", "no-version")
        .put("searchParam", params);
  }

  private static JsonObject resource(String type) {
    JsonArray interactions = new JsonArray();
    INTERACTIONS.forEach(code -> interactions.add(new JsonObject().put("code", code)));
    JsonArray params = new JsonArray();
    FhirStore.searchParams(type)
        .forEach(
            (name, kind) -> params.add(new JsonObject().put("name", name).put("type", kind)));
    return new JsonObject()
        .put("type", type)
        .put("interaction", interactions)
        .put("versioning", "versioned-update")
        .put("readHistory", true)
        .put("updateCreate", true)
        .put("conditionalCreate", false)
        .put("conditionalRead", "full-support")
        .put("conditionalUpdate", false)
        .put("conditionalDelete", "not-supported")
        .put("searchParam", params);
  }
}
