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
    if (existing != null) open(existing);
  }

  /**
   * Takes one event in. After an exception the fold is as it was before the call.
   *
   * @throws UnusableEvent when a value is not what the template needs, or the stored Observation cannot take it
   */
  public void add(Measurement measurement) throws UnusableEvent {
    if (refusal != null) throw refusal;
    long time = Timestamps.ticks(measurement.occurredAt());
    Span own = Span.of(key, time);
    if (!own.contains(time)) throw new IllegalArgumentException("an event of another period than the key's");
    Span span = stored == null ? own : stored.with(own);
    List<Slot> touched = new ArrayList<>(slots.size());
    List<Slot.Edit> edits = prepare(measurement, time, span, touched);

    boolean created = observation == null;
    if (created) create(measurement.ingestedAt());
    boolean changes = mergeCategory() | widen(span);
    for (int i = 0; i < edits.size(); i++) {
      if (touched.get(i).holder == null)
        touched.get(i).holder = addComponent(touched.get(i).component, touched.get(i).template);
      changes |= edits.get(i).apply();
    }
    if (changes && !created) amend();
    changed |= changes || created;
  }

  /** True when an event has changed anything since {@link FhirMapping#open}. */
  public boolean changed() {
    return changed;
  }

  /** The Observation as UTF-8 JSON, with {@code id}, without {@code meta}: the store adds that. */
  public byte[] json() {
    if (observation == null) throw new IllegalStateException("no event has been folded in yet");
    try {
      return FHIR.writeValueAsBytes(observation);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("a JSON tree that cannot be written", impossible);
    }
  }

  private List<Slot.Edit> prepare(Measurement measurement, long time, Span span, List<Slot> touched)
      throws UnusableEvent {
    List<Slot.Edit> edits = new ArrayList<>(slots.size());
    for (Slot slot : slots) {
      slot.check(span);
      String text = property(measurement, slot.template.name());
      Slot.Edit edit = text == null ? null : slot.prepare(text, time, span);
      if (edit == null) continue;
      edits.add(edit);
      touched.add(slot);
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
    observation.remove("meta");
    try {
      stored = Effective.read(observation);
    } catch (UnusableEvent unreadable) {
      refusal = unreadable;
      return;
    }
    for (Slot slot : slots) {
      ObjectNode holder = slot.component == null ? observation : component(slot.template.name());
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
    slots.stream().filter(slot -> slot.component == null).forEach(slot -> slot.holder = observation);
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

  private ObjectNode addComponent(CodeValueFhir.Component component, ValueTemplate value) {
    ArrayNode components = observation.get("component") instanceof ArrayNode array
        ? array
        : observation.putArray("component");
    ObjectNode added = components.addObject();
    added.set("code", concept(component.codes(), value.name()));
    return added;
  }

  /** The stored component that carries our coding for this value; null when there is none. */
  private ObjectNode component(String name) {
    for (JsonNode component : observation.path("component")) {
      for (JsonNode coding : component.path("code").path("coding")) {
        boolean ours = GroupKey.SYSTEM.equals(coding.path("system").textValue())
            && name.equals(coding.path("code").textValue());
        if (ours && component instanceof ObjectNode object) return object;
      }
    }
    return null;
  }
}
