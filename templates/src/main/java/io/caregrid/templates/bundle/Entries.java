package io.caregrid.templates.bundle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Joins the entries that speak of one resource (same type, version and id, or without an id the same fullUrl) at the place of the first. Objects are joined member by member, lists keep what they
 * have and take what they do not, of anything else the later one counts; null changes nothing.
 */
public final class Entries {
  /** What is in the lists that took something, so that each is looked through once. */
  private final Map<ArrayNode, Set<JsonNode>> known = new IdentityHashMap<>();

  private Entries() {}

  /** @throws ConversionException 1402 when {@code entry} is no list of objects */
  public static ObjectNode merged(ObjectNode bundle) {
    JsonNode entries = bundle.get("entry");
    if (entries == null) return bundle;
    ArrayNode merged = bundle.arrayNode();
    Map<String, ObjectNode> byKey = new HashMap<>();
    Entries joining = new Entries();
    for (JsonNode entry : entries) {
      if (!(entry instanceof ObjectNode object)) {
        throw new ConversionException(ErrorCode.JSON_MERGING_ERROR,
            "an entry of the Bundle is no object");
      }
      ObjectNode first = byKey.putIfAbsent(key(object), object);
      if (first == null) merged.add(object);
      else joining.join(first, object);
    }
    bundle.set("entry", merged);
    return bundle;
  }

  private static String key(ObjectNode entry) {
    JsonNode resource = entry.path("resource");
    if (!resource.hasNonNull("resourceType")) return entry.toString();
    StringBuilder key = new StringBuilder(resource.get("resourceType").asText());
    if (resource.path("meta").hasNonNull("versionId"))
      key.append('_').append(resource.path("meta").get("versionId").asText());
    if (resource.hasNonNull("id")) key.append('_').append(resource.get("id").asText());
    else key.append(' ').append(entry.path("fullUrl").asText());
    return key.toString();
  }

  private void join(ObjectNode target, ObjectNode addition) {
    addition.fields().forEachRemaining(member -> {
      JsonNode there = target.get(member.getKey());
      JsonNode value = member.getValue();
      if (there instanceof ObjectNode inner && value instanceof ObjectNode more) {
        join(inner, more);
      } else if (there instanceof ArrayNode list && value instanceof ArrayNode more) {
        unite(list, more);
      } else if (there == null || !value.isNull()) {
        target.set(member.getKey(), value);
      }
    });
  }

  private void unite(ArrayNode list, ArrayNode more) {
    Set<JsonNode> there = known.computeIfAbsent(list, first -> {
      Set<JsonNode> items = new HashSet<>();
      first.forEach(items::add);
      return items;
    });
    for (JsonNode each : more) if (there.add(each)) list.add(each);
  }
}
