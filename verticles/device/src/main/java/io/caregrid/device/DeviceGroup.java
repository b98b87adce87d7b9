package io.caregrid.device;

import io.caregrid.contract.Live;
import io.caregrid.templates.device.Measurement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One device while it sends: its latest readings, for whoever watches or asks. A plain object of its shard's context; made by the device's first
 * event, dropped when it falls silent. It holds nothing that is not in the log or the store.
 */
final class DeviceGroup {
  final String device;
  private final List<Slot> slots = new ArrayList<>(6);
  private String patient;
  private long seen;
  private long received;
  /** When this device was last told to watchers, in {@code System.nanoTime}; 0 when never. */
  long told;
  /** True while a change waits to be told. */
  boolean waiting;
  /** When its last event came, in {@code System.nanoTime}. */
  long active;

  DeviceGroup(String device) {
    this.device = device;
  }

  /** Takes a reading in; one measured before the latest of its kind changes nothing. */
  void accept(Measurement measurement) {
    long at = measurement.occurredAt().toEpochMilli();
    seen = Math.max(seen, at);
    received = Math.max(received, measurement.ingestedAt().toEpochMilli());
    for (Measurement.Property property : measurement.properties())
      slot(measurement.type(), property.name()).accept(property.value(), at);
  }

  /** @param patientNow id of the Patient as far as it is known now, or null */
  Live.Vitals vitals(String patientNow) {
    if (patientNow != null) patient = patientNow;
    Map<String, Live.Reading> readings = new HashMap<>(slots.size() * 2);
    for (Slot slot : slots) readings.put(slot.name(), new Live.Reading(slot.value, slot.at));
    return new Live.Vitals(device, patient, seen, received, readings);
  }

  /** A device says a handful of things: looking through them beats hashing, and makes no string per event. */
  private Slot slot(String type, String property) {
    for (Slot slot : slots) if (slot.type.equals(type) && slot.property.equals(property)) return slot;
    Slot slot = new Slot(type, property);
    slots.add(slot);
    return slot;
  }

  private static final class Slot {
    private final String type;
    private final String property;
    private String value;
    private long at = Long.MIN_VALUE;

    private Slot(String type, String property) {
      this.type = type;
      this.property = property;
    }

    private String name() {
      return type + "/" + property;
    }

    private void accept(String newer, long when) {
      if (when < at) return;
      value = newer;
      at = when;
    }
  }
}
