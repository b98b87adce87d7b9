package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.JsonNode;

/** A value of one piece: the last event's, in log order. */
final class SingleSlot extends Slot {
  private final ValueTemplate.Single single;

  SingleSlot(ValueTemplate.Single single, CodeValueFhir.Part part) {
    super(single, part);
    this.single = single;
  }

  @Override
  Edit prepare(String text, long time, Span span) throws UnusableEvent {
    checkType();
    JsonNode value = single.read(text);
    return value == null ? null : () -> put(value);
  }

  private boolean put(JsonNode value) {
    becomesPresent();
    return single.put(holder, value);
  }
}
