package io.caregrid.store;

/** Somebody else was first: the same transaction may succeed if it is tried again. */
final class Raced extends RuntimeException {
  private static final long serialVersionUID = 1;

  Raced() {
    super("another change came first", null, false, false);
  }
}
