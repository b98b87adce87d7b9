package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Rejected;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.store.Edit;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What {@code $meta-add} and {@code $meta-delete} make of a resource (FHIR R4 resource-operation-meta-add.html): profiles, tags and security labels are added to
 * those that are there, or taken from them. All else stays as it is, whether it keeps the rules or not.
 */
final class MetaEdit implements Edit {
  static final String ADD = "$meta-add";
  static final String DELETE = "$meta-delete";
  private static final List<String> LABELS = List.of("profile", "security", "tag");

  private final boolean adds;
  private final ObjectNode given;

  private MetaEdit(boolean adds, ObjectNode given) {
    this.adds = adds;
    this.given = given;
  }

  /** Whether it asks for one of them. */
  static boolean isAsked(Ask ask) {
    return ask.path().size() == 3 && (ADD.equals(ask.operation()) || DELETE.equals(ask.operation()));
  }

  /** Of an entry of a bundle. Invalid 400, {@link Rejected} 422. */
  static MetaEdit of(Ask ask, JsonNode resource, ResourceRules rules) {
    if (!ask.verb().equals("POST"))
      throw new Failure.NotSupported(ask.verb() + " is not possible at this address");
    if (!(resource instanceof ObjectNode parameters)
        || !parameters.path("resourceType").asText().equals("Parameters"))
      throw new Failure.Invalid(ask.operation() + " needs Parameters", "Bundle.entry.resource");
    List<Issue> issues = rules.check(parameters);
    if (!issues.isEmpty()) throw new Rejected(422, issues);
    return of(ask.operation(), parameters);
  }

  /** @param parameters checked. Invalid 400 when there is no meta in them */
  static MetaEdit of(String operation, ObjectNode parameters) {
    for (JsonNode parameter : parameters.path("parameter")) {
      if (parameter.path("name").asText().equals("meta") && parameter.get("valueMeta") instanceof ObjectNode meta)
        return new MetaEdit(operation.equals(ADD), meta);
    }
    throw new Failure.Invalid("the Parameters must have one parameter, meta, with a valueMeta", "Parameters.parameter");
  }

  @Override
  public ObjectNode apply(ObjectNode resource) {
    ObjectNode meta = resource.get("meta") instanceof ObjectNode there ? there : resource.putObject("meta");
    if (adds) add(meta);
    else remove(meta);
    return resource;
  }

  private void add(ObjectNode meta) {
    for (String name : LABELS) {
      Set<Object> there = new HashSet<>();
      for (JsonNode label : meta.path(name)) there.add(key(label));
      for (JsonNode label : given.path(name)) {
        if (there.add(key(label))) array(meta, name).add(label);
      }
    }
  }

  private void remove(ObjectNode meta) {
    for (String name : LABELS) {
      if (!(meta.get(name) instanceof ArrayNode there)) continue;
      Set<Object> gone = new HashSet<>();
      for (JsonNode label : given.path(name)) gone.add(key(label));
      ArrayNode kept = meta.arrayNode();
      for (JsonNode label : there) {
        if (!gone.contains(key(label))) kept.add(label);
      }
      if (kept.isEmpty()) meta.remove(name);
      else meta.set(name, kept);
    }
  }

  private static ArrayNode array(ObjectNode meta, String name) {
    return meta.get(name) instanceof ArrayNode there ? there : meta.putArray(name);
  }

  /** A label is its system and code, a profile its URL. */
  private static Object key(JsonNode one) {
    return one.isObject() ? List.of(one.path("system").asText(), one.path("code").asText()) : one.asText();
  }
}
