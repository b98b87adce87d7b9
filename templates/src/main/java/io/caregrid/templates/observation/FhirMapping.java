package io.caregrid.templates.observation;

import io.caregrid.templates.MappingException;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.capture.Capture;
import io.caregrid.templates.capture.CaptureKey;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.mapping.Declaration;
import io.caregrid.templates.mapping.Draft;
import io.caregrid.templates.mapping.Located;
import io.caregrid.templates.mapping.Problems;
import io.caregrid.templates.mapping.Shipped;
import io.caregrid.templates.mapping.Version;
import io.caregrid.templates.text.Timestamps;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A loaded {@code fhirmapping.json}. Immutable, safe for any number of threads. */
public final class FhirMapping {
  private static final String FILE = "FHIR mapping";
  private final List<CodeValueFhir> templates;
  private final Map<String, CodeValueFhir> byType = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private final List<MappingProblem> warnings;
  private final String version;
  private final boolean captures;

  private FhirMapping(List<CodeValueFhir> templates, List<MappingProblem> warnings, String version) {
    this.templates = templates;
    this.warnings = warnings;
    this.version = version;
    this.captures = templates.stream().anyMatch(template -> template.capture() != null);
    templates.forEach(template -> byType.putIfAbsent(template.type(), template));
  }

  /** @throws io.caregrid.templates.MappingException with every error and its line */
  public static FhirMapping parse(String json) {
    Problems problems = new Problems();
    List<CodeValueFhir> templates = new FhirMappingReader(problems).templates(Located.read(FILE, json));
    return new FhirMapping(templates, problems.warningsUnlessErrors(FILE), Version.of(json));
  }

  /** The same for a mapping somebody is working on: never throws for what is wrong with it. */
  public static Draft<FhirMapping> draft(String json) {
    Problems problems = new Problems();
    List<CodeValueFhir> templates;
    try {
      templates = new FhirMappingReader(problems).templates(Located.read(FILE, json));
    } catch (MappingException noJson) {
      return new Draft<>(new FhirMapping(List.of(), List.of(), Version.of(json)), noJson.problems());
    }
    return new Draft<>(new FhirMapping(templates, List.of(), Version.of(json)), problems.all());
  }

  /** The shipped mapping that goes with {@link io.caregrid.templates.device.DeviceMapping#vitals}. */
  public static FhirMapping vitals() {
    return parse(Shipped.text("/observation/vitals.json"));
  }

  /** What is odd but does not keep the mapping from being used. */
  public List<MappingProblem> warnings() {
    return warnings;
  }

  /** Types it has a template for, in the order of the file. */
  public List<String> types() {
    return templates.stream().map(CodeValueFhir::type).toList();
  }

  /** What each template needs, in the order of the file. */
  public List<Declaration> declarations() {
    return templates.stream().map(CodeValueFhir::declaration).toList();
  }

  /** Changes with the mapping's text, and only with it: 16 hex digits. */
  public String version() {
    return version;
  }

  /**
   * @throws UnusableEvent when no template has this type, or a correlation id is missing
   */
  public GroupKey key(Measurement measurement, Identity identity) throws UnusableEvent {
    CodeValueFhir template = byType.get(measurement.type());
    if (template == null) {
      throw new UnusableEvent("no-fhir-template", "No Fhir Template exists with the type name [" + measurement.type()
          + "]. Ensure that all Fhir Template type names match Device Mapping type names.");
    }
    if (template.period().isCorrelation()) return correlated(template, measurement, identity);
    Instant start = template.period().start(Timestamps.cut(measurement.occurredAt()));
    return new GroupKey(identity, measurement.type(), start, template.period().end(start), null);
  }

  /** True when any type has a rule about which readings are kept. */
  public boolean captures() {
    return captures;
  }

  /** Whose readings the rule of this one's type looks at together; null when it has no rule. */
  public CaptureKey captureKey(Measurement measurement, Identity identity) {
    CodeValueFhir template = captures ? byType.get(measurement.type()) : null;
    if (template == null || template.capture() == null) return null;
    return new CaptureKey(identity.device(), identity.patient(), measurement.type(),
        template.period().isCorrelation() ? measurement.correlation() : null, template.capture().rule());
  }

  /**
   * Whether the template can take this event at all, whatever is stored.
   *
   * @param key {@link #key} of it
   * @throws UnusableEvent when a value is not what the template needs
   */
  public void check(GroupKey key, Measurement measurement) throws UnusableEvent {
    open(key, null).check(measurement);
  }

  /** Which readings of this type are kept; null when all are. */
  public Capture capture(String type) {
    CodeValueFhir template = byType.get(type);
    return template == null ? null : template.capture();
  }

  /**
   * Whether readings of this type are kept, with that value in that unit.
   *
   * @param value name of it; one that the template makes nothing of is in no unit
   * @param unit  the unit or its code; empty: any
   */
  public boolean measures(String type, String value, String unit) {
    CodeValueFhir template = byType.get(type);
    if (template == null) return false;
    if (unit.isEmpty() || template.value() != null && isIn(template.value(), value, unit)) return true;
    return template.components().stream().anyMatch(component -> isIn(component.value(), value, unit));
  }

  /** Whether readings of this type are kept, and that value of them. */
  public boolean names(String type, String value) {
    CodeValueFhir template = byType.get(type);
    if (template == null) return false;
    if (template.value() != null && template.value().name().equals(value)) return true;
    return template.components().stream().anyMatch(component -> component.value().name().equals(value));
  }

  private static boolean isIn(ValueTemplate template, String value, String unit) {
    if (!template.name().equals(value)) return false;
    if (template instanceof ValueTemplate.Quantity quantity)
      return unit.equals(quantity.unit()) || unit.equals(quantity.code());
    return template instanceof ValueTemplate.Sampled sampled
        && (unit.equals(sampled.unit()) || unit.equals(sampled.code()));
  }

  /**
   * Opens the fold for one Observation.
   *
   * @param key      of it
   * @param existing what the store holds under that id, JSON with meta; null when nothing
   * @throws IllegalArgumentException when the key is not of this mapping, or {@code existing} is no JSON object
   */
  public ObservationFold open(GroupKey key, byte[] existing) {
    CodeValueFhir template = byType.get(key.type());
    if (template == null) throw new IllegalArgumentException("a key of another mapping: type '" + key.type() + "'");
    return new ObservationFold(template, key, existing);
  }

  /** About how many bytes the Observation takes once its period is full: up to megabytes, where samples are many. */
  public long weight(GroupKey key) {
    CodeValueFhir template = byType.get(key.type());
    return template == null ? 0 : template.weight();
  }

  /** Samples that the Observation has once these events are in it and nothing else is, or somewhat more: what making it takes goes by them. */
  public long samples(GroupKey key, List<Measurement> events) {
    CodeValueFhir template = byType.get(key.type());
    return template == null ? 0 : template.samples(key, events);
  }

  private static GroupKey correlated(CodeValueFhir template, Measurement measurement, Identity identity)
      throws UnusableEvent {
    String correlation = measurement.correlation();
    if (correlation == null || correlation.isBlank()) {
      throw new UnusableEvent("no-correlation-id",
          "type '" + measurement.type() + "' is grouped by correlation id and the event has none")
          .of(template.declaration());
    }
    return new GroupKey(identity, measurement.type(), null, null, correlation);
  }
}
