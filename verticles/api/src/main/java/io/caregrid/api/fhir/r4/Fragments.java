package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BiConsumer;

/** What a resource contains, and who in it points there (FHIR R4 references.html#contained, dom-2 to dom-5, ref-1). */
final class Fragments {
  final ObjectNode container;
  private final Set<String> mentioned = new HashSet<>(0);
  /** Ids of what is contained and points to the container. */
  private final Set<String> upwards = new HashSet<>(0);
  private Set<String> ids;
  private String inside;

  Fragments(ObjectNode container) {
    this.container = container;
  }

  /** Told at the contained resource. */
  void enter(ObjectNode contained, BiConsumer<String, String> tell) {
    inside = contained.path("id").asText();
    if (inside.isEmpty()) tell.accept("required", " is contained and has no id by which it could be referred to");
    if (contained.has("contained"))
      tell.accept("invariant", " breaks FHIR's rule dom-2: what is contained contains nothing itself");
    JsonNode meta = contained.path("meta");
    if (meta.has("versionId") || meta.has("lastUpdated"))
      tell.accept("invariant", " breaks FHIR's rule dom-4: what is contained has no version of its own");
    if (meta.has("security"))
      tell.accept("invariant", " breaks FHIR's rule dom-5: what is contained has no security labels of its own");
  }

  boolean isThere(String id) {
    if (ids == null) {
      ids = new HashSet<>();
      for (JsonNode contained : container.path("contained")) ids.add(contained.path("id").asText());
    }
    return ids.contains(id);
  }

  /** @param reference begins with # */
  void mention(String reference) {
    if (!container.has("contained")) return;
    if (reference.length() == 1) {
      if (inside != null) upwards.add(inside);
    } else {
      mentioned.add(reference.substring(1));
    }
  }

  interface Teller {
    void tell(String name, int index, String text);
  }

  /** When all of the container has been looked at. */
  void end(Teller tell) {
    if (!(container.get("contained") instanceof ArrayNode all)) return;
    Set<String> known = new HashSet<>(0);
    for (int i = 0; i < all.size(); i++) {
      String id = all.get(i).path("id").asText();
      if (id.isEmpty()) continue;
      if (!known.add(id)) tell.tell("contained", i, " has the id of another contained resource");
      else
        if (!mentioned.contains(id) && !upwards.contains(id))
          tell.tell("contained", i, " breaks FHIR's rule dom-3: nothing in the resource refers to it");
    }
  }
}
