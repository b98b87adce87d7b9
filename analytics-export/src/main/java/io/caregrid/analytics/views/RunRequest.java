package io.caregrid.analytics.views;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.caregrid.contract.Failure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code $viewdefinition-run} was asked: its Parameters, read and checked (SQL on FHIR v2, OperationDefinition ViewDefinitionRun).
 *
 * @param view      compiled
 * @param resources sent along; null: the store's
 * @param format    null: as the Accept header says
 * @param header    of csv
 * @param patients  ids; empty: all
 * @param since     changed after this; null: always
 * @param limit     most rows
 */
record RunRequest(View view, List<JsonNode> resources, String format, boolean header, List<String> patients,
    Instant since, long limit) {

  private static final int DEEPEST = 200;
  private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
      .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
      .build())
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
      .build();
  private static final Pattern PATIENT = Pattern.compile("(?:Patient/)?([A-Za-z0-9\\-.]{1,64})");
  private static final Set<String> ELSEWHERE = Set.of("viewReference", "group", "source");
  private static final int MOST_PATIENTS = 100;

  /** A resource as the store or a client wrote it. */
  static JsonNode json(byte[] body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException unreadable) {
      String where = unreadable.getLocation() == null
          ? ""
          : " near line " + unreadable.getLocation().getLineNr()
              + ", column " + unreadable.getLocation().getColumnNr();
      throw new Failure.Invalid("the body cannot be read as JSON" + where);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /** @throws Failure Invalid 400 for what is wrong with the Parameters, Unprocessable 422 for what is wrong with the view */
  static RunRequest of(JsonNode parameters) {
    if (!parameters.path("resourceType").asText().equals("Parameters"))
      throw new Failure.Invalid("the body must be a Parameters resource with a parameter viewResource", "Parameters");
    Reading reading = new Reading();
    JsonNode list = parameters.path("parameter");
    for (int i = 0; i < list.size(); i++) reading.add(list.get(i), "Parameters.parameter[" + i + "]");
    return reading.done();
  }

  /** The parameters so far. */
  private static final class Reading {
    private JsonNode view;
    private List<JsonNode> resources;
    private String format;
    private boolean header = true;
    private final List<String> patients = new ArrayList<>();
    private Instant since;
    private long limit = Long.MAX_VALUE;

    void add(JsonNode parameter, String at) {
      String name = parameter.path("name").asText();
      if (ELSEWHERE.contains(name))
        throw new Failure.Invalid("this node does not support the parameter " + name + ": " + instead(name), at);
      switch (name) {
        case "viewResource" -> view(parameter, at);
        case "resource" -> resource(parameter, at);
        case "_format" -> format = text(parameter, at);
        case "header" -> header = flag(parameter, at);
        case "patient" -> patient(parameter, at);
        case "_since" -> since = instant(text(parameter, at), at);
        case "_limit" -> limit = count(parameter, at);
        default -> throw new Failure.Invalid("this operation has no parameter of that name; it has viewResource, "
            + "resource, _format, header, patient, _since and _limit", at + ".name");
      }
    }

    private static String instead(String name) {
      return switch (name) {
        case "viewReference" -> "send the view itself, as viewResource";
        case "group" -> "name the patients";
        default -> "data comes from this node, or from the parameters resource";
      };
    }

    private void view(JsonNode parameter, String at) {
      if (view != null) throw new Failure.Invalid("viewResource is there twice", at);
      view = parameter.path("resource");
    }

    private void resource(JsonNode parameter, String at) {
      if (!parameter.path("resource").path("resourceType").isTextual())
        throw new Failure.Invalid("resource must hold a FHIR resource", at + ".resource");
      if (resources == null) resources = new ArrayList<>();
      resources.add(parameter.get("resource"));
    }

    private void patient(JsonNode parameter, String at) {
      JsonNode reference = parameter.path("valueReference").path("reference");
      Matcher found = PATIENT.matcher(reference.isTextual() ? reference.asText() : text(parameter, at));
      if (!found.matches()) throw new Failure.Invalid("patient must be a reference such as Patient/123", at);
      patients.add(found.group(1));
      if (patients.size() > MOST_PATIENTS) throw new Failure.Invalid("at most " + MOST_PATIENTS + " patients", at);
    }

    RunRequest done() {
      if (view == null) throw new Failure.Invalid("the parameter viewResource is missing", "Parameters.parameter");
      if (resources != null && (since != null || !patients.isEmpty()))
        throw new Failure.Invalid("patient and _since select from the store; with resource they have no meaning",
            "Parameters.parameter");
      return new RunRequest(View.of(view, "viewResource"), resources, format, header, patients, since, limit);
    }
  }

  private static String text(JsonNode parameter, String at) {
    for (String member : List.of("valueCode", "valueString", "valueInstant", "valueDateTime", "valueId", "valueUri")) {
      if (parameter.path(member).isTextual()) return parameter.get(member).asText();
    }
    throw new Failure.Invalid("this parameter needs a value, as in valueString", at);
  }

  private static boolean flag(JsonNode parameter, String at) {
    if (!parameter.path("valueBoolean").isBoolean())
      throw new Failure.Invalid("this parameter needs a valueBoolean", at);
    return parameter.get("valueBoolean").asBoolean();
  }

  private static long count(JsonNode parameter, String at) {
    for (String member : List.of("valueInteger", "valuePositiveInt", "valueUnsignedInt")) {
      JsonNode count = parameter.path(member);
      if (count.isIntegralNumber() && count.canConvertToInt() && count.asInt() >= 0) return count.asInt();
    }
    throw new Failure.Invalid("_limit needs a valueInteger from 0", at);
  }

  private static Instant instant(String text, String at) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException unreadable) {
      throw new Failure.Invalid("_since must be an instant such as 2026-11-20T10:00:00Z", at);
    }
  }

  /** What the address says beside the body: the body's wins. */
  RunRequest or(String otherFormat) {
    return format != null || otherFormat == null
        ? this
        : new RunRequest(view, resources, otherFormat, header, patients, since, limit);
  }
}
