package io.caregrid.platform;

import java.util.function.Supplier;

/** Hears what the start is doing now, so that somebody who waits can see it. */
@FunctionalInterface
public interface Progress {
  /** @param step a few words, e.g. {@code starting PostgreSQL} */
  void step(String step);

  /**
   * Does the part of a step that waits for somebody else, such as a Kafka that is not there yet. Whoever implements it may end the wait by interrupting
   * this thread, and only here.
   */
  default <T> T waiting(Supplier<T> wait) {
    return wait.get();
  }
}
