package io.caregrid.device;

import io.caregrid.store.Cause;
import io.vertx.core.Future;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Work that is done again and again, one turn after the other, and holds up nothing else. Says once that it fails, and once that it works again. One context. */
final class Strand {
  private static final Logger log = LoggerFactory.getLogger(Strand.class);
  private final String work;
  private Future<?> turn = Future.succeededFuture();
  private boolean isFailing;

  /** @param work what it does, for the log */
  Strand(String work) {
    this.work = work;
  }

  /** Not while the turn before goes on. */
  void turn(Supplier<Future<?>> next) {
    if (!turn.isComplete()) return;
    turn = Future.succeededFuture()
        .<Object>compose(free -> next.get().mapEmpty())
        .onComplete(done -> report(done.cause()));
  }

  /** Completes when nothing is under way. */
  Future<?> idle() {
    return turn.otherwiseEmpty();
  }

  private void report(Throwable cause) {
    boolean fails = cause != null;
    if (isFailing == fails) return;
    isFailing = fails;
    if (fails) log.warn("{} does not work just now, trying again cause={}", work, Cause.andPlace(cause));
    else log.info("{} works again", work);
  }
}
