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
 *
 * <p>Studies are shown in pages; a pass is over when all have been shown. At most {@link #MOST} are remembered: where more change at once, those beyond are
 * due when they are seen.
 */
final class Debounce {
  static final Duration QUIET = Duration.ofSeconds(1);
  private static final int LONGEST = 10;
  /** Of its own writing time: so the largest study takes a tenth of us at most. */
  private static final int REST = 10;
  private static final Duration LONGEST_REST = Duration.ofMinutes(2);
  static final int MOST = 20_000;

  /**
   * @param last  newest note seen
   * @param first and {@code quietSince} and {@code notBefore} in nanoseconds
   * @param pass  in which it was shown last
   */
  private record Waiting(long last, long first, long quietSince, long notBefore, long pass) {}

  private final Map<String, Waiting> waiting = new HashMap<>();
  private final Duration quiet;
  private long pass;

  /** @param quiet {@link #QUIET}, shorter in tests */
  Debounce(Duration quiet) {
    this.quiet = quiet;
  }

  /** Those that are due, in the order given. @param now in nanoseconds, from {@link System#nanoTime} */
  List<Changed> due(List<Changed> changed, long now) {
    List<Changed> due = new ArrayList<>();
    for (Changed study : changed) if (isDue(study, now)) due.add(study);
    return due;
  }

  private boolean isDue(Changed study, long now) {
    Waiting was = waiting.get(study.study());
    if (was == null && waiting.size() >= MOST) return true;
    Waiting is = next(was, Collections.max(study.serials()), now);
    waiting.put(study.study(), is);
    boolean rested = now - is.quietSince >= quiet.toNanos() || now - is.first >= quiet.toNanos() * LONGEST;
    return rested && now - is.notBefore >= 0;
  }

  /** A page may show older notes of a study than the one before. */
  private Waiting next(Waiting was, long last, long now) {
    if (was == null) return new Waiting(last, now, now, now, pass);
    return last <= was.last
        ? new Waiting(was.last, was.first, was.quietSince, was.notBefore, pass)
        : new Waiting(last, was.first, now, was.notBefore, pass);
  }

  /** All that have notes were shown since the last call: who was not is forgotten, unless he rests. */
  void passed(long now) {
    waiting.values().removeIf(each -> each.pass != pass && now - each.notBefore >= 0);
    pass++;
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
    Waiting resting = new Waiting(Long.MIN_VALUE, now, now, now + rest.toNanos(), pass);
    if (waiting.size() < MOST) waiting.put(study, resting);
    else waiting.replace(study, resting);
  }
}
