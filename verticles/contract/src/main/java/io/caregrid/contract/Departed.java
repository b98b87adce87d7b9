package io.caregrid.contract;

/** The client has closed its connection: what nobody waits for ends here. No fault of ours. */
public final class Departed extends RuntimeException {
  private static final long serialVersionUID = 1;

  public Departed() {
    super("the client has gone", null, false, false);
  }
}
