package io.caregrid.api.fhir;

import io.caregrid.api.auth.Authority;
import io.caregrid.contract.Gate;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Versioning;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * What this node can do, told truly: made from the table of its routes and from the store's search parameters (FHIR R4 capabilitystatement.html). An
 * interaction that no route serves is not told, and one that a route serves cannot be forgotten.
 */
final class Capability {
  /** Stands for the address under which this node is called, which each request says anew. */
  private static final String ADDRESS = "urn:caregrid:address";
  /** By which a node is called at most at a time. */
  private static final int ADDRESSES = 4;
  /** Route → code of the interaction. */
  private static final Map<String, String> OF_TYPE = ordered(
      "GET /fhir/TYPE/:id", "read",
      "GET /fhir/TYPE/:id/_history/:version", "vread",
      "POST /fhir/TYPE", "create",
      "PUT /fhir/TYPE/:id", "update",
      "PATCH /fhir/TYPE/:id", "patch",
      "DELETE /fhir/TYPE/:id", "delete",
      "GET /fhir/TYPE/:id/_history", "history-instance",
      "GET /fhir/TYPE/_history", "history-type",
      "GET /fhir/TYPE", "search-type");
  private static final Map<String, String> OF_SYSTEM = ordered(
      "POST /fhir", "transaction",
      "POST /fhir ", "batch",
      "GET /fhir/_history", "history-system",
      "POST /fhir/_search", "search-system");
  private static final List<String> FORMATS = List.of("application/fhir+json", "json", "application/fhir+xml", "xml");
  private static final List<String> PATCH_FORMATS = List.of("application/json-patch+json", "application/fhir+json",
      "application/fhir+xml");
  private static final List<String> COMPARTMENTS = Stream.of("patient", "encounter", "practitioner", "relatedPerson",
      "device").map(name -> "http://hl7.org/fhir/CompartmentDefinition/" + name).toList();
  private static final String HL7 = "http://hl7.org/fhir/OperationDefinition/";
  /** By this clients know a server that exports (FHIR Bulk Data Access 2.0, "Server Capability Documentation"). */
  private static final String BULK_DATA = "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data";
  /** An operation is told with its definition or not at all (capabilitystatement.html, rest.operation). */
  static final Map<String, String> OPERATIONS = Map.ofEntries(
      Map.entry("viewdefinition-run", "http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run"),
      Map.entry("export", "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"),
      Map.entry("Patient export", "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export"),
      Map.entry("Group export", "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export"),
      Map.entry("versions", HL7 + "CapabilityStatement-versions"),
      Map.entry("validate", HL7 + "Resource-validate"),
      Map.entry("meta", HL7 + "Resource-meta"),
      Map.entry("meta-add", HL7 + "Resource-meta-add"),
      Map.entry("meta-delete", HL7 + "Resource-meta-delete"),
      // Microsoft's, who tells what it does and publishes no OperationDefinition
      Map.entry("purge-history", "https://learn.microsoft.com/azure/healthcare-apis/fhir/purge-history"),
      Map.entry("Patient everything", HL7 + "Patient-everything"),
      Map.entry("Encounter everything", HL7 + "Encounter-everything"));
  private final FhirStore store;
  private final String version;
  private final String started;
  private final Supplier<Authority> authority;
  /** What stands before and behind the address. */
  private String before;
  private String behind;
  private Authority told;
  /** By address, those that were asked for last. */
  private final Map<String, Told> made = new LinkedHashMap<>(8, 0.75f, true);

  /** Most of a megabyte, wanted by every client that begins: not to be changed, all get the same. @param zipped gzip */
  record Told(Buffer text, Buffer zipped) {}

  /** @param started when this node started, FHIR dateTime */
  Capability(FhirStore store, String version, String started, Supplier<Authority> authority) {
    this.authority = authority;
    this.store = store;
    this.version = version;
    this.started = started;
  }

  private static Map<String, String> ordered(String... pairs) {
    Map<String, String> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) map.put(pairs[i], pairs[i + 1]);
    return map;
  }

  /** @param table what this node's routes are; the same at every call */
  synchronized Told told(String base, List<Gate.Line> table) {
    Authority now = authority.get();
    if (before == null || !now.equals(told)) {
      told = now;
      String whole = statement(ADDRESS, table).encode();
      String address = '"' + ADDRESS + '"';
      int at = whole.indexOf(address);
      before = whole.substring(0, at);
      behind = whole.substring(at + address.length());
      made.clear();
    }
    Told kept = made.computeIfAbsent(base, address -> told(Buffer.buffer(before + Json.encode(address) + behind)));
    if (made.size() > ADDRESSES) made.remove(made.keySet().iterator().next());
    return kept;
  }

  private static Told told(Buffer text) {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream(text.length() / 8);
    try (GZIPOutputStream zip = new GZIPOutputStream(zipped)) {
      zip.write(text.getBytes());
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return new Told(text, Buffer.buffer(zipped.toByteArray()));
  }

  private JsonObject statement(String base, List<Gate.Line> table) {
    Set<String> routes = table.stream().map(line -> line.verb() + " " + line.path()).collect(Collectors.toSet());
    JsonArray resources = new JsonArray();
    resources.add(audited());
    ResourceTypes.ALL.stream()
        .filter(type -> !type.equals(AuditRoutes.TYPE))
        .forEach(type -> resources.add(resource(type, routes)));
    JsonObject rest = new JsonObject().put("mode", "server").put("resource", resources);
    if (told.asks()) rest.put("security", security(told));
    some(rest, "interaction", interactions(OF_SYSTEM, routes));
    some(rest, "operation", operations("/fhir/", "", routes));
    if (routes.contains("GET /fhir/COMPARTMENT/:id/TYPE")) rest.put("compartment", new JsonArray(COMPARTMENTS));
    JsonObject statement = new JsonObject()
        .put("resourceType", "CapabilityStatement")
        .put("status", "active")
        .put("date", started)
        .put("kind", "instance");
    if (routes.contains("GET /fhir/$export")) statement.put("instantiates", new JsonArray().add(BULK_DATA));
    return statement
        .put("software", new JsonObject().put("name", "Caregrid").put("version", version))
        .put("implementation", new JsonObject().put("description", "A Caregrid node").put("url", base))
        .put("fhirVersion", "4.0.1")
        .put("format", new JsonArray(FORMATS))
        .put("patchFormat", new JsonArray(PATCH_FORMATS))
        .put("rest", new JsonArray().add(rest));
  }

  /** FHIR R4 capabilitystatement.html, rest.security; its extension is of SMART App Launch, for clients that do not read smart-configuration. */
  private static JsonObject security(Authority authority) {
    JsonObject security = new JsonObject();
    if (authority.metadata() != null) {
      JsonArray uris = new JsonArray();
      uri(uris, "authorize", authority.metadata().path("authorization_endpoint").asText());
      uri(uris, "token", authority.metadata().path("token_endpoint").asText());
      if (!uris.isEmpty())
        security.put("extension", new JsonArray().add(new JsonObject()
            .put("url", "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris")
            .put("extension", uris)));
    }
    JsonObject oauth = new JsonObject()
        .put("system", "http://terminology.hl7.org/CodeSystem/restful-security-service")
        .put("code", "OAuth");
    return security
        .put("service", new JsonArray().add(new JsonObject().put("coding", new JsonArray().add(oauth))))
        .put("description", "A bearer token (RFC 6750) "
            + (authority.issuer() == null ? "" : "of " + authority.issuer() + " ")
            + "goes with each request; its roles say what it opens");
  }

  private static void uri(JsonArray uris, String name, String address) {
    if (!address.isEmpty()) uris.add(new JsonObject().put("url", name).put("valueUri", address));
  }

  /** {@code Type:parameter} of all that may point to this one. */
  private static JsonArray reverse(String type) {
    JsonArray all = new JsonArray();
    FhirStore.pointing(type).forEach(all::add);
    return all;
  }

  /** FHIR has no empty arrays. */
  private static void some(JsonObject object, String name, JsonArray all) {
    if (!all.isEmpty()) object.put(name, all);
  }

  private static JsonArray interactions(Map<String, String> known, Set<String> routes) {
    JsonArray told = new JsonArray();
    known.forEach((route, code) -> {
      if (routes.contains(route.trim())) told.add(new JsonObject().put("code", code));
    });
    return told;
  }

  /** @param type for those of one type only, else empty */
  private static JsonArray operations(String prefix, String type, Collection<String> routes) {
    JsonArray told = new JsonArray();
    routes.stream()
        .map(route -> route.substring(route.indexOf(' ') + 1).replace("/:id/$", "/$"))
        .filter(path -> path.startsWith(prefix + "$") || !type.isEmpty() && path.startsWith("/fhir/" + type + "/$"))
        .map(path -> path.substring(path.indexOf('$') + 1))
        .distinct()
        .sorted()
        .forEach(name -> {
          String definition = OPERATIONS.getOrDefault(type + " " + name, OPERATIONS.get(name));
          if (definition != null) told.add(new JsonObject().put("name", name).put("definition", definition));
        });
    return told;
  }

  private static JsonObject audited() {
    JsonArray params = new JsonArray();
    AuditSearch.PARAMS.forEach(param(params));
    return new JsonObject().put("type", AuditRoutes.TYPE)
        .put("interaction", new JsonArray().add(new JsonObject().put("code", "read"))
            .add(new JsonObject().put("code", "search-type")))
        .put("versioning", "no-version")
        .put("searchParam", params);
  }

  private static BiConsumer<String, String> param(JsonArray params) {
    return (name, kind) -> params.add(new JsonObject().put("name", name).put("type", kind));
  }

  private static JsonArray includes(String type) {
    JsonArray includes = new JsonArray().add("*");
    FhirStore.searchParams(type)
        .forEach((name, kind) -> {
          if (kind.equals("reference")) includes.add(type + ":" + name);
        });
    return includes;
  }

  private JsonObject resource(String type, Set<String> routes) {
    JsonArray params = new JsonArray();
    FhirStore.searchParams(type).forEach(param(params));
    boolean conditional = routes.contains("PUT /fhir/TYPE");
    JsonObject resource = new JsonObject()
        .put("type", type)
        .put("profile", "http://hl7.org/fhir/StructureDefinition/" + type)
        .put("interaction", interactions(OF_TYPE, routes))
        .put("versioning", store.versioning().of(type).code)
        .put("readHistory", store.versioning().of(type) != Versioning.Policy.NO_VERSION)
        .put("updateCreate", true)
        .put("conditionalCreate", conditional)
        .put("conditionalRead", "full-support")
        .put("conditionalUpdate", conditional)
        .put("conditionalDelete", routes.contains("DELETE /fhir/TYPE") ? "multiple" : "not-supported")
        .put("searchInclude", includes(type))
        .put("searchParam", params);
    some(resource, "searchRevInclude", reverse(type));
    some(resource, "operation", operations("/fhir/TYPE/", type, routes));
    return resource;
  }
}
