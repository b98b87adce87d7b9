package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * The part of a resource that the client wants (FHIR R4 search.html#elements, #summary): all of it, some named elements, only the text, or
 * everything but the text. A part is tagged SUBSETTED, so that nobody writes it back by mistake.
 */
record Selection(Mode mode, Set<String> elements) {
  enum Mode {
    ALL, ELEMENTS, TEXT, DATA
  }

  private static final Selection ALL = new Selection(Mode.ALL, Set.of());
  /** What a reader needs to know what it holds, and the mandatory elements of our types. */
  private static final Set<String> ALWAYS = Set.of("resourceType", "id", "meta", "status", "code");
  private static final String SUBSETTED_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";

  static Selection of(RoutingContext request) {
    return of(request.queryParams().get("_elements"), request.queryParams().get("_summary"));
  }

  /** {@code _summary=true} and {@code count} are not parts of one resource: the first gives it whole, the second is the search's own. */
  static Selection of(String elements, String summary) {
    boolean both = elements != null && summary != null && !Set.of("false", "count").contains(summary);
    if (both) throw new Failure.Invalid("_elements and _summary cannot be asked for together");
    if (elements != null && !elements.isBlank()) {
      Set<String> wanted = new HashSet<>(ALWAYS);
      Arrays.stream(elements.split(",")).map(String::trim).forEach(wanted::add);
      return new Selection(Mode.ELEMENTS, Set.copyOf(wanted));
    }
    if (summary == null) return ALL;
    return switch (summary) {
      case "text" -> new Selection(Mode.TEXT, Set.of());
      case "data" -> new Selection(Mode.DATA, Set.of());
      case "true", "false", "count", "" -> ALL;
      default -> throw new Failure.Invalid("_summary must be true, text, data, count or false");
    };
  }

  Buffer apply(Buffer body) {
    if (mode == Mode.ALL) return body;
    try {
      ObjectNode resource = (ObjectNode) FhirJson.MAPPER.readTree(body.getBytes());
      resource.properties().removeIf(member -> !keeps(member.getKey()));
      tag(resource);
      return Buffer.buffer(FhirJson.MAPPER.writeValueAsBytes(resource));
    } catch (IOException broken) {
      throw new UncheckedIOException("a stored resource is not JSON", broken);
    }
  }

  private boolean keeps(String member) {
    String name = member.startsWith("_") ? member.substring(1) : member;
    return switch (mode) {
      case ALL -> true;
      case DATA -> !name.equals("text");
      case TEXT -> ALWAYS.contains(name) || name.equals("text");
      case ELEMENTS -> elements.contains(name);
    };
  }

  private static void tag(ObjectNode resource) {
    ObjectNode meta = resource.withObject("/meta");
    JsonNode tags = meta.get("tag");
    ArrayNode list = tags instanceof ArrayNode array ? array : meta.putArray("tag");
    list.addObject().put("system", SUBSETTED_SYSTEM).put("code", "SUBSETTED");
  }
}
