package io.caregrid.templates.preview;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.cost.Size;
import io.caregrid.templates.cost.TooCostly;
import io.caregrid.templates.jmespath.JmesPath;
import io.caregrid.templates.jmespath.JmesPathFailure;
import io.caregrid.templates.jmespath.JmesPathSyntaxException;
import io.caregrid.templates.jsonpath.JsonPath;
import io.caregrid.templates.jsonpath.JsonPathSyntaxException;
import java.util.List;

/**
 * One expression on one message: asked {@code {language, expression, data, places?}}, answered {@code {matches: […], places?: […]}} or {@code {error}}.
 * Language is {@code JsonPath} (when nothing is said) or {@code JmesPath}. With {@code "places": true} the place of each match is told: a JSON Pointer
 * (RFC 6901) to where it stands in {@code data}; null for what was made of it, and for a truth value, null or empty text of which there are several.
 */
public final class Evaluation {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private static final int LONGEST_ANSWER = 1_000_000;
  /** What is written is two containers deeper, and Jackson writes 1,000. */
  private static final int DEEPEST_MATCH = 990;

  private Evaluation() {}

  /** @throws IllegalArgumentException with a sentence, when the question is not of the shape above */
  public static ObjectNode answer(JsonNode asked) {
    if (!asked.path("expression").isTextual())
      throw new IllegalArgumentException("expression is missing: a text is expected");
    if (!asked.has("data"))
      throw new IllegalArgumentException("data is missing: the message that the expression shall be tried on");
    String language = asked.path("language").asText("JsonPath");
    boolean jmes = language.equalsIgnoreCase("JmesPath");
    if (!jmes && !language.equalsIgnoreCase("JsonPath"))
      throw new IllegalArgumentException("language must be JsonPath or JmesPath");
    try {
      String expression = asked.get("expression").textValue();
      Places places = asked.path("places").asBoolean() ? new Places(asked.get("data")) : null;
      JsonNode data = places == null ? asked.get("data") : places.data();
      return matches(jmes ? JmesPath.compile(expression).select(data) : JsonPath.compile(expression).select(data),
          places);
    } catch (JsonPathSyntaxException | JmesPathSyntaxException | JmesPathFailure | TooCostly failed) {
      return JSON.objectNode().put("error", failed.getMessage());
    } catch (StackOverflowError tooDeep) {
      return JSON.objectNode().put("error", "too-costly: what the expression does is nested too deep on this data");
    }
  }

  private static ObjectNode matches(List<JsonNode> found, Places known) {
    ObjectNode answer = JSON.objectNode();
    ArrayNode matches = answer.putArray("matches");
    ArrayNode places = known == null ? null : answer.putArray("places");
    Size size = new Size(LONGEST_ANSWER, DEEPEST_MATCH);
    for (JsonNode one : found) {
      if (!size.fits(one) || places != null && !size.fits(known.length(one))) {
        throw new TooCostly("too-costly: what it finds" + (places == null ? "" : ", with its places,")
            + " takes more than " + LONGEST_ANSWER + " characters, or is nested more than " + DEEPEST_MATCH + " deep");
      }
      if (one.isPojo()) matches.addNull();
      else matches.add(one);
      if (places != null) places.add(known.of(one));
    }
    return answer;
  }
}
