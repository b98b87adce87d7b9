package io.caregrid.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What processes have used so far, as Linux's {@code /proc} tells (proc(5)).
 *
 * @param node     CPU seconds, user and system, of the node's JVM (with the embedded broker in it)
 * @param database CPU seconds of PostgreSQL: its postmaster, its living children and those that ended
 * @param driver   CPU seconds of the process that makes the load: never part of what is claimed
 */
public record Usage(double node, double database, double driver) {

  private static final double TICKS_PER_SECOND = 100;

  public static Usage now(long nodePid, long postmasterPid) {
    double database = endedChildren(postmasterPid) + own(postmasterPid)
        + children(postmasterPid).mapToDouble(child -> own(child.pid())).sum();
    return new Usage(own(nodePid), database, own(ProcessHandle.current().pid()));
  }

  public Usage since(Usage before) {
    return new Usage(node - before.node, database - before.database, driver - before.driver);
  }

  /** Proportional share of memory in bytes: what pages the process shares count by their part. */
  static long bytes(long pid) {
    return pss(pid) + children(pid).mapToLong(child -> pss(child.pid())).sum();
  }

  private static Stream<ProcessHandle> children(long pid) {
    return ProcessHandle.of(pid).stream().flatMap(ProcessHandle::descendants);
  }

  private static double own(long pid) {
    return field(pid, 11) + field(pid, 12);
  }

  private static double endedChildren(long pid) {
    return field(pid, 13) + field(pid, 14);
  }

  private static double field(long pid, int afterName) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[afterName]) / TICKS_PER_SECOND;
    } catch (NoSuchFileException ended) {
      return 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long pss(long pid) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
      return lines.filter(line -> line.startsWith("Pss:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .sum() * 1024;
    } catch (IOException | UncheckedIOException ended) {
      return 0;
    }
  }
}
