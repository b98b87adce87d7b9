package io.caregrid.dicom;

import io.vertx.core.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The answer to what a test asked, on the test's thread. */
public final class Await {
  private static final int DEADLINE_SECONDS = 180;

  private Await() {}

  public static <T> T get(Future<T> future) {
    try {
      return future.await(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      throw new AssertionError("no answer within " + DEADLINE_SECONDS + " s", late);
    }
  }
}
