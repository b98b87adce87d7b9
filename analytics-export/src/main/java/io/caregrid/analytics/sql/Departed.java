package io.caregrid.analytics.sql;

/** The client has closed its connection: a query that nobody waits for ends here. No fault of ours. */
final class Departed extends RuntimeException {
  private static final long serialVersionUID = 1;

  Departed() {
    super("the client has gone", null, false, false);
  }
}
