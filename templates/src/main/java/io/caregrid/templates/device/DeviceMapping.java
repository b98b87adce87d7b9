package io.caregrid.templates.device;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.cost.TooCostly;
import io.caregrid.templates.mapping.Declaration;
import io.caregrid.templates.mapping.Draft;
import io.caregrid.templates.mapping.Located;
import io.caregrid.templates.mapping.Problems;
import io.caregrid.templates.mapping.Shipped;
import io.caregrid.templates.mapping.Version;
import io.caregrid.templates.wanted.Wanted;
import io.caregrid.templates.wanted.WantedReader;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A loaded {@code devicecontent.json}. Immutable, safe for any number of threads. */
public final class DeviceMapping {
  private static final String FILE = "device mapping";
  private static final ObjectReader MESSAGE = JsonMapper
      .builder(JsonFactory.builder().enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER).build())
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build()
      .readerFor(JsonNode.class);
  private final ContentTemplate[] templates;
  private final Matching matching;
  /** Of a message as its device wrote it; null when templates look at the whole of it. */
  private final WantedReader reader;
  /** False when no template looks at anything but the device's own message. */
  private final boolean headersWanted;
  private final List<MappingProblem> warnings;
  private final String version;

  private DeviceMapping(List<ContentTemplate> templates, List<MappingProblem> warnings, String version) {
    this.templates = templates.toArray(ContentTemplate[]::new);
    this.matching = new Matching(templates);
    Wanted message = new Wanted();
    templates.forEach(template -> template.look(message));
    Wanted body = message.member(Envelope.BODY);
    this.reader = message.isWhole() || body.isWhole() ? null : new WantedReader(body, Envelope.BODY);
    this.headersWanted = !message.names().equals(Set.of(Envelope.BODY));
    this.warnings = warnings;
    this.version = version;
  }

  /**
   * @param json the text of {@code devicecontent.json}
   * @throws io.caregrid.templates.MappingException with every error and its line
   */
  public static DeviceMapping parse(String json) {
    Problems problems = new Problems();
    List<ContentTemplate> templates = new DeviceMappingReader(problems).templates(Located.read(FILE, json));
    return new DeviceMapping(templates, problems.warningsUnlessErrors(FILE), Version.of(json));
  }

  /** The same for a mapping somebody is working on: never throws for what is wrong with it. */
  public static Draft<DeviceMapping> draft(String json) {
    Problems problems = new Problems();
    List<ContentTemplate> templates = List.of();
    try {
      templates = new DeviceMappingReader(problems).templates(Located.read(FILE, json));
    } catch (MappingException noJson) {
      return new Draft<>(new DeviceMapping(templates, List.of(), Version.of(json)), noJson.problems());
    }
    return new Draft<>(new DeviceMapping(templates, List.of(), Version.of(json)), problems.all());
  }

  /** The shipped mapping of bedside monitors: heart rate, oxygen saturation, respiration, temperature, blood pressure. */
  public static DeviceMapping vitals() {
    return parse(Shipped.text("/device/vitals.json"));
  }

  /** What is odd but does not keep the mapping from being used. */
  public List<MappingProblem> warnings() {
    return warnings;
  }

  /** Types this mapping can produce, in template order, without repeats. */
  public List<String> types() {
    return Arrays.stream(templates).map(template -> template.declaration().type()).distinct().toList();
  }

  /** What each template gives, in their order. */
  public List<Declaration> declarations() {
    return Arrays.stream(templates).map(ContentTemplate::declaration).toList();
  }

  /** Changes with the mapping's text, and only with it: 16 hex digits. */
  public String version() {
    return version;
  }

  /**
   * Normalises one payload. Never throws for bad data: what is wrong is in the outcome.
   *
   * @param payload    one record of {@code devicedata}: UTF-8 JSON, becomes {@code Body} unless it is an {@link Envelope}; null or empty is JSON's null
   * @param properties the record's headers, becomes {@code Properties}; what IoT Hub adds is in {@code SystemProperties} too
   * @param ingestedAt the log's timestamp, UTC
   */
  public Outcome normalise(byte[] payload, Map<String, String> properties, Instant ingestedAt) {
    JsonNode wanted = wanted(payload, properties);
    if (wanted == null) return normaliseWhole(payload, properties, ingestedAt);
    return normalise(headersWanted ? Envelope.plain(wanted, properties) : Envelope.bare(wanted), ingestedAt);
  }

  /** What templates look at of a message as its device wrote it; null when it has to be read as a whole. */
  JsonNode wanted(byte[] payload, Map<String, String> properties) {
    boolean other = reader == null || payload == null || Envelope.isEvent(properties);
    return other ? null : reader.read(payload);
  }

  /** The same without leaving out what no template looks at. */
  Outcome normaliseWhole(byte[] payload, Map<String, String> properties, Instant ingestedAt) {
    Opened opened = open(payload, properties);
    return opened.root == null ? opened.refused : normalise(opened.root, ingestedAt);
  }

  /**
   * One payload, read: one of both is null.
   *
   * @param root    what templates see
   * @param refused why nothing can be seen
   */
  public record Opened(JsonNode root, Outcome.Failed refused) {}

  /** What templates see of one record of {@code devicedata}; arguments as in {@link #normalise(byte[], Map, Instant)}. */
  public static Opened open(byte[] payload, Map<String, String> properties) {
    JsonNode body;
    try {
      body = payload == null || payload.length == 0 ? NullNode.getInstance() : MESSAGE.readTree(payload);
    } catch (IOException unreadable) {
      return refused("malformed-json", "The payload is no JSON text" + place(unreadable) + ".");
    }
    if (body.isMissingNode()) body = NullNode.getInstance();
    try {
      return new Opened(Envelope.open(body, properties, MESSAGE), null);
    } catch (Envelope.Broken broken) {
      return refused("malformed-envelope", broken.getMessage());
    }
  }

  private static Opened refused(String reason, String detail) {
    return new Opened(null, new Outcome.Failed(reason, detail, List.of()));
  }

  /** The same for a message already read; {@code root} is what the templates see, {@code {Body, Properties, SystemProperties}}. */
  public Outcome normalise(JsonNode root, Instant ingestedAt) {
    Reading reading = new Reading(root, ingestedAt);
    Matching.Found matches = matching.over(root, reading.budget);
    for (int i = 0; i < templates.length; i++) {
      try {
        List<JsonNode> tokens = matches.tokens(i);
        String givenUp = reading.budget.takeGivenUp();
        if (givenUp != null) reading.failures.addGivenUp(templates[i].declaration(), givenUp);
        if (!tokens.isEmpty()) templates[i].extract(tokens, reading);
      } catch (Unreadable unreadable) {
        reading.failures.add(unreadable);
      } catch (TooCostly costly) {
        reading.failures.addCostly(templates[i].declaration(), costly.getMessage());
      } catch (RuntimeException | StackOverflowError | LinkageError fault) { // the latter of a jar made for another version
        reading.failures.addBroken(templates[i].declaration(), fault);
      }
    }
    return reading.outcome();
  }

  /** Where, but not what: the parser's own words may quote the payload. */
  private static String place(IOException unreadable) {
    if (!(unreadable instanceof JsonProcessingException json) || json.getLocation() == null) return "";
    return ": line " + json.getLocation().getLineNr() + ", column " + json.getLocation().getColumnNr();
  }
}
