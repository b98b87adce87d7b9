package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;

/**
 * Where one value of the template lives in one Observation: in the Observation itself, in a component or in an extension. Changes in two steps, so that an event is taken
 * in whole or not at all: {@link #prepare} may refuse, what it gives may not.
 */
abstract sealed class Slot permits SingleSlot, SampledSlot {
  final ValueTemplate template;
  /** Where it is beside the Observation's own value; null for that. */
  final CodeValueFhir.Part part;
  /** What holds the value; null until it exists. */
  ObjectNode holder;

  Slot(ValueTemplate template, CodeValueFhir.Part part) {
    this.template = template;
    this.part = part;
  }

  static Slot of(ValueTemplate template, CodeValueFhir.Part part, boolean aligned) {
    return template instanceof ValueTemplate.Single single
        ? new SingleSlot(single, part)
        : new SampledSlot((ValueTemplate.Sampled) template, part, aligned);
  }

  /** A change that has been checked. */
  @FunctionalInterface
  interface Edit {
    /** True when it changed anything. */
    boolean apply();
  }

  /** When what {@code text} says ends, for an event of {@code time}; both in 100 ns units. */
  long end(String text, long time) {
    return time;
  }

  /**
   * @param time of the event, 100 ns units
   * @param span of the Observation with the event in it
   * @return null when the text means nothing here
   */
  abstract Edit prepare(String text, long time, Span span) throws UnusableEvent;

  /** Refuses a span that this value cannot have, even when the event does not touch it. */
  void check(Span span) throws UnusableEvent {}

  /** The Observation's effective period is {@code span} from now on. */
  void fit(Span span) {}

  /** Takes over what is stored. {@code span} is the stored one. */
  void attach(ObjectNode stored, Span span) {
    holder = stored;
  }

  /** Refuses to put a value beside one of another type. */
  final void checkType() throws UnusableEvent {
    if (holder == null || holder.has(template.element())) return;
    for (Iterator<String> names = holder.fieldNames(); names.hasNext();) {
      String name = names.next();
      if (name.startsWith("value") && name.length() > 5 && Character.isUpperCase(name.charAt(5))) {
        throw wrongExisting("is a " + name + ", the template makes a " + template.element());
      }
    }
  }

  final UnusableEvent wrongExisting(String why) {
    return new UnusableEvent("wrong-existing-value",
        "the stored Observation's value for '" + template.name() + "' " + why);
  }

  /** {@code dataAbsentReason} may not stand beside a value (FHIR R4, obs-6). */
  final void becomesPresent() {
    if (!holder.has(template.element())) holder.remove("dataAbsentReason");
  }
}
