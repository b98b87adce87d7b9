package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;

/** How much the entries of one bundle answer together: all of it is in memory before any of it goes out. Any thread. */
final class Answered {
  private final long most;
  private final int[] bytes;
  private long all;

  /** @param most bytes */
  Answered(long most, int entries) {
    this.most = most;
    this.bytes = new int[entries];
  }

  /** False when it is too much beside the others'. An entry that is asked again, because its transaction is tried again, counts once. */
  synchronized boolean fits(int entry, Reply reply) {
    int now = reply.body() == null ? 0 : reply.body().length();
    all += now - bytes[entry];
    bytes[entry] = now;
    return all <= most;
  }

  synchronized boolean isFull() {
    return all > most;
  }

  Failure tooLarge() {
    return new Failure.TooLarge("the entries of this bundle answer more than " + (most >> 20)
        + " MB together: ask for less at once");
  }
}
