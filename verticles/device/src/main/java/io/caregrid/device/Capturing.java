package io.caregrid.device;

import io.caregrid.store.ShardStore;
import io.caregrid.templates.capture.Capture;
import io.caregrid.templates.capture.CaptureKey;
import io.caregrid.templates.capture.CaptureState;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.sets.MappingMark;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which readings of a batch are kept, by the capture rules of their types. What rules know is read and written in the batch's transaction, so it is in effect
 * exactly as far as the readings are. Of one batch, so of one thread at a time.
 */
final class Capturing {
  private static final Logger log = LoggerFactory.getLogger(Capturing.class);
  private final Map<String, String> stored;
  private final Map<CaptureKey, CaptureState> states = new LinkedHashMap<>();

  /** @param stored what rules knew after the batch before, by the text of their key */
  Capturing(Map<String, String> stored) {
    this.stored = stored;
  }

  /** Those that a batch needs; none when its mappings have no rule. */
  static Set<CaptureKey> keys(Batch batch, Map<MappingMark, FhirMapping> mappings, Owners owners,
      Map<Owner.Claim, Owner> known) {
    Set<CaptureKey> keys = new HashSet<>();
    for (Batch.Event event : batch.events()) {
      FhirMapping mapping = event.measurement() == null ? null : mappings.get(event.mapping());
      if (mapping == null || mapping.capture(event.measurement().type()) == null) continue;
      Owner owner = known.get(Plan.claim(owners, event.measurement())).at(event.measurement().occurredAt());
      if (owner instanceof Owner.Known person) keys.add(mapping.captureKey(event.measurement(), person.identity()));
    }
    return keys;
  }

  /** The reading, or what stands for it; null when it is not kept. */
  Measurement kept(CaptureKey key, Capture rule, Measurement reading) {
    Capture.Step step = rule.next(before(key), reading);
    states.put(key, step.state());
    return step.kept();
  }

  private CaptureState before(CaptureKey key) {
    CaptureState state = states.get(key);
    if (state != null) return state;
    String text = stored.get(key.text());
    try {
      return text == null ? null : CaptureState.of(text);
    } catch (IllegalArgumentException corrupt) {
      log.warn("state of a capture rule unreadable, begun anew key={}", key.text());
      return null;
    }
  }

  /** What is stored stays as it is. */
  void forget(CaptureKey key) {
    states.remove(key);
  }

  /** In the order of their keys, so that whoever writes them locks rows in one order. */
  List<ShardStore.Captured> changed() {
    Map<String, ShardStore.Captured> byKey = new HashMap<>();
    states.forEach((key, state) -> byKey.put(key.text(),
        new ShardStore.Captured(key.text(), key.device(), key.patient(), state.text())));
    return byKey.values().stream().sorted(java.util.Comparator.comparing(ShardStore.Captured::key)).toList();
  }
}
