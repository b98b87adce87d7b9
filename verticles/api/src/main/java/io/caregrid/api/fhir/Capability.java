package io.caregrid.api.fhir;

import io.caregrid.store.FhirStore;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** What this door can do, told truly: made from the lists that the routes and the store's search are made from (FHIR R4 capabilitystatement.html). */
final class Capability {
  private static final List<String> INTERACTIONS = List.of("read", "vread", "create", "update", "delete",
      "history-instance", "search-type");
  private final String version;
  private final String started;

  /** @param started when this node started, FHIR dateTime */
  Capability(String version, String started) {
    this.version = version;
    this.started = started;
  }

  JsonObject statement(String base) {
    JsonArray resources = new JsonArray();
    resources.add(audited());
    ResourceTypes.ALL.forEach(type -> resources.add(resource(type)));
    return new JsonObject()
        .put("resourceType", "CapabilityStatement")
        .put("status", "active")
        .put("date", started)
        .put("kind", "instance")
        .put("software", new JsonObject().put("name", "Caregrid").put("version", version))
        .put("implementation", new JsonObject().put("description", "A Caregrid node").put("url", base))
        .put("fhirVersion", "4.0.1")
        .put("format", new JsonArray().add("application/fhir+json").add("json"))
        .put("rest", new JsonArray().add(new JsonObject().put("mode", "server").put("resource", resources)));
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
