package io.caregrid.platform;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A process that runs until it is told to stop, and then closes what it holds, last opened first, whoever asks: Ctrl-C and SIGTERM arrive as the
 * JVM's shutdown, which waits here until all is closed or patience is over.
 */
public final class Running implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;
  private final CountDownLatch told = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Deque<AutoCloseable> held = new ArrayDeque<>();
  private volatile boolean stopping;

  public Running() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "stop"));
  }

  /** Closed at the end, before what was kept earlier. */
  public <T extends AutoCloseable> T keep(T thing) {
    held.push(thing);
    return thing;
  }

  /** Blocks the calling thread until somebody stops the process. */
  public void untilStopped() {
    try {
      told.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** True once the process was told to stop: what fails from now on fails because of that. */
  public boolean isStopping() {
    return stopping;
  }

  private void stop() {
    stopping = true;
    told.countDown();
    try {
      if (!closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS))
        System.err.println("caregrid: not everything closed within " + PATIENCE_SECONDS
            + " s, ending anyway: what was acknowledged is kept");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    try {
      while (!held.isEmpty()) Closing.quietly(held.pop());
    } finally {
      closed.countDown();
    }
  }
}
