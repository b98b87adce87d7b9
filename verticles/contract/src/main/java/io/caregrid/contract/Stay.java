package io.caregrid.contract;

/**
 * How long a caller may go on with what outlives its request, such as a live feed. The doorman who let it in puts one there when it may end before
 * {@link Caller#until()}, since somebody who is signed in can sign out.
 */
@FunctionalInterface
public interface Stay {
  /** As long as the caller's proof is good, and nothing ends it sooner. */
  Stay UNTIL_PROOF_ENDS = over -> () -> {};

  /**
   * Call on the request's context.
   *
   * @param over run when it has ended, once, on any thread
   * @return to be run when the caller has gone by itself
   */
  Runnable tell(Runnable over);
}
