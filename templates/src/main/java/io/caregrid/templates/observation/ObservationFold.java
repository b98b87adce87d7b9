package io.caregrid.templates.observation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.text.Timestamps;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * One Observation while events are folded into it, one at a time, in log order. The existing resource is read once and the new one written once,
 * however many events come between; the result is the same as if each event had been written on its own.
 * Belongs to one thread.
 *
 * <p>What it does not understand in a stored Observation (a person's note, an extension) it keeps, in its place. {@code meta} it drops: that is the store's.
 */
public final class ObservationFold {
  /** Decimals keep every digit they were written with. */
  private static final JsonMapper FHIR = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .nodeFactory(new JsonNodeFactory(true))
      .build();
  /** A person has taken the Observation back: new samples do not make it valid again. */
  private static final Set<String> WITHDRAWN = Set.of("entered-in-error", "cancelled");
  private static final int INSTANT_DIGITS = 3;
  /** So few slots cannot have too many samples together: each looks after its own. */
  private static final int UNCOUNTED = SampledSlot.MOST_TOGETHER / SampledSlot.MOST_SAMPLES;
  private static final String META = "meta";
  private static final String EXTENSION = "extension";
  private static final String COMPONENT = "component";

  private final CodeValueFhir template;
  private final GroupKey key;
  private final List<Slot> slots = new ArrayList<>();
  private ObjectNode observation;
  private UnusableEvent refusal;
  private Span stored;
  private boolean changed;

  ObservationFold(CodeValueFhir template, GroupKey key, byte[] existing) {
    this.template = template;
    this.key = key;
    boolean aligned = key.correlation() != null;
    if (template.value() != null) slots.add(Slot.of(template.value(), null, aligned));
    template.components().forEach(component -> slots.add(Slot.of(component.value(), component, aligned)));
    template.extensions().forEach(extension -> slots.add(Slot.of(extension.value(), extension, aligned)));
    if (existing != null) open(existing);
  }

  /**
   * Takes one event in. After an exception the fold is as it was before the call.
   *
   * @throws UnusableEvent when a value is not what the template needs, or the stored Observation cannot take it
   */
  public void add(Measurement measurement) throws UnusableEvent {
    long time = Timestamps.ticks(measurement.occurredAt());
    Span span = span(measurement, time);
    List<Slot> touched = new ArrayList<>(slots.size());
    List<Slot.Edit> edits = prepare(measurement, time, span, touched);

    boolean created = observation == null;
    if (created) create(measurement.ingestedAt());
    boolean changes = mergeCategory() | widen(span);
    for (int i = 0; i < edits.size(); i++) {
      if (touched.get(i).holder == null) touched.get(i).holder = added(touched.get(i).part);
      changes |= edits.get(i).apply();
    }
    if (changes && !created) amend();
    changed |= changes || created;
  }

  /** Throws as {@link #add} would, and takes nothing in. */
  void check(Measurement measurement) throws UnusableEvent {
    long time = Timestamps.ticks(measurement.occurredAt());
    prepare(measurement, time, span(measurement, time), new ArrayList<>(slots.size()));
  }

  /** Of the Observation once the event is in. */
  private Span span(Measurement measurement, long time) {
    Span own = Span.of(key, time);
    if (!own.contains(time)) throw new IllegalArgumentException("an event of another period than the key's");
    Span whole = own.to(end(measurement, time));
    return stored == null ? whole : stored.with(whole);
  }

  /** True when an event has changed anything since {@link FhirMapping#open}. */
  public boolean changed() {
    return changed;
  }

  /** The Observation as UTF-8 JSON, with {@code id}. {@code meta} is the store's; only the profiles that the template names stand there, at the end. */
  public byte[] json() {
    if (observation == null) throw new IllegalStateException("no event has been folded in yet");
    if (template.profile() != null) observation.putObject(META).set("profile", template.profile());
    try {
      return FHIR.writeValueAsBytes(observation);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("a JSON tree that cannot be written", impossible);
    } finally {
      observation.remove(META);
    }
  }

  /** Several samples of one event reach beyond its time. */
  private long end(Measurement measurement, long time) {
    long end = time;
    for (Slot slot : slots) {
      String text = property(measurement, slot.template.name());
      if (text != null) end = Math.max(end, slot.end(text, time));
    }
    return end;
  }

  private List<Slot.Edit> prepare(Measurement measurement, long time, Span span, List<Slot> touched)
      throws UnusableEvent {
    List<Slot.Edit> edits = new ArrayList<>(slots.size());
    long together = 0;
    try {
      if (refusal != null) throw refusal;
      for (Slot slot : slots) {
        slot.check(span);
        String text = property(measurement, slot.template.name());
        Slot.Edit edit = text == null ? null : slot.prepare(text, time, span);
        if (slots.size() > UNCOUNTED && slot instanceof SampledSlot sampled && (edit != null || sampled.isThere()))
          together += sampled.size(span);
        if (edit == null) continue;
        edits.add(edit);
        touched.add(slot);
      }
      if (together > SampledSlot.MOST_TOGETHER)
        throw new UnusableEvent("too-many-samples", "its values would get more than " + SampledSlot.MOST_TOGETHER
            + " samples together in one Observation; use a longer defaultPeriod or shorter correlations");
    } catch (UnusableEvent refused) {
      throw refused.of(template.declaration());
    }
    return edits;
  }

  /** The first of that name. */
  private static String property(Measurement measurement, String name) {
    for (Property property : measurement.properties()) {
      if (property.name().equals(name)) return property.value();
    }
    return null;
  }

  private void open(byte[] existing) {
    try {
      observation = (ObjectNode) FHIR.readTree(existing);
    } catch (IOException | ClassCastException broken) {
      throw new IllegalArgumentException("the stored Observation is no JSON object", null);
    }
    observation.remove(META);
    try {
      stored = Effective.read(observation);
    } catch (UnusableEvent unreadable) {
      refusal = unreadable;
      return;
    }
    for (Slot slot : slots) {
      ObjectNode holder = holder(slot.part);
      if (holder != null) slot.attach(holder, stored);
    }
  }

  private void create(Instant ingestedAt) {
    observation = FHIR.createObjectNode();
    observation.put("resourceType", "Observation");
    observation.put("id", key.observationId());
    observation.putArray("identifier").addObject().put("system", GroupKey.SYSTEM).put("value", key.identifier());
    observation.put("status", "final");
    mergeCategory();
    observation.set("code", concept(template.codes(), key.type()));
    reference("subject", "Patient/", key.identity().patient());
    reference("encounter", "Encounter/", key.identity().encounter());
    if (template.effective() == Effective.Form.PERIOD) observation.putObject("effectivePeriod");
    else Effective.write(observation, template.effective(), null, Span.of(key, Timestamps.ticks(key.periodStart())));
    observation.put("issued", Timestamps.format(ingestedAt, INSTANT_DIGITS));
    reference("device", "Device/", key.identity().device());
    if (template.performer() != null) observation.set("performer", template.performer());
    if (!template.fixed().isEmpty()) observation.putArray(EXTENSION).addAll(template.fixed());
    slots.stream().filter(slot -> slot.part == null).forEach(slot -> slot.holder = observation);
  }

  private void reference(String element, String type, String id) {
    if (id != null) observation.putObject(element).put("reference", type + id);
  }

  private static ObjectNode concept(ArrayNode codes, String name) {
    ObjectNode concept = FHIR.createObjectNode();
    ArrayNode coding = concept.putArray("coding").addAll(codes);
    coding.addObject().put("system", GroupKey.SYSTEM).put("code", name).put("display", name);
    return concept.put("text", name);
  }

  /** Category is the template's, always. */
  private boolean mergeCategory() {
    if (template.category() == null) return observation.remove("category") != null;
    return !template.category().equals(observation.replace("category", template.category()));
  }

  private boolean widen(Span span) {
    boolean wider = Effective.write(observation, template.effective(), stored, span);
    if (!span.equals(stored)) slots.forEach(slot -> slot.fit(span));
    stored = span;
    return wider;
  }

  private void amend() {
    if (!WITHDRAWN.contains(observation.path("status").asText())) observation.put("status", "amended");
  }

  private ObjectNode added(CodeValueFhir.Part part) {
    if (part instanceof CodeValueFhir.Extension extension)
      return list(EXTENSION).addObject().put("url", extension.url());
    ObjectNode component = list(COMPONENT).addObject();
    return component.set("code", concept(((CodeValueFhir.Component) part).codes(), part.value().name()));
  }

  private ArrayNode list(String element) {
    return observation.get(element) instanceof ArrayNode array ? array : observation.putArray(element);
  }

  /** What is stored for it; null when nothing is. */
  private ObjectNode holder(CodeValueFhir.Part part) {
    if (part == null) return observation;
    return part instanceof CodeValueFhir.Extension extension
        ? extension(extension.url())
        : component(part.value().name());
  }

  private ObjectNode extension(String url) {
    for (JsonNode extension : observation.path(EXTENSION)) {
      if (url.equals(extension.path("url").textValue()) && extension instanceof ObjectNode object) return object;
    }
    return null;
  }

  /** The stored component that carries our coding for this value; null when there is none. */
  private ObjectNode component(String name) {
    for (JsonNode component : observation.path(COMPONENT)) {
      for (JsonNode coding : component.path("code").path("coding")) {
        boolean ours = GroupKey.SYSTEM.equals(coding.path("system").textValue())
            && name.equals(coding.path("code").textValue());
        if (ours && component instanceof ObjectNode object) return object;
      }
    }
    return null;
  }
}
