package io.caregrid.platform;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A process that runs until it is told to stop, and then closes what it holds, last opened first, whoever asks: Ctrl-C and SIGTERM arrive as the
 * JVM's shutdown, which waits here until all is closed or patience is over.
 */
public final class Running implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;
  private final CountDownLatch told = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Opened held = new Opened();
  private volatile boolean stopping;
  private String step;
  private Thread waiter;

  public Running() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "stop"));
  }

  /** Closed at the end, before what was kept earlier. */
  public <T extends AutoCloseable> T keep(T thing) {
    return held.keep(thing);
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

  /** Tells {@code hears} what the start does; a wait of the start ends when the process is told to stop, with {@link Stopped}. */
  Progress starting(Progress hears) {
    return new Progress() {
      @Override
      public void step(String now) {
        step = now;
        hears.step(now);
      }

      @Override
      public <T> T waiting(Supplier<T> wait) {
        return untilStopped(wait);
      }
    };
  }

  private <T> T untilStopped(Supplier<T> wait) {
    enter();
    try {
      return wait.get();
    } catch (RuntimeException ended) {
      if (stopping) throw new Stopped(ended);
      throw ended;
    } finally {
      leave();
    }
  }

  private synchronized void enter() {
    if (stopping) {
      tell();
      throw new Stopped(null);
    }
    waiter = Thread.currentThread();
  }

  /** Takes the interruption along: closing must be able to wait. */
  private synchronized void leave() {
    waiter = null;
    Thread.interrupted();
  }

  /** Ends the start where it waits; elsewhere it goes on to its next wait, or to its end. */
  private synchronized void interruptStart() {
    stopping = true;
    if (waiter == null) return;
    tell();
    waiter.interrupt();
  }

  private void tell() {
    System.err.println("caregrid: told to stop while " + step + ": ending");
  }

  /** The start was ended because the process was told to stop. */
  static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1;

    private Stopped(Throwable ended) {
      super("stopped before it was running", ended);
    }
  }

  private void stop() {
    interruptStart();
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
      held.close();
    } finally {
      closed.countDown();
    }
  }
}
