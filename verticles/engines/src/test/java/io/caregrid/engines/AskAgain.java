package io.caregrid.engines;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What answers Busy on a machine under load is asked for again. The first connection to a database is such: it has five seconds, in which a fresh JVM also loads
 * what it needs for it.
 */
public final class AskAgain {
  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(3);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private AskAgain() {}

  /** Its first answer that is not Busy, or what else it failed with, or after three minutes the last Busy. */
  public static <T> T whileBusy(Callable<T> question) {
    long end = System.nanoTime() + LONGEST_NANOS;
    while (true) {
      try {
        return question.call();
      } catch (Exception | AssertionError failed) {
        if (!isBusy(failed) || System.nanoTime() - end > 0) throw new AssertionError(failed);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /** By its name: who depends on these engines knows it, they do not. */
  private static boolean isBusy(Throwable failed) {
    for (Throwable cause = failed; cause != null; cause = cause.getCause())
      if (cause.getClass().getSimpleName().equals("Busy")) return true;
    return false;
  }
}
