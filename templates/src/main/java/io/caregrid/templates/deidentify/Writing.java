package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Elements into JSON, in the order they had. What is empty is left out (a resource never is), arrays of values and of what stands beside them stay level. */
final class Writing {
  private static final JsonNodeFactory JSON = JsonNodeFactory.withExactBigDecimals(true);
  private final Map<Element, Set<Label>> labels;
  /** Null unless this is a picture for FHIRPath, in which each node is there once. */
  private final Map<JsonNode, Element> picture;

  private Writing(Map<Element, Set<Label>> labels, Map<JsonNode, Element> picture) {
    this.labels = labels;
    this.picture = picture;
  }

  /** @param labels what is said of each resource */
  static ObjectNode whole(Element resource, Map<Element, Set<Label>> labels) {
    return new Writing(labels, null).resource(resource);
  }

  /** What FHIRPath sees of a resource as it is now: node → element. */
  static Map<JsonNode, Element> picture(Element resource) {
    Map<JsonNode, Element> picture = new IdentityHashMap<>();
    new Writing(Map.of(), picture).resource(resource);
    return picture;
  }

  private ObjectNode resource(Element resource) {
    ObjectNode json = JSON.objectNode();
    members(resource, json);
    see(resource, json);
    Set<Label> said = labels.get(resource);
    return said == null || said.isEmpty() || resource.isContained() ? json : labelled(json, said);
  }

  /** {@code meta} stands behind the id where it is new. */
  private static ObjectNode labelled(ObjectNode json, Set<Label> said) {
    ObjectNode whole = json.has("meta") ? json : withMeta(json);
    ObjectNode meta = (ObjectNode) whole.get("meta");
    ArrayNode security = meta.get("security") instanceof ArrayNode there ? there : meta.putArray("security");
    said.stream().sorted().forEach(label -> label.addTo(security));
    return whole;
  }

  private static ObjectNode withMeta(ObjectNode json) {
    ObjectNode whole = JSON.objectNode();
    String before = json.has("_id") ? "_id" : json.has("id") ? "id" : "resourceType";
    json.properties().forEach(member -> {
      whole.set(member.getKey(), member.getValue());
      if (member.getKey().equals(before)) whole.putObject("meta");
    });
    return whole;
  }

  private void members(Element element, ObjectNode json) {
    for (String name : element.order) {
      if (name.equals("resourceType") && element.isResource()) {
        json.put(name, element.type);
        continue;
      }
      boolean beside = name.startsWith("_");
      List<Element> group = element.members.get(beside ? name.substring(1) : name);
      if (group == null || group.isEmpty()) continue;
      if (!group.get(0).isPrimitive()) complex(json, name, group);
      else primitives(json, name, group, beside);
    }
  }

  private void complex(ObjectNode json, String name, List<Element> group) {
    ArrayNode all = JSON.arrayNode();
    for (Element one : group) {
      ObjectNode written = one.isResource() ? resource(one) : object(one);
      if (!written.isEmpty()) all.add(written);
    }
    put(json, name, all, group.get(0).listed);
  }

  private ObjectNode object(Element element) {
    ObjectNode json = JSON.objectNode();
    members(element, json);
    see(element, json);
    return json;
  }

  private void primitives(ObjectNode json, String name, List<Element> group, boolean beside) {
    ArrayNode all = JSON.arrayNode();
    boolean any = false;
    for (Element one : group) {
      ObjectNode extra = one.members.isEmpty() ? JSON.objectNode() : beside ? object(one) : hidden(one);
      if (one.value == null && extra.isEmpty()) continue;
      JsonNode written = beside ? extra.isEmpty() ? JSON.nullNode() : extra : scalar(one);
      any |= !written.isNull();
      all.add(written);
    }
    if (any) put(json, name, all, group.get(0).listed);
  }

  /** Whether something stands beside it, without showing it twice. */
  private static ObjectNode hidden(Element primitive) {
    return new Writing(Map.of(), null).object(primitive);
  }

  private JsonNode scalar(Element one) {
    if (one.value == null) return JSON.nullNode();
    if (picture == null) return one.value;
    JsonNode own = once(one.value);
    one.seen = own;
    picture.put(own, one);
    return own;
  }

  private static void put(ObjectNode json, String name, ArrayNode all, boolean listed) {
    if (all.isEmpty()) return;
    json.set(name, listed ? all : all.get(0));
  }

  private void see(Element element, ObjectNode json) {
    if (picture == null) return;
    picture.put(json, element);
    if (!element.isPrimitive()) {
      element.seen = json;
      return;
    }
    element.seenExtra = json;
    if (element.value == null) element.seen = null;
  }

  /** Jackson shares small numbers and truth values: here each is one of its own. */
  private static JsonNode once(JsonNode value) {
    return switch (value.getNodeType()) {
      case BOOLEAN -> new Truth(value.booleanValue());
      case NUMBER -> value.isIntegralNumber() && value.canConvertToInt()
          ? new IntNode(value.intValue())
          : new DecimalNode(value.decimalValue());
      default -> new TextNode(value.asText());
    };
  }

  private static final class Truth extends BooleanNode {
    private static final long serialVersionUID = 1;

    Truth(boolean value) {
      super(value);
    }
  }
}
