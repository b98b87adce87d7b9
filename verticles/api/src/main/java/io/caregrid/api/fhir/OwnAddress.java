package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.store.FhirStore;
import io.caregrid.store.SearchQuery.Param;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The address by which a client calls this node's FHIR. A reference below it is the same as the relative one (FHIR R4 search.html#reference, references.html#literal), and is
 * kept and looked for as that: so it finds its target under every other name of this node as well, and after it has moved.
 */
final class OwnAddress {
  private static final String REFERENCE = "reference";
  /** {@code Type/id}, perhaps of one version. */
  private static final Pattern INSTANCE = Pattern
      .compile("[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\\-.]{1,64}(/_history/[A-Za-z0-9\\-.]{1,64})?");
  private final String below;

  /** @param base without a trailing slash */
  OwnAddress(String base) {
    this.below = base + "/";
  }

  /**
   * The resource itself, with its references changed; a canonical URL is none.
   *
   * @param known addresses that mean something else, such as another entry of the same transaction
   */
  ObjectNode relative(ObjectNode resource, Set<String> known) {
    change(resource, known);
    return resource;
  }

  ObjectNode relative(ObjectNode resource) {
    return relative(resource, Set.of());
  }

  private void change(JsonNode node, Set<String> known) {
    for (JsonNode child : node) if (child.isContainerNode()) change(child, known);
    JsonNode reference = node.get(REFERENCE);
    if (reference == null || !reference.isTextual()) return;
    String text = reference.textValue();
    if (!known.contains(text)) ((ObjectNode) node).put(REFERENCE, relative(text));
  }

  private String relative(String reference) {
    if (!reference.startsWith(below)) return reference;
    String rest = reference.substring(below.length());
    return INSTANCE.matcher(rest).matches() ? rest : reference;
  }

  /**
   * The same search, with what it says of references.
   *
   * @param type null when several are asked for: then it stays as it is
   */
  List<Param> relative(String type, List<Param> params) {
    if (type == null || params.stream().noneMatch(param -> param.value().contains(below))) return params;
    Map<String, String> kinds = FhirStore.searchParams(type);
    return params.stream().map(param -> {
      String name = param.name().split(":", 2)[0];
      return REFERENCE.equals(kinds.get(name)) ? new Param(param.name(), each(param.value())) : param;
    }).toList();
  }

  private String each(String alternatives) {
    return Arrays.stream(alternatives.split(",", -1)).map(this::relative).collect(Collectors.joining(","));
  }
}
