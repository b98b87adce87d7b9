package io.caregrid.device;

import io.caregrid.contract.Live;
import io.vertx.core.eventbus.EventBus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What one shard's devices say right now, told to those who watch. A change goes out at once when its device has been quiet for
 * {@link Live#EVERY_MILLIS}, else with the next tick; without a watcher nothing is sent. Bounded: at most {@link #MOST_DEVICES} devices, the longest
 * silent go first. Belongs to its shard's context.
 */
final class LiveFeed {
  static final int MOST_DEVICES = 50_000;
  private static final long EVERY_NANOS = Duration.ofMillis(Live.EVERY_MILLIS).toNanos();
  private static final long EXPIRE_NANOS = Duration.ofMillis(Live.EXPIRE_MILLIS).toNanos();

  private final EventBus bus;
  private final UnaryOperator<String> patientOf;
  private final long idleNanos;
  private final Map<Live.Watch, Long> watchers = new HashMap<>();
  private final List<DeviceGroup> touched = new ArrayList<>();
  private final LinkedHashMap<String, DeviceGroup> devices = new LinkedHashMap<>(64, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, DeviceGroup> eldest) {
      return size() > MOST_DEVICES;
    }
  };

  LiveFeed(EventBus bus, UnaryOperator<String> patientOf, Duration idleAfter) {
    this.bus = bus;
    this.patientOf = patientOf;
    this.idleNanos = idleAfter.toNanos();
  }

  /** Takes these events in, in order. @param now {@code System.nanoTime} */
  void accept(List<Batch.Event> events, long now) {
    for (Batch.Event event : events) {
      if (event.measurement() == null) continue;
      DeviceGroup group = devices.computeIfAbsent(event.measurement().device(), DeviceGroup::new);
      group.accept(event.measurement());
      group.active = now;
      if (watchers.isEmpty() || group.waiting) continue;
      group.waiting = true;
      touched.add(group);
    }
    tell(now);
  }

  /** Somebody watches, still or anew; one who is new gets everything there is. */
  void watch(Live.Watch watch, long now) {
    boolean known = watchers.put(watch, now + EXPIRE_NANOS) != null;
    if (known) return;
    for (DeviceGroup group : devices.values()) if (wants(watch, group)) bus.send(watch.address(), vitals(group));
  }

  /** Tells what is due and forgets who has gone; to be called every {@link Live#EVERY_MILLIS}. */
  void tick(long now) {
    watchers.values().removeIf(expiry -> expiry - now < 0);
    tell(now);
  }

  /** Drops devices silent for too long. */
  void passivate(long now) {
    Iterator<DeviceGroup> longestSilentFirst = devices.values().iterator();
    while (longestSilentFirst.hasNext() && now - longestSilentFirst.next().active > idleNanos)
      longestSilentFirst.remove();
  }

  /** The latest of this device, or null when this shard does not hold it. */
  Live.Vitals latest(String device) {
    DeviceGroup group = devices.get(device);
    return group == null ? null : vitals(group);
  }

  int devices() {
    return devices.size();
  }

  private void tell(long now) {
    if (touched.isEmpty()) return;
    touched.removeIf(group -> {
      if (!watchers.isEmpty() && group.told != 0 && now - group.told < EVERY_NANOS) return false;
      group.waiting = false;
      group.told = now;
      if (!watchers.isEmpty()) tell(group);
      return true;
    });
  }

  private void tell(DeviceGroup group) {
    Live.Vitals vitals = null;
    for (Live.Watch watch : watchers.keySet()) {
      if (!wants(watch, group)) continue;
      if (vitals == null) vitals = vitals(group);
      bus.send(watch.address(), vitals);
    }
  }

  private Live.Vitals vitals(DeviceGroup group) {
    return group.vitals(patientOf.apply(group.device));
  }

  private static boolean wants(Live.Watch watch, DeviceGroup group) {
    return watch.device() == null || watch.device().equals(group.device);
  }
}
