package io.caregrid.dicom.fhir;

import io.caregrid.store.ImageIndex.Changed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * When a study that keeps changing is written: after a second's quiet, or ten seconds after its first change, whatever comes first. One that took long to
 * write, or failed, waits longer. Costs and freshness only: nothing here decides what is written in the end.
 */
final class Debounce {
  static final Duration QUIET = Duration.ofSeconds(1);
  private static final int LONGEST = 10;
  /** Of its own writing time: so the largest study takes a tenth of us at most. */
  private static final int REST = 10;
  private static final Duration LONGEST_REST = Duration.ofMinutes(2);

  /** @param last newest note seen @param first and quietSince and notBefore in nanoseconds */
  private record Waiting(long last, long first, long quietSince, long notBefore) {}

  private final Map<String, Waiting> waiting = new HashMap<>();
  private final Duration quiet;

  /** @param quiet {@link #QUIET}, shorter in tests */
  Debounce(Duration quiet) {
    this.quiet = quiet;
  }

  /** Those that are due, in the order given. @param now in nanoseconds, from {@link System#nanoTime} */
  List<Changed> due(List<Changed> changed, long now) {
    Map<String, Waiting> seen = new HashMap<>();
    List<Changed> due = new ArrayList<>();
    for (Changed study : changed) {
      Waiting is = next(waiting.get(study.study()), Collections.max(study.serials()), now);
      seen.put(study.study(), is);
      boolean rested = now - is.quietSince >= quiet.toNanos() || now - is.first >= quiet.toNanos() * LONGEST;
      if (rested && now - is.notBefore >= 0) due.add(study);
    }
    waiting.forEach((study, was) -> {
      if (now - was.notBefore < 0) seen.putIfAbsent(study, was);
    });
    waiting.clear();
    waiting.putAll(seen);
    return due;
  }

  private static Waiting next(Waiting was, long last, long now) {
    if (was == null) return new Waiting(last, now, now, now);
    return last == was.last ? was : new Waiting(last, was.first, now, was.notBefore);
  }

  /** It is up to date. What changes from now on is counted anew. */
  void written(String study, Duration took, long now) {
    Duration rest = took.multipliedBy(REST);
    rest(study, rest.compareTo(LONGEST_REST) > 0 ? LONGEST_REST : rest, now);
  }

  /** Somebody else wrote it in between. */
  void overtaken(String study, long now) {
    rest(study, quiet, now);
  }

  /** It could not be written, and not because nobody could be asked. */
  void failed(String study, long now) {
    rest(study, LONGEST_REST, now);
  }

  private void rest(String study, Duration rest, long now) {
    waiting.put(study, new Waiting(Long.MIN_VALUE, now, now, now + rest.toNanos()));
  }
}
