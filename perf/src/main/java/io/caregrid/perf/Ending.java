package io.caregrid.perf;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** How the processes of ours, and the peers that we start as our own, end: with their standard input. */
public final class Ending {
  private static final int PATIENCE_SECONDS = 60;

  private Ending() {}

  /** Closes its standard input and waits; one that has not ended within a minute, or whose waiting is interrupted, is ended by force. */
  public static void of(Process process) throws IOException {
    process.getOutputStream().close();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) process.destroyForcibly();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
