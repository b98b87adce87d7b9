package io.caregrid.dicom.fhir;

import io.caregrid.dicom.InTurn;
import io.caregrid.store.ImageIndex.Changed;
import io.caregrid.store.ImageStudies;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Which studies are looked at next, out of however many were noted as changed. Looked at are the newest notes, newest first, and then one page of all the
 * others, which goes from the oldest note to the newest and begins anew. So a new study does not wait for a hundred thousand before it, these all
 * come through whatever is new, and one that cannot be written stands in nobody's way. In memory is one page.
 */
final class Backlog {
  private final ImageStudies studies;
  private final Debounce debounce;
  private final int notes;
  private final BooleanSupplier stopping;
  /** Last note of the pages that are done. */
  private long swept;

  /** @param notes in a page; ten times fewer are the newest ones */
  Backlog(ImageStudies studies, Debounce debounce, int notes, BooleanSupplier stopping) {
    this.studies = studies;
    this.debounce = debounce;
    this.notes = notes;
    this.stopping = stopping;
  }

  /**
   * Brings up to date what is due, one after the other, for so long twice.
   *
   * @param settle see {@link InTurn#each}
   */
  Future<Void> work(Duration span, Function<Changed, Future<Void>> settle) {
    int few = Math.max(1, notes / 10);
    return studies.lastChanged(few).compose(newest -> {
      boolean all = count(newest) < few;
      if (all) swept = 0;
      return settle(newest, span, settle).compose(finished -> {
        if (all && finished) debounce.passed(System.nanoTime());
        return all && finished ? Future.<Void>succeededFuture() : sweep(span, settle);
      });
    });
  }

  private Future<Void> sweep(Duration span, Function<Changed, Future<Void>> settle) {
    return studies.changedAfter(swept, notes).compose(page -> settle(page, span, settle).map(finished -> {
      if (!finished) return null;
      boolean last = count(page) < notes;
      swept = last ? 0 : last(page);
      if (last) debounce.passed(System.nanoTime());
      return null;
    }));
  }

  /** @return true when all that are due were begun; those left come again with the same page */
  private Future<Boolean> settle(List<Changed> page, Duration span, Function<Changed, Future<Void>> settle) {
    long began = System.nanoTime();
    Iterator<Changed> due = debounce.due(page, began).iterator();
    BooleanSupplier inTime = () -> !stopping.getAsBoolean() && System.nanoTime() - began < span.toNanos();
    return InTurn.whilst(() -> due.hasNext() && inTime.getAsBoolean(), () -> settle.apply(due.next()))
        .map(done -> !due.hasNext());
  }

  private static int count(List<Changed> page) {
    return page.stream().mapToInt(study -> study.serials().size()).sum();
  }

  private static long last(List<Changed> page) {
    return page.stream().mapToLong(study -> Collections.max(study.serials())).max().orElse(0);
  }
}
