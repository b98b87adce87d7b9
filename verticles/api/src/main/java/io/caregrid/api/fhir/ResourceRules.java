package io.caregrid.api.fhir;

import ca.uhn.fhir.context.BaseRuntimeChildDefinition;
import ca.uhn.fhir.context.BaseRuntimeElementCompositeDefinition;
import ca.uhn.fhir.context.BaseRuntimeElementDefinition;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.RuntimeResourceDefinition;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.OperationOutcome.Issue;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.hl7.fhir.instance.model.api.IBase;
import org.hl7.fhir.instance.model.api.IPrimitiveType;

/**
 * Checks a tree against FHIR R4's definitions as HAPI's structures hold them: unknown elements, wrong JSON types, mandatory and single elements,
 * the form of every primitive, and codes of required bindings. Each finding names its place as FHIRPath.
 *
 * <p>It walks our own tree instead of parsing into HAPI's objects, because HAPI's parser neither reports missing elements nor says which of several
 * equal elements is wrong. Profiles, invariants and terminology beyond required bindings are not checked here.
 */
public final class ResourceRules {
  private static final int MOST_ISSUES = 20;
  private final FhirContext definitions;

  private ResourceRules(FhirContext definitions) {
    this.definitions = definitions;
  }

  /** Reads the definitions on a worker thread, a second or two; any thread may use the result. */
  public static Future<ResourceRules> load(Vertx vertx) {
    return vertx.executeBlocking(() -> {
      FhirContext context = FhirContext.forR4();
      ResourceTypes.ALL.forEach(context::getResourceDefinition);
      return new ResourceRules(context);
    }, false);
  }

  /** @return what is wrong, in document order, at most twenty findings; empty when nothing is */
  List<Issue> check(ObjectNode resource) {
    List<Issue> issues = new ArrayList<>();
    resource(resource, resource.path("resourceType").asText(), issues);
    return issues.size() <= MOST_ISSUES ? issues : issues.subList(0, MOST_ISSUES);
  }

  private void resource(JsonNode resource, String path, List<Issue> issues) {
    RuntimeResourceDefinition definition;
    try {
      definition = definitions.getResourceDefinition(resource.path("resourceType").asText());
    } catch (ca.uhn.fhir.parser.DataFormatException unknown) {
      issues.add(Issue.error("structure", "resourceType is missing or no type of FHIR R4", path));
      return;
    }
    members((ObjectNode) resource, definition, path, issues);
  }

  private void members(ObjectNode object, BaseRuntimeElementCompositeDefinition<?> definition, String path,
      List<Issue> issues) {
    if (object.isEmpty()) issues.add(Issue.error("structure", path + " is empty: leave it out", path));
    for (Map.Entry<String, JsonNode> member : object.properties()) {
      member(member.getKey(), member.getValue(), definition, path, issues);
    }
    for (BaseRuntimeChildDefinition child : definition.getChildren()) {
      cardinality(object, child, path, issues);
    }
  }

  private void cardinality(ObjectNode object, BaseRuntimeChildDefinition child, String path, List<Issue> issues) {
    List<String> present = child.getValidChildNames()
        .stream()
        .filter(name -> object.has(name) || object.has("_" + name))
        .distinct()
        .toList();
    if (present.isEmpty() && child.getMin() > 0) {
      String place = path + "." + child.getElementName().replace("[x]", "");
      issues.add(Issue.error("required", place + " is mandatory and missing", place));
    }
    if (present.size() > 1) {
      String place = path + "." + present.get(1);
      issues.add(Issue.error("structure",
          place + " stands beside " + present.get(0) + ": only one of them may be there", place));
    }
  }

  private void member(String key, JsonNode value, BaseRuntimeElementCompositeDefinition<?> definition, String path,
      List<Issue> issues) {
    boolean companion = key.startsWith("_");
    String name = companion ? key.substring(1) : key;
    if (name.equals("resourceType") && definition instanceof RuntimeResourceDefinition && !companion) return;
    String place = path + "." + name;
    BaseRuntimeChildDefinition child = definition.getChildByName(name);
    if (child == null || !child.getValidChildNames().contains(name)) {
      issues.add(Issue.error("structure", place + " is no element of FHIR R4", place));
      return;
    }
    boolean repeats = child.getMax() != 1;
    if (repeats != value.isArray()) {
      issues.add(Issue.error("structure", place + (repeats ? " must be an array" : " must not be an array"), place));
    } else if (repeats) {
      if (value.isEmpty()) issues.add(Issue.error("structure", place + " is an empty array: leave it out", place));
      for (int i = 0; i < value.size(); i++) {
        element(name, companion, value.get(i), child, place + "[" + i + "]", issues);
      }
    } else {
      element(name, companion, value, child, place, issues);
    }
  }

  private void element(String name, boolean companion, JsonNode value, BaseRuntimeChildDefinition child, String place,
      List<Issue> issues) {
    BaseRuntimeElementDefinition<?> type = child.getChildByName(name);
    boolean primitive = IPrimitiveType.class.isAssignableFrom(type.getImplementingClass());
    if (companion) {
      companion(value, primitive, place, issues);
    } else if (primitive) {
      Primitives.check(value, type, child, place).ifPresent(issues::add);
    } else if (!value.isObject()) {
      issues.add(Issue.error("structure", place + " must be an object", place));
    } else if (value.has("resourceType") || isAnyResource(type)) {
      resource(value, place, issues);
    } else {
      composite((ObjectNode) value, type, place, issues);
    }
  }

  private static boolean isAnyResource(BaseRuntimeElementDefinition<?> type) {
    return type.getChildType() == BaseRuntimeElementDefinition.ChildTypeEnum.CONTAINED_RESOURCE_LIST
        || type.getChildType() == BaseRuntimeElementDefinition.ChildTypeEnum.RESOURCE;
  }

  private void composite(ObjectNode value, BaseRuntimeElementDefinition<?> type, String place, List<Issue> issues) {
    BaseRuntimeElementDefinition<?> whole = type instanceof BaseRuntimeElementCompositeDefinition<?>
        ? type
        : definitions.getElementDefinition(type.getImplementingClass().asSubclass(IBase.class));
    if (whole instanceof BaseRuntimeElementCompositeDefinition<?> composite) members(value, composite, place, issues);
  }

  /** {@code _birthDate}: id and extensions of a primitive (FHIR R4 json.html#primitive). */
  private void companion(JsonNode value, boolean primitive, String place, List<Issue> issues) {
    if (!primitive) {
      issues.add(Issue.error("structure", place + " is no primitive: it takes no member with an underscore", place));
    } else if (value.isObject()) {
      BaseRuntimeElementCompositeDefinition<?> extension = (BaseRuntimeElementCompositeDefinition<?>) definitions
          .getElementDefinition("Extension");
      for (Map.Entry<String, JsonNode> member : value.properties()) {
        companionMember(member, extension, place, issues);
      }
    } else if (!value.isNull()) {
      issues.add(Issue.error("structure", place + ": the member with an underscore must be an object", place));
    }
  }

  private void companionMember(Map.Entry<String, JsonNode> member, BaseRuntimeElementCompositeDefinition<?> extension,
      String place, List<Issue> issues) {
    if (member.getKey().equals("id") && member.getValue().isTextual()) return;
    if (!member.getKey().equals("extension") || !member.getValue().isArray()) {
      issues.add(Issue.error("structure", place + " may have only id and extension beside its value", place));
      return;
    }
    for (int i = 0; i < member.getValue().size(); i++) {
      String at = place + ".extension[" + i + "]";
      if (member.getValue().get(i) instanceof ObjectNode object) {
        members(object, extension, at, issues);
      } else {
        issues.add(Issue.error("structure", at + " must be an object", at));
      }
    }
  }
}
