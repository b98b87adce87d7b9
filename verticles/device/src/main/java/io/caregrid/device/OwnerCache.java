package io.caregrid.device;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Answers of {@link DeviceIdentity} for a while: until what they were drawn from changes, or something else carries an identifier of theirs
 * ({@link #forget}), at the longest for {@link #KNOWN}, some a little shorter so that not all are asked anew at once; one that nobody knew for
 * {@link #UNKNOWN}. At most {@link #MOST} claims; the longest unused go first. Safe from any thread.
 */
final class OwnerCache {
  static final Duration KNOWN = Duration.ofMinutes(15);
  private static final Duration EARLIER = Duration.ofMinutes(3);
  /** When more has changed than can be looked at. */
  static final Duration DOUBTED = Duration.ofSeconds(60);
  static final Duration UNKNOWN = Duration.ofSeconds(5);
  private static final int MOST = 100_000;
  /** What an answer may hang on that was not drawn from it: a new one. */
  private static final Set<String> WIDE = Set.of("DeviceUseStatement");

  private record Entry(Owner owner, Set<String> from, long until) {
    Entry atLongest(long other) {
      return until - other <= 0 ? this : new Entry(owner, from, other);
    }
  }

  private final Map<Owner.Claim, Entry> claims = bounded();
  /** By device, the newest of its claims. */
  private final Map<String, Entry> newest = bounded();
  /** Goes up with everything that is forgotten. */
  private long forgotten;

  synchronized Owner get(Owner.Claim claim, long now) {
    Entry entry = claims.get(claim);
    return entry == null || entry.until - now < 0 ? null : entry.owner;
  }

  /** To be taken before the store is asked, and given with its answer. */
  synchronized long asking() {
    return forgotten;
  }

  /**
   * @param from  references {@code Type/id} of what the answer was drawn from
   * @param asked what {@link #asking} was: an answer from before something was forgotten may be about that, and is not kept
   */
  synchronized void put(Owner.Claim claim, Owner owner, Set<String> from, long now, long asked) {
    if (asked != forgotten) return;
    long lasts = owner instanceof Owner.Unknown
        ? UNKNOWN.toNanos()
        : KNOWN.toNanos() - Math.floorMod(claim.hashCode() * 0x9E3779B97F4A7C15L, EARLIER.toNanos());
    Entry entry = new Entry(owner, from, now + lasts);
    claims.put(claim, entry);
    newest.put(claim.device(), entry);
  }

  /** @param references {@code Type/id} of what has changed */
  synchronized void forget(Collection<String> references) {
    if (references.isEmpty()) return;
    forgotten++;
    Set<String> changed = new HashSet<>(references);
    boolean wide = changed.stream().anyMatch(one -> WIDE.contains(one.substring(0, one.indexOf('/'))));
    Predicate<Entry> stale = entry -> wide || entry.owner instanceof Owner.Unknown
        || entry.from.stream().anyMatch(changed::contains);
    claims.values().removeIf(stale);
    newest.values().removeIf(stale);
  }

  /** @param values identifiers that something which has changed carries now: there may be one more who does */
  synchronized void forgetCarried(Set<String> values) {
    if (values.isEmpty()) return;
    forgotten++;
    Predicate<Owner.Claim> meant = claim -> values.contains(claim.device()) || claim.patient() != null
        && values.contains(claim.patient()) || claim.encounter() != null && values.contains(claim.encounter());
    claims.keySet().stream().filter(meant).map(Owner.Claim::device).toList().forEach(newest::remove);
    claims.keySet().removeIf(meant);
  }

  /** So much has changed that nobody looks which answers it may touch: all end soon. */
  synchronized void doubt(long now) {
    forgotten++;
    claims.replaceAll((claim, entry) -> entry.atLongest(now + DOUBTED.toNanos()));
  }

  synchronized boolean isEmpty() {
    return claims.isEmpty();
  }

  synchronized void clear() {
    forgotten++;
    claims.clear();
    newest.clear();
  }

  /** The Patient id this device's readings of now go to, by what was found last; null when that is nobody, or forgotten. */
  synchronized String patientOf(String device) {
    Entry last = newest.get(device);
    return last != null && last.owner.at(Instant.now()) instanceof Owner.Known known
        ? known.identity().patient()
        : null;
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
