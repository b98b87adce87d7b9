package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The places of one resource of a transaction that may name another entry, or something in the store by a condition (FHIR R4 http.html#trules): references,
 * elements of type uri, url, oid and uuid, and links in the narrative. Found once; set as often as the transaction is tried.
 */
final class References {
  private static final Pattern CONDITIONAL = Pattern.compile("([A-Z][A-Za-z]{1,63})\\?(.+)", Pattern.DOTALL);
  private static final Pattern RELATIVE = Pattern.compile("[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\\-.]{1,64}");
  private static final Pattern RESTFUL = Pattern.compile("(https?://.+/)[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\\-.]{1,64}");
  private static final Pattern LINK = Pattern.compile("(\\s(?:href|src)\\s*=\\s*)([\"'])(.*?)\\2", Pattern.DOTALL);
  private static final String REFERENCE = "reference";
  private static final String NARRATIVE = "div";
  /** Of an Identifier: a string, though it may look like one of ours. */
  private static final String VALUE = "value";

  private final List<Place> places = new ArrayList<>();
  private final Set<String> conditions = new LinkedHashSet<>();
  /** Against which a relative reference is read: of the entry's own fullUrl; null when that is no address. */
  private final String root;

  /** @param text as it was written */
  private record Place(ObjectNode holder, String field, ArrayNode list, int index, String text) {
    void set(String now) {
      if (list != null) list.set(index, list.textNode(now));
      else holder.put(field, now);
    }
  }

  /** @param known fullUrls of the transaction's entries */
  References(ObjectNode resource, String fullUrl, Set<String> known) {
    Matcher restful = RESTFUL.matcher(fullUrl == null ? "" : fullUrl);
    root = restful.matches() ? restful.group(1) : null;
    look(resource, known);
  }

  private void look(JsonNode node, Set<String> known) {
    if (node instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> member : object.properties()) {
        JsonNode value = member.getValue();
        if (value.isContainerNode()) lookInto(member.getKey(), value, known);
        else
          if (value.isTextual() && names(member.getKey(), value.textValue(), known))
            places.add(new Place(object, member.getKey(), null, 0, value.textValue()));
      }
    }
  }

  private void lookInto(String field, JsonNode value, Set<String> known) {
    if (!(value instanceof ArrayNode list)) {
      look(value, known);
      return;
    }
    for (int i = 0; i < list.size(); i++) {
      JsonNode element = list.get(i);
      if (element.isTextual() && names(field, element.textValue(), known))
        places.add(new Place(null, field, list, i, element.textValue()));
      else
        if (element.isContainerNode()) look(element, known);
    }
  }

  private boolean names(String field, String text, Set<String> known) {
    return switch (field) {
      case REFERENCE -> {
        boolean condition = CONDITIONAL.matcher(text).matches();
        if (condition) conditions.add(text);
        yield condition || known.contains(text) || known.contains(absolute(text));
      }
      case NARRATIVE -> text.contains("href") || text.contains("src");
      case VALUE -> false;
      default -> known.contains(text);
    };
  }

  private String absolute(String reference) {
    return root != null && RELATIVE.matcher(reference).matches() ? root + reference : reference;
  }

  /** As they were written, each once. */
  Set<String> conditions() {
    return conditions;
  }

  /** @param found {@code Type/id} of what a fullUrl or a condition means; what is not in it stays as it was written */
  void set(Map<String, String> found) {
    for (Place place : places) {
      String now = place.field().equals(NARRATIVE)
          ? narrative(place.text(), found)
          : found.getOrDefault(place.text(), found.getOrDefault(absolute(place.text()), place.text()));
      place.set(now);
    }
  }

  private static String narrative(String text, Map<String, String> found) {
    return LINK.matcher(text)
        .replaceAll(link -> Matcher.quoteReplacement(link.group(1) + link.group(2)
            + found.getOrDefault(link.group(3), link.group(3)) + link.group(2)));
  }

  /** {@code Practitioner?identifier=a|b}. Invalid 400 when it cannot be read. */
  static Criteria criteria(String reference) {
    Matcher condition = CONDITIONAL.matcher(reference);
    if (!condition.matches()) throw new IllegalArgumentException("no conditional reference");
    List<SearchQuery.Param> params = new ArrayList<>();
    for (String part : condition.group(2).split("&")) {
      int equals = part.indexOf('=');
      if (part.isEmpty()) continue;
      params.add(new SearchQuery.Param(decoded(equals < 0 ? part : part.substring(0, equals)),
          equals < 0 ? "" : decoded(part.substring(equals + 1))));
    }
    return new Criteria(condition.group(1), params);
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException broken) {
      throw new Failure.Invalid("A conditional reference is not percent-encoded UTF-8: write % itself as %25");
    }
  }
}
