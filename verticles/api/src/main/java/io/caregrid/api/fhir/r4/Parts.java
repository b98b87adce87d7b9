package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The parts of a resource that R4 has words for (FHIR R4 search.html#summary, #elements). Each changes the tree it is given and marks it SUBSETTED, so that
 * nobody writes a part back by mistake. What the definitions do not know is in no part.
 */
public final class Parts {
  private static final String SUBSETTED_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
  private static final Set<String> HEAD = Set.of("id", "meta");

  private Parts() {}

  /** {@code _summary=true}: what the definitions mark as summary, or as changing the meaning of the rest, on every level. What a primitive has beside its value goes with it. */
  public static ObjectNode summary(ObjectNode resource) {
    summarise(resource, type(resource));
    return marked(resource);
  }

  /** {@code _summary=text}: the narrative, id, meta and what is mandatory at the top. */
  public static ObjectNode text(ObjectNode resource) {
    keep(resource, element -> element.name().equals("text") || HEAD.contains(element.name()) || element.min() > 0);
    return marked(resource);
  }

  /** {@code _summary=data}: everything but the narrative. */
  public static ObjectNode data(ObjectNode resource) {
    resource.remove("text");
    return marked(resource);
  }

  /**
   * {@code _elements}: those, and what a reader must know: id, meta, what is mandatory and what modifies.
   *
   * @param wanted names of elements at the top, a choice's without its type; {@code Patient.name} counts for Patients only
   */
  public static ObjectNode elements(ObjectNode resource, Set<String> wanted) {
    String type = resource.path("resourceType").asText();
    keep(resource, element -> HEAD.contains(element.name()) || element.min() > 0 || element.modifier()
        || wanted.contains(element.name()) || wanted.contains(type + "." + element.name()));
    return marked(resource);
  }

  private static Type type(JsonNode resource) {
    Type type = Definitions.R4.resource(resource.path("resourceType").asText());
    return type == null ? Definitions.R4.type("DomainResource") : type;
  }

  private static void keep(ObjectNode resource, Predicate<Element> kept) {
    Type type = type(resource);
    resource.properties().removeIf(entry -> {
      Member member = type.member(entry.getKey());
      return !entry.getKey().equals("resourceType") && (member == null || !kept.test(member.element()));
    });
  }

  private static void summarise(ObjectNode object, Type type) {
    for (Iterator<Map.Entry<String, JsonNode>> entries = object.properties().iterator(); entries.hasNext();) {
      Map.Entry<String, JsonNode> entry = entries.next();
      if (type.resource && entry.getKey().equals("resourceType")) continue;
      Member member = type.member(entry.getKey());
      if (member == null || !member.element().summary() && !member.element().modifier()) entries.remove();
      else if (isEmptied(entry.getValue(), member)) entries.remove();
    }
  }

  /** Nothing of it is in the summary, though it may be. */
  private static boolean isEmptied(JsonNode value, Member member) {
    if (member.companion() || member.type().primitive != null || member.type().name.equals("Extension")) return false;
    if (value instanceof ArrayNode array) {
      for (Iterator<JsonNode> items = array.iterator(); items.hasNext();) {
        if (isEmptied(items.next(), member)) items.remove();
      }
      return array.isEmpty();
    }
    if (!(value instanceof ObjectNode object)) return false;
    summarise(object, member.type().isAnyResource() ? type(object) : member.type());
    return object.isEmpty();
  }

  private static ObjectNode marked(ObjectNode resource) {
    ObjectNode meta = resource.get("meta") instanceof ObjectNode there ? there : resource.putObject("meta");
    ArrayNode tags = meta.get("tag") instanceof ArrayNode there ? there : meta.putArray("tag");
    tags.addObject().put("system", SUBSETTED_SYSTEM).put("code", "SUBSETTED");
    return resource;
  }
}
