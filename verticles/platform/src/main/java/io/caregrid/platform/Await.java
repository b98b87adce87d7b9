package io.caregrid.platform;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waiting for the asynchronous rooms, for those who start and stop them: never on an event loop. */
public final class Await {
  /** Longest any one step may take, when it is not bounded by itself. */
  static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Longest closing one thing may take: giving up on it is safe, since nothing acknowledged is only in memory. */
  private static final Duration CLOSING = Duration.ofSeconds(15);

  private Await() {}

  /** Blocks until it is there. An answer such as "the database is away" comes out as what a person can read. */
  public static <T> T ready(Future<T> future) {
    return within(PATIENCE, future);
  }

  /** Blocks until it is there, however long that takes: for what goes on by itself, and is bounded by the index's deadlines. */
  static <T> T however(Future<T> future) {
    return within(Duration.ofSeconds(Integer.MAX_VALUE), future);
  }

  /** Blocks until it is closed, at most a quarter of a minute. */
  static void closed(Future<?> future) {
    within(CLOSING, future);
  }

  private static <T> T within(Duration patience, Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(patience.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException failed) {
      throw told(failed.getCause());
    } catch (TimeoutException late) {
      throw new StartException("not done after " + patience.toSeconds() + " s: see the log for what is missing", late);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted", interrupted);
    }
  }

  private static RuntimeException told(Throwable cause) {
    if (cause instanceof StartException told) return told;
    if (cause instanceof IllegalArgumentException told) return told;
    if (cause instanceof Failure answer) return new StartException(answer.getMessage(), answer);
    return new IllegalStateException(cause);
  }
}
