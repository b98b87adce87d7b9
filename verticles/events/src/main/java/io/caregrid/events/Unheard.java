package io.caregrid.events;

/** No answer that could be used. The message is our own, without addresses and without a word of what was sent or answered. */
final class Unheard extends RuntimeException {
  private static final long serialVersionUID = 1;

  Unheard(String why) {
    super(why, null, false, false);
  }
}
