package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Failure;
import io.caregrid.fhirpath.Schema;
import io.caregrid.fhirpath.Schema.Element;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each element of a resource stands in its tree. FHIRPath gives the elements themselves; so that each is itself and no other, values that Jackson shares
 * (true, false, small numbers, the empty text) are replaced by ones of their own.
 */
final class Places {
  /** A boolean that is no other. */
  private static final class Bit extends BooleanNode {
    private static final long serialVersionUID = 1;

    Bit(boolean value) {
      super(value);
    }
  }

  /**
   * @param holder the object it is a member of
   * @param key    under which name in JSON
   * @param index  within that member, -1 where it does not repeat
   * @param holderType of R4, null when unknown
   * @param type   its own, null when unknown
   */
  record Place(ObjectNode holder, String key, int index, String holderType, String type) {
    boolean isListed() {
      return index >= 0;
    }

    ArrayNode list() {
      return (ArrayNode) holder.get(key);
    }
  }

  private final Map<JsonNode, Place> places = new IdentityHashMap<>();

  /** @param resource its shared values are replaced */
  Places(ObjectNode resource) {
    String type = resource.path("resourceType").asText();
    places.put(resource, new Place(null, null, -1, null, type));
    look(resource, type, 0);
  }

  /** Unprocessable 422: what is nested deeper than a body may be could not be read, and a little deeper not even be walked through. */
  static void requireShallow(int depth) {
    if (depth > Trees.MAX_DEPTH)
      throw new Failure.Unprocessable("the patch nests the resource more than " + Trees.MAX_DEPTH + " deep", null);
  }

  int size() {
    return places.size();
  }

  /** Null for what is no element of this resource: a value that an expression has computed. */
  Place of(JsonNode element) {
    return places.get(element);
  }

  private void look(ObjectNode object, String type, int depth) {
    requireShallow(depth);
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      String of = type(type, name);
      if (object.get(name) instanceof ArrayNode list) {
        for (int i = 0; i < list.size(); i++) {
          JsonNode own = own(list.get(i));
          list.set(i, own);
          found(own, new Place(object, name, i, type, named(own, of)), depth + 2);
        }
      } else {
        JsonNode own = own(object.get(name));
        object.set(name, own);
        found(own, new Place(object, name, -1, type, named(own, of)), depth + 1);
      }
    }
  }

  /** What a primitive has beside its value are an id and extensions. */
  private static String type(String holder, String name) {
    if (name.startsWith("_")) return "Element";
    Element element = Schema.element(holder, name);
    return element == null ? null : element.typeOf(name);
  }

  private void found(JsonNode node, Place place, int depth) {
    places.put(node, place);
    if (node instanceof ObjectNode object) look(object, place.type(), depth);
  }

  /** What may be any resource says itself what it is. */
  private static String named(JsonNode node, String type) {
    return node.has("resourceType") ? node.get("resourceType").asText() : type;
  }

  private static JsonNode own(JsonNode value) {
    if (value.isBoolean()) return new Bit(value.booleanValue());
    if (value instanceof IntNode whole) return new IntNode(whole.intValue());
    return value instanceof TextNode text ? new TextNode(text.textValue()) : value;
  }
}
