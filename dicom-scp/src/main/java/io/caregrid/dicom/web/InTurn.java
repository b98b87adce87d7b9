package io.caregrid.dicom.web;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Iterator;
import java.util.function.Function;

/** One step after the other, as many as there are: a chain of {@code compose} would grow with them, and so would the stack that takes it down. */
final class InTurn<T> {
  private final Iterator<T> items;
  private final Function<T, Future<Void>> step;
  private final Promise<Void> done = Promise.promise();

  private InTurn(Iterator<T> items, Function<T, Future<Void>> step) {
    this.items = items;
    this.step = step;
  }

  /** Fails with the first step that does; the others are not begun. On the caller's context. */
  static <T> Future<Void> each(Iterator<T> items, Function<T, Future<Void>> step) {
    InTurn<T> turns = new InTurn<>(items, step);
    turns.go();
    return turns.done.future();
  }

  private void go() {
    while (items.hasNext()) {
      Future<Void> taken = step.apply(items.next());
      if (taken.failed()) {
        done.fail(taken.cause());
        return;
      }
      if (!taken.isComplete()) {
        taken.onSuccess(next -> go()).onFailure(done::fail);
        return;
      }
    }
    done.complete();
  }
}
