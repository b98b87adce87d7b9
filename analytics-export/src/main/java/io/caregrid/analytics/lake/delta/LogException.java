package io.caregrid.analytics.lake.delta;

import java.io.IOException;

/** A log that cannot be understood, or does not hold what was asked for. The message names table, version and what to look at; never what files hold. */
public final class LogException extends IOException {
  private static final long serialVersionUID = 1L;

  LogException(String table, long version, String what) {
    super("table " + table + ", version " + version + ": " + what);
  }
}
