package io.caregrid.analytics.lake.table;

import java.io.IOException;

/** Another writer was quicker, or has the lease now: whoever gets this forgets what he knows of the lake and reads it anew. */
public final class Overtaken extends IOException {
  private static final long serialVersionUID = 1L;

  public Overtaken(String by) {
    super("another writer of the lake was quicker: " + by);
  }
}
