package io.caregrid.device;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Answers of {@link DeviceIdentity} for a short while, so that a device linked to another patient is noticed within {@link #KNOWN}, and one that has
 * just been registered within {@link #UNKNOWN}. At most {@link #MOST} claims; the longest unused go first. Safe from any thread.
 */
final class OwnerCache {
  static final Duration KNOWN = Duration.ofSeconds(60);
  static final Duration UNKNOWN = Duration.ofSeconds(5);
  private static final int MOST = 100_000;

  private record Entry(Owner owner, long until) {}

  private final Map<Owner.Claim, Entry> claims = bounded();
  private final Map<String, String> patients = bounded();

  synchronized Owner get(Owner.Claim claim, long now) {
    Entry entry = claims.get(claim);
    return entry == null || entry.until - now < 0 ? null : entry.owner;
  }

  synchronized void put(Owner.Claim claim, Owner owner, long now) {
    Duration lasts = owner instanceof Owner.Known ? KNOWN : UNKNOWN;
    claims.put(claim, new Entry(owner, now + lasts.toNanos()));
    if (owner instanceof Owner.Known known) patients.put(claim.device(), known.identity().patient());
  }

  /** The Patient id found last for this device, however long ago; null when none was. */
  synchronized String patientOf(String device) {
    return patients.get(device);
  }

  private static <K, V> Map<K, V> bounded() {
    return new LinkedHashMap<>(64, 0.75f, true) {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > MOST;
      }
    };
  }
}
