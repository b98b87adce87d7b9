package io.caregrid.device;

import io.caregrid.store.Findings.Gap;
import io.caregrid.templates.rules.Made;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * A rule about devices of which nothing comes. Only time in which the house listened counts: what nobody could have heard is nobody's silence.
 *
 * @param after      nothing for so long
 * @param types      in small letters, of which one has to come; the empty one: any
 * @param devices    ids of those it looks at; empty: all
 * @param neverHeard also those of which nothing has ever come
 */
record Silence(Made made, Duration after, Set<String> types, Set<String> devices, boolean neverHeard) {

  /** After a gap devices have at least this long to come back, or {@link #after}, if that is shorter. */
  static final Duration COMING_BACK = Duration.ofMinutes(2);

  boolean looksAt(String device) {
    return devices.isEmpty() || devices.contains(device);
  }

  /**
   * Who was heard of then last, or before, is silent.
   *
   * @param known up to when it is known what came
   * @param gaps  when nobody listened, in any order
   * @return null when nobody can be said to be, so soon after a gap
   */
  Instant since(Instant known, List<Gap> gaps) {
    Duration left = after;
    Instant to = known;
    for (Gap gap : newestFirst(gaps)) {
      if (!gap.began().isBefore(to)) continue;
      Instant back = gap.ended().isBefore(to) ? gap.ended() : to;
      Duration listened = Duration.between(back, to);
      if (to == known && listened.compareTo(after.compareTo(COMING_BACK) < 0 ? after : COMING_BACK) < 0) return null;
      if (listened.compareTo(left) >= 0) break;
      left = left.minus(listened);
      to = gap.began();
    }
    return to.minus(left);
  }

  private static List<Gap> newestFirst(List<Gap> gaps) {
    List<Gap> sorted = new ArrayList<>(gaps);
    sorted.sort(Comparator.comparing(Gap::ended).reversed());
    return sorted;
  }
}
