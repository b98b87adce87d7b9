package io.caregrid.analytics.export;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Required;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A resource with some of its elements only ({@code _elements}): those that were named, those it cannot be without, its id and its meta, which gets the tag
 * SUBSETTED (FHIR R4 search.html#elements). Pure; digits of decimals stay.
 */
final class Subset {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .build();
  private static final String TAGS = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
  private final Set<String> kept = new HashSet<>(
      Set.of("resourceType", "id", "meta", "implicitRules", "modifierExtension"));
  private final Set<String> choices;
  private final boolean whole;

  /** @param elements {@code element} or {@code Type.element}; none of this type's: whole resources */
  Subset(String type, List<String> elements) {
    boolean any = false;
    for (String element : elements) {
      int dot = element.indexOf('.');
      if (dot >= 0 && !element.substring(0, dot).equals(type)) continue;
      any = true;
      kept.add(element.substring(dot + 1));
    }
    whole = !any;
    choices = any ? Required.choices(type) : Set.of();
    if (any) kept.addAll(Required.of(type));
  }

  byte[] of(byte[] json) throws IOException {
    return whole ? json : JSON.writeValueAsBytes(of((ObjectNode) JSON.readTree(json)));
  }

  /** Changes it. */
  ObjectNode of(ObjectNode resource) {
    if (whole) return resource;
    resource.retain(names(resource));
    ObjectNode meta = resource.path("meta") instanceof ObjectNode there ? there : resource.putObject("meta");
    JsonNode tags = meta.path("tag");
    (tags.isArray() ? meta.withArray("tag") : meta.putArray("tag")).addObject()
        .put("system", TAGS)
        .put("code", "SUBSETTED");
    return resource;
  }

  private List<String> names(ObjectNode resource) {
    return resource.properties().stream().map(java.util.Map.Entry::getKey).filter(this::isKept).toList();
  }

  /** A primitive's extensions stand beside it under {@code _name}; a choice {@code value[x]} as {@code valueQuantity}. */
  private boolean isKept(String name) {
    String bare = name.startsWith("_") ? name.substring(1) : name;
    if (kept.contains(bare)) return true;
    for (int i = 1; i < bare.length(); i++) {
      String begin = bare.substring(0, i);
      if (Character.isUpperCase(bare.charAt(i)) && choices.contains(begin) && kept.contains(begin)) return true;
    }
    return false;
  }
}
