package io.caregrid.dicom;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Iterator;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/** One step after the other, as many as there are: a chain of {@code compose} would grow with them, and so would the stack that takes it down. */
public final class InTurn<T> {
  private final Iterator<T> items;
  private final Function<T, Future<Void>> step;
  private final Promise<Void> done = Promise.promise();

  private InTurn(Iterator<T> items, Function<T, Future<Void>> step) {
    this.items = items;
    this.step = step;
  }

  /**
   * Fails with the first step that does, or that throws; the others are not begun. On the caller's context.
   *
   * @param items asked before each step whether there is one more
   */
  public static <T> Future<Void> each(Iterator<T> items, Function<T, Future<Void>> step) {
    InTurn<T> turns = new InTurn<>(items, step);
    turns.go();
    return turns.done.future();
  }

  /** The same step again and again, while there is more to do; otherwise as {@link #each}. */
  public static Future<Void> whilst(BooleanSupplier more, Supplier<Future<Void>> step) {
    return each(new Iterator<Void>() {
      @Override
      public boolean hasNext() {
        return more.getAsBoolean();
      }

      @Override
      public Void next() {
        return null;
      }
    }, next -> step.get());
  }

  private void go() {
    while (items.hasNext()) {
      Future<Void> taken = Future.<Void>succeededFuture().compose(begin -> step.apply(items.next()));
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
