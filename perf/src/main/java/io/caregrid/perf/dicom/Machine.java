package io.caregrid.perf.dicom;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.DoubleSupplier;

/** What else the machine does, from {@code /proc/stat} (proc(5)): the CPU time of everybody but the driver and the server it loads. */
public final class Machine {
  private static final double TICKS_PER_SECOND = 100;

  private Machine() {}

  /**
   * @param busy  CPU seconds of all processes and the kernel
   * @param all   CPU seconds that there were
   * @param ours  CPU seconds of the driver and the server
   */
  public record Reading(double busy, double all, double ours) {
    /** 0..100, percent of the machine since {@code before}. */
    public double foreignSince(Reading before) {
      double foreign = busy - before.busy - (ours - before.ours);
      return Math.max(0, 100 * foreign / Math.max(0.01, all - before.all));
    }
  }

  public static Reading read(DoubleSupplier server) {
    try {
      String[] fields = Files.readAllLines(Path.of("/proc/stat")).get(0).trim().split("\\s+");
      double all = 0;
      for (int field = 1; field <= 8; field++) all += Long.parseLong(fields[field]) / TICKS_PER_SECOND;
      double idle = (Long.parseLong(fields[4]) + Long.parseLong(fields[5])) / TICKS_PER_SECOND;
      double driver = Children.own();
      return new Reading(all - idle, all, driver + server.getAsDouble());
    } catch (IOException noLinux) {
      throw new UncheckedIOException(noLinux);
    }
  }

  /** Waits until everybody else takes less than {@code percent} of the machine for two seconds, at most {@code seconds}. @return whether it became so */
  public static boolean quiet(DoubleSupplier server, double percent, int seconds) {
    long deadline = System.nanoTime() + seconds * 1_000_000_000L;
    do {
      Reading before = read(server);
      Children.pause(2_000);
      if (read(server).foreignSince(before) < percent) return true;
    } while (System.nanoTime() < deadline);
    return false;
  }
}
