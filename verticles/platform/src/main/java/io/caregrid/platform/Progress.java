package io.caregrid.platform;

/** Hears what the start is doing now, so that somebody who waits can see it. */
@FunctionalInterface
public interface Progress {
  /** @param step a few words, e.g. {@code starting PostgreSQL} */
  void step(String step);
}
