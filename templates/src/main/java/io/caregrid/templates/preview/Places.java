package io.caregrid.templates.preview;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Where the tokens of a message stand: what an expression selects is the message's own token, so that its place can be told. Of a message with more than
 * {@link #MOST} tokens no place is told.
 */
final class Places {
  private static final int MOST = 200_000;
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final JsonNode data;
  private final Map<JsonNode, Place> known = new IdentityHashMap<>();

  /** One step from the root. @param key name or index; null of the root */
  private record Place(JsonNode node, Place parent, String key) {}

  Places(JsonNode data) {
    boolean many = isMany(data);
    this.data = many ? data : apart(data);
    if (!many) learn();
  }

  /** The message, to be evaluated on in place of the one that was given. */
  JsonNode data() {
    return data;
  }

  /** Characters of {@link #of}, about: a pointer repeats all keys above its token, so that many may be far longer than the message. */
  long length(JsonNode token) {
    long length = 0;
    for (Place at = known.get(token); at != null && at.parent != null; at = at.parent) length += 1 + at.key.length();
    return length;
  }

  /** JSON Pointer (RFC 6901); null for what stands nowhere, or in several places. */
  String of(JsonNode token) {
    Place place = known.get(token);
    if (place == null || place.node == null) return null;
    Deque<String> keys = new ArrayDeque<>();
    for (Place at = place; at.parent != null; at = at.parent) keys.push(at.key);
    StringBuilder pointer = new StringBuilder();
    keys.forEach(key -> pointer.append('/').append(key.replace("~", "~0").replace("/", "~1")));
    return pointer.toString();
  }

  private static boolean isMany(JsonNode data) {
    Deque<JsonNode> open = new ArrayDeque<>();
    open.push(data);
    int count = 0;
    while (!open.isEmpty()) {
      JsonNode next = open.pop();
      count += 1 + next.size();
      if (count > MOST) return true;
      next.forEach(child -> {
        if (child.isContainerNode()) open.push(child);
      });
    }
    return false;
  }

  /** A copy in which small numbers, of which Jackson keeps one for all, are each a token of their own. */
  private static JsonNode apart(JsonNode data) {
    JsonNode root = copy(data);
    Deque<JsonNode> open = new ArrayDeque<>();
    open.push(root);
    while (!open.isEmpty()) {
      JsonNode next = open.pop();
      if (next instanceof ObjectNode object)
        object.properties().forEach(member -> member.setValue(copy(member.getValue())));
      if (next instanceof ArrayNode array) for (int i = 0; i < array.size(); i++) array.set(i, copy(array.get(i)));
      next.forEach(child -> {
        if (child.isContainerNode()) open.push(child);
      });
    }
    return root;
  }

  /** Its children are those of the original. */
  private static JsonNode copy(JsonNode node) {
    if (node instanceof ObjectNode object) return JSON.objectNode().setAll(object);
    if (node instanceof ArrayNode array) return JSON.arrayNode(array.size()).addAll(array);
    return node.isInt() ? new IntNode(node.intValue()) : node;
  }

  private void learn() {
    Deque<Place> open = new ArrayDeque<>();
    open.push(new Place(data, null, null));
    while (!open.isEmpty()) {
      Place next = open.pop();
      known.merge(next.node, next, (here, there) -> new Place(null, null, null));
      if (next.node.isArray())
        for (int i = 0; i < next.node.size(); i++) open.push(new Place(next.node.get(i), next, Integer.toString(i)));
      else
        next.node.properties().forEach(member -> open.push(new Place(member.getValue(), next, member.getKey())));
    }
  }
}
