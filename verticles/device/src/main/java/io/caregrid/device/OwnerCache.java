package io.caregrid.device;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Answers of {@link DeviceIdentity} for a while: until what they were drawn from changes, or something else carries an identifier of theirs
 * ({@link #forget}), at the longest for {@link #KNOWN}, some a little shorter so that not all are asked anew at once; one that nobody knew for
 * {@link #UNKNOWN}. At most {@link #MOST} claims; the longest unused go first. Safe from any thread.
 */
final class OwnerCache {
  static final Duration KNOWN = Duration.ofMinutes(15);
  private static final Duration EARLIER = Duration.ofMinutes(3);
  /** So long before its end an answer is asked anew, and until then {@link #patientOf} has it: the live feed knows the patient of who goes on sending. */
  static final Duration RENEWED = Duration.ofMinutes(1);
  /** When more has changed than can be looked at. */
  static final Duration DOUBTED = Duration.ofSeconds(60);
  private static final Duration DOUBTED_EARLIER = Duration.ofSeconds(20);
  static final Duration UNKNOWN = Duration.ofSeconds(5);
  private static final int MOST = 100_000;
  /** Of what was forgotten: how often, and how many references and values in all. */
  private static final int MOST_TIMES = 64;
  static final int MOST_FORGOTTEN = 20_000;
  /** What an answer may hang on that was not drawn from it: a new one. */
  private static final Set<String> WIDE = Set.of("DeviceUseStatement");

  private record Entry(Owner owner, Set<String> from, long until) {
    Entry atLongest(long other) {
      return until - other <= 0 ? this : new Entry(owner, from, other);
    }
  }

  /**
   * What answers may not be about.
   *
   * @param references {@code Type/id} of what has changed
   * @param wide       it may be about any answer
   * @param values     identifiers
   */
  private record Forgotten(Set<String> references, boolean wide, Set<String> values) {
    private static Forgotten changed(Collection<String> references) {
      return new Forgotten(Set.copyOf(references), references.stream()
          .anyMatch(one -> WIDE.contains(one.substring(0, one.indexOf('/')))), Set.of());
    }

    private static Forgotten carried(Set<String> values) {
      return new Forgotten(Set.of(), false, Set.copyOf(values));
    }

    private int size() {
      return references.size() + values.size();
    }

    private boolean isAbout(Owner owner, Set<String> from) {
      return wide || !references.isEmpty() && owner instanceof Owner.Unknown
          || from.stream().anyMatch(references::contains);
    }

    private boolean isAbout(Owner.Claim claim) {
      return values.contains(claim.device()) || claim.patient() != null && values.contains(claim.patient())
          || claim.encounter() != null && values.contains(claim.encounter());
    }
  }

  private final Map<Owner.Claim, Entry> claims = bounded();
  /** By device, the newest of its claims. */
  private final Map<String, Entry> newest = bounded();
  /** Goes up whenever something is forgotten. */
  private long times;
  /** What was forgotten the last times, the latest last. */
  private final Deque<Forgotten> lately = new ArrayDeque<>();
  private int size;
  /** What {@link #times} was when all was doubted. */
  private long doubted;

  synchronized Owner get(Owner.Claim claim, long now) {
    Entry entry = claims.get(claim);
    return entry == null || entry.until - now < 0 ? null : entry.owner;
  }

  /** To be taken before the store is asked, and given with its answer. */
  synchronized long asking() {
    return times;
  }

  /**
   * @param from  references {@code Type/id} of what the answer was drawn from
   * @param asked what {@link #asking} was: an answer that may be about what was forgotten since then is not kept
   */
  synchronized void put(Owner.Claim claim, Owner owner, Set<String> from, long now, long asked) {
    if (times - asked > lately.size()) return;
    Iterator<Forgotten> latest = lately.descendingIterator();
    for (long time = times; time > asked; time--) {
      Forgotten forgotten = latest.next();
      if (forgotten.isAbout(owner, from) || forgotten.isAbout(claim)) return;
    }
    boolean unknown = owner instanceof Owner.Unknown;
    Entry entry = new Entry(owner, from, now + (unknown ? UNKNOWN.toNanos() : lasts(claim, KNOWN, EARLIER)));
    claims.put(claim, doubted(claim, unknown ? entry : entry.atLongest(entry.until - RENEWED.toNanos()), now, asked));
    newest.put(claim.device(), doubted(claim.device(), entry, now, asked));
  }

  private <K> Entry doubted(K key, Entry entry, long now, long asked) {
    return doubted > asked ? entry.atLongest(now + lasts(key, DOUBTED, DOUBTED_EARLIER)) : entry;
  }

  /** Nanoseconds; always the same for equal keys. */
  private static long lasts(Object key, Duration longest, Duration earlier) {
    return longest.toNanos() - Math.floorMod(key.hashCode() * 0x9E3779B97F4A7C15L, earlier.toNanos());
  }

  /** @param references {@code Type/id} of what has changed */
  synchronized void forget(Collection<String> references) {
    if (references.isEmpty()) return;
    Forgotten changed = Forgotten.changed(references);
    keep(changed);
    claims.values().removeIf(entry -> changed.isAbout(entry.owner, entry.from));
    newest.values().removeIf(entry -> changed.isAbout(entry.owner, entry.from));
  }

  /** @param values identifiers that something which has changed carries now: there may be one more who does */
  synchronized void forgetCarried(Set<String> values) {
    if (values.isEmpty()) return;
    Forgotten carried = Forgotten.carried(values);
    keep(carried);
    claims.keySet().stream().filter(carried::isAbout).map(Owner.Claim::device).toList().forEach(newest::remove);
    claims.keySet().removeIf(carried::isAbout);
  }

  private void keep(Forgotten forgotten) {
    times++;
    lately.addLast(forgotten);
    size += forgotten.size();
    while (lately.size() > MOST_TIMES || size > MOST_FORGOTTEN) size -= lately.removeFirst().size();
  }

  /** So much has changed that nobody looks which answers it may touch: all end soon, not all at once. */
  synchronized void doubt(long now) {
    keep(Forgotten.carried(Set.of()));
    doubted = times;
    claims.replaceAll((claim, entry) -> entry.atLongest(now + lasts(claim, DOUBTED, DOUBTED_EARLIER)));
    newest.replaceAll((device, entry) -> entry.atLongest(now + lasts(device, DOUBTED, DOUBTED_EARLIER)));
  }

  synchronized boolean isEmpty() {
    return claims.isEmpty();
  }

  /** Anything may have changed: nor is an answer kept that was asked for before. */
  synchronized void clear() {
    times++;
    lately.clear();
    size = 0;
    claims.clear();
    newest.clear();
  }

  /** The Patient id this device's readings of now go to, by what was found last; null when that is nobody, or forgotten, or too old. */
  synchronized String patientOf(String device, long now) {
    Entry last = newest.get(device);
    return last != null && last.until - now >= 0 && last.owner.at(Instant.now()) instanceof Owner.Known known
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
