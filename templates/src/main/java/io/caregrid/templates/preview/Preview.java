package io.caregrid.templates.preview;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.MappingProblem.Severity;
import io.caregrid.templates.cost.Size;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.device.Outcome;
import io.caregrid.templates.mapping.Declaration;
import io.caregrid.templates.mapping.Draft;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.Identity;
import io.caregrid.templates.text.Timestamps;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What two mappings would make of messages. Shapes:
 *
 * <pre>
 * asked:    {deviceContent, fhirMapping?, messages: […], payloads?: [{payload, headers?: {…}} or {reading}], identity?: {device, patient, encounter}}
 * answered: {templateErrors: [{message, line, column, severity, mapping}],
 *            results: [{measurements: […], observations: […], errors: [{kind, message, line}], warnings: [{kind, message}], message?}]}
 * </pre>
 *
 * Payloads are texts as devices send them, in whatever they are wrapped: each is opened as a running feed would, and {@code message} is what templates see
 * of it, left out when there is nothing to see or too much to show. A {@code reading} is a text that holds one measurement as a device mapping has made it before
 * ({@link MeasurementJson}), such as the payload of its dead letter: the FHIR mapping alone is tried on it. Their results come behind those of {@code messages}.
 *
 * A mapping is a JSON object, or a text that holds one; only then line and column are those of its author. Messages are what templates see as {@code $}.
 * Templates with errors are left out and the others used. Each message stands alone: its events are folded, and nothing stored is there before.
 * {@code identity} holds ids of FHIR resources; {@code deviceId}, {@code patientId} and {@code encounterId} are read, too. An answer has at most
 * {@link #LONGEST_ANSWER} characters: results that would make it longer are told as {@code too-costly}.
 */
public final class Preview {
  /** More than this is a feed, not a look. */
  public static final int MOST_MESSAGES = 1_000;
  private static final int LONGEST_MESSAGE = 2_000_000;
  private static final int LONGEST_ANSWER = 16_000_000;
  /** What is written is three containers deeper, and Jackson writes 1,000. */
  private static final int DEEPEST_MESSAGE = 990;
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private final Draft<DeviceMapping> device;
  private final Draft<FhirMapping> fhir;
  private final boolean lines;
  private final boolean fhirLines;
  private final Identity identity;
  private final Instant now;

  private Preview(JsonNode asked, Instant now) {
    JsonNode content = asked.path("deviceContent");
    JsonNode mapping = asked.path("fhirMapping");
    this.device = isGiven(content) ? DeviceMapping.draft(text(content)) : null;
    this.fhir = isGiven(mapping) ? FhirMapping.draft(text(mapping)) : null;
    this.lines = content.isTextual();
    this.fhirLines = mapping.isTextual();
    this.identity = identity(asked.path("identity"));
    this.now = now;
  }

  /**
   * @param now becomes {@code issued} of the Observations
   * @throws IllegalArgumentException with a sentence, when the question is not of the shape above
   */
  public static ObjectNode answer(JsonNode asked, Instant now) {
    return answer(asked, now, null);
  }

  /** @param longest no message is begun any more after this; those left out are told as {@code too-costly}. Null: however long it takes */
  public static ObjectNode answer(JsonNode asked, Instant now, Duration longest) {
    long begun = System.nanoTime();
    if (!asked.isObject())
      throw new IllegalArgumentException("a JSON object with deviceContent, fhirMapping and messages is expected");
    JsonNode payloads = asked.path("payloads");
    if (!isGiven(asked.path("deviceContent")) && !isGiven(asked.path("fhirMapping")) && !payloads.isArray()) {
      throw new IllegalArgumentException(
          "deviceContent is missing, and fhirMapping too: at least one of them is needed");
    }
    JsonNode messages = asked.path("messages");
    if (isGiven(messages) && !messages.isArray()) throw new IllegalArgumentException("messages must be an array");
    if (isGiven(payloads) && !payloads.isArray()) throw new IllegalArgumentException("payloads must be an array");
    if (messages.size() + payloads.size() > MOST_MESSAGES)
      throw new IllegalArgumentException("at most " + MOST_MESSAGES + " messages can be previewed at once");
    Preview preview = new Preview(asked, now);
    ObjectNode answer = JSON.objectNode();
    answer.set("templateErrors", preview.problems());
    ArrayNode results = answer.putArray("results");
    Size size = new Size(LONGEST_ANSWER, Integer.MAX_VALUE);
    if (preview.device != null) for (JsonNode message : messages) {
      results.add(isOver(begun, longest) ? late(longest) : kept(preview.result(message), size));
    }
    for (JsonNode payload : payloads)
      results.add(isOver(begun, longest) ? late(longest) : kept(preview.opened(payload), size));
    return answer;
  }

  /** The result, or in its place that it is too long. */
  private static ObjectNode kept(ObjectNode result, Size size) {
    return size.fits(result)
        ? result
        : instead("Not shown: the answer would have more than " + LONGEST_ANSWER
            + " characters. Send fewer messages at once.");
  }

  private static boolean isOver(long begun, Duration longest) {
    return longest != null && System.nanoTime() - begun > longest.toNanos();
  }

  private static ObjectNode empty() {
    ObjectNode result = JSON.objectNode();
    for (String list : List.of("measurements", "observations", "errors", "warnings")) result.putArray(list);
    return result;
  }

  private static ObjectNode late(Duration longest) {
    return instead("Not looked at: a preview takes no longer than " + longest.toSeconds()
        + " s. Send fewer messages at once, or look for what is slow in the mapping.");
  }

  private static ObjectNode instead(String why) {
    ObjectNode result = empty();
    error(result.withArray("errors"), "too-costly", why, null);
    return result;
  }

  private ObjectNode opened(JsonNode asked) {
    if (asked.path("reading").isTextual()) return reading(asked.get("reading").textValue());
    if (!asked.path("payload").isTextual())
      throw new IllegalArgumentException(
          "each of payloads must be an object with payload, a text, and maybe headers; or with reading, a text");
    Map<String, String> headers = new LinkedHashMap<>();
    asked.path("headers").properties().forEach(one -> headers.put(one.getKey(), one.getValue().asText()));
    DeviceMapping.Opened opened = DeviceMapping
        .open(asked.get("payload").textValue().getBytes(StandardCharsets.UTF_8), headers);
    if (opened.root() == null) {
      ObjectNode result = empty();
      error(result.withArray("errors"), opened.refused().reason(), opened.refused().detail(), null);
      return result;
    }
    ObjectNode result = device == null ? empty() : result(opened.root());
    boolean shown = new Size(LONGEST_MESSAGE, DEEPEST_MESSAGE).fits(opened.root());
    return shown ? result.set("message", opened.root()) : result;
  }

  private ObjectNode reading(String text) {
    ObjectNode result = empty();
    try {
      made(result, List.of(MeasurementJson.read(text.getBytes(StandardCharsets.UTF_8))));
    } catch (IllegalArgumentException none) {
      error(result.withArray("errors"), "malformed-measurement", none.getMessage(), null);
    }
    return result;
  }

  private static boolean isGiven(JsonNode mapping) {
    return !mapping.isMissingNode() && !mapping.isNull();
  }

  private static String text(JsonNode mapping) {
    return mapping.isTextual() ? mapping.textValue() : mapping.toString();
  }

  private static Identity identity(JsonNode given) {
    if (!isGiven(given)) return null;
    if (!given.isObject())
      throw new IllegalArgumentException(
          "identity must be an object with device, patient and encounter: ids of FHIR resources");
    return new Identity(id(given, "device", "device"), id(given, "patient", "patient"), id(given, "encounter", null));
  }

  /** What {@code device} or {@code deviceId} says, in whatever case; of a reference {@code Device/id} the id. */
  private static String id(JsonNode given, String name, String otherwise) {
    for (Map.Entry<String, JsonNode> one : given.properties()) {
      boolean meant = one.getKey().equalsIgnoreCase(name) || one.getKey().equalsIgnoreCase(name + "Id");
      if (!meant || one.getValue().isNull()) continue;
      String text = one.getValue().asText();
      boolean reference = text.regionMatches(true, 0, name + "/", 0, name.length() + 1);
      return reference ? text.substring(name.length() + 1) : text;
    }
    return otherwise;
  }

  private ArrayNode problems() {
    ArrayNode all = JSON.arrayNode();
    if (device != null) device.problems().forEach(problem -> all.add(json(problem, "device", lines)));
    if (fhir != null) fhir.problems().forEach(problem -> all.add(json(problem, "fhir", fhirLines)));
    if (device == null || fhir == null || device.hasErrors() || fhir.hasErrors()) return all;
    List<Declaration> given = device.mapping().declarations();
    List<Declaration> wanted = fhir.mapping().declarations();
    Agreement.ofDevice(given, wanted).forEach(problem -> all.add(json(problem, "device", lines)));
    Agreement.ofFhir(given, wanted).forEach(problem -> all.add(json(problem, "fhir", fhirLines)));
    return all;
  }

  private static ObjectNode json(MappingProblem problem, String mapping, boolean lines) {
    ObjectNode json = JSON.objectNode().put("message", problem.message());
    if (lines) json.put("line", problem.line()).put("column", problem.column());
    else json.putNull("line").putNull("column");
    String severity = problem.severity() == Severity.ERROR ? "error" : "warning";
    return json.put("severity", severity.toLowerCase(Locale.ROOT)).put("mapping", mapping);
  }

  private ObjectNode result(JsonNode message) {
    ObjectNode result = empty();
    ArrayNode errors = result.withArray("errors");
    Outcome outcome = device.mapping().normalise(message, now);
    List<Measurement> found = List.of();
    if (outcome instanceof Outcome.Measured measured) found = measured.measurements();
    if (outcome instanceof Outcome.Unmatched) {
      result.withArray("warnings")
          .addObject()
          .put("kind", "unmatched")
          .put("message", "No measurements were produced for the given device data.");
    }
    if (outcome instanceof Outcome.Failed failed) {
      found = failed.measurements();
      failed.errors()
          .forEach(one -> error(errors, one.reason(), one.detail(), lines && one.line() > 0 ? one.line() : null));
    }
    made(result, found);
    return result;
  }

  private void made(ObjectNode result, List<Measurement> found) {
    found.forEach(measurement -> result.withArray("measurements").add(json(measurement)));
    if (fhir != null)
      new ObservationPreview(fhir.mapping(), identity, result.withArray("errors"))
          .add(found, result.withArray("observations"));
  }

  static void error(ArrayNode errors, String kind, String message, Integer line) {
    ObjectNode error = errors.addObject().put("kind", kind).put("message", message);
    error.put("line", line);
  }

  private static ObjectNode json(Measurement measurement) {
    ObjectNode json = JSON.objectNode()
        .put("type", measurement.type())
        .put("occurrenceTimeUtc", Timestamps.shortest(measurement.occurredAt()))
        .put("deviceId", measurement.device())
        .put("patientId", measurement.patient())
        .put("encounterId", measurement.encounter())
        .put("correlationId", measurement.correlation());
    ArrayNode properties = json.putArray("properties");
    measurement.properties().forEach(one -> properties.addObject().put("name", one.name()).put("value", one.value()));
    return json;
  }
}
