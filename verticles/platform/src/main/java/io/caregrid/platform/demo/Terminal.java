package io.caregrid.platform.demo;

import io.caregrid.platform.Progress;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Tells somebody at a terminal what is going on: a line per step, and again every four seconds while it lasts. */
final class Terminal implements Progress, AutoCloseable {
  private static final int AGAIN_SECONDS = 4;
  private final PrintWriter out;
  private final long start = System.nanoTime();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(Terminal::daemon);
  private String current = "";

  Terminal(PrintWriter out) {
    this.out = out;
    clock.scheduleAtFixedRate(this::again, AGAIN_SECONDS, AGAIN_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public synchronized void step(String step) {
    current = step;
    line(step);
  }

  double seconds() {
    return (System.nanoTime() - start) / 1e9;
  }

  private synchronized void again() {
    line("… still " + current);
  }

  private void line(String text) {
    out.printf(Locale.ROOT, "%6.1f s  %s%n", seconds(), text);
    out.flush();
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "terminal");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
