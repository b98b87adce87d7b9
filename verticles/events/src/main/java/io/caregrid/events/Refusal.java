package io.caregrid.events;

/** This one is not put there as it is, and trying it again at once would not help. The message names types and settings only. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final int status;

  /** @param status of HTTP that says the same */
  Refusal(int status, String why) {
    super(why, null, false, false);
    this.status = status;
  }

  int status() {
    return status;
  }
}
