package io.caregrid.engines;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A postmaster that outlived the process which started it: after {@code kill -9} of a node its PostgreSQL goes on running and holds the folder.
 *
 * <p>{@code postmaster.pid} tells who that was. Its number may have been given to another process since, so nobody is stopped before folder and
 * start time were compared.
 */
final class Orphan {
  private static final Logger log = LoggerFactory.getLogger(Orphan.class);
  /** A postmaster notes its start a moment after the kernel does, and the kernel's own figure is rounded. */
  private static final Duration START_SLACK = Duration.ofSeconds(10);
  static final Duration CLEAN_STOP = Duration.ofSeconds(60);

  private Orphan() {}

  /** Ends the postmaster that still runs on this data folder, if there is one. The caller holds the folder's lock, so nobody else needs it. */
  static void stop(Path data) {
    Path file = data.resolve("postmaster.pid");
    if (!Files.exists(file)) return;
    List<String> lines = read(file);
    if (lines.isEmpty()) {
      remove(file, "it is empty, as on a disk that was full");
      return;
    }
    Optional<ProcessHandle> alive = ProcessHandle.of(Long.parseLong(lines.get(0)));
    if (alive.isEmpty()) return;
    if (isPostmaster(alive.get(), lines, data)) stop(alive.get(), data);
    else remove(file, "process " + alive.get().pid() + " is something else now");
  }

  /** Asks for a fast shutdown and goes away; for a process that is about to end. */
  static void tellToStop(Path data) {
    Path file = data.resolve("postmaster.pid");
    if (!Files.exists(file)) return;
    List<String> lines = read(file);
    if (lines.isEmpty()) return;
    ProcessHandle.of(Long.parseLong(lines.get(0)))
        .filter(process -> isPostmaster(process, lines, data))
        .ifPresent(process -> signal("INT", process));
  }

  private static boolean isPostmaster(ProcessHandle process, List<String> lines, Path data) {
    boolean sameFolder = lines.size() > 2 && Path.of(lines.get(1)).equals(data);
    if (!sameFolder) return false;
    Instant noted = Instant.ofEpochSecond(Long.parseLong(lines.get(2)));
    boolean sameStart = process.info()
        .startInstant()
        .map(start -> Duration.between(start, noted).abs().compareTo(START_SLACK) < 0)
        .orElse(false);
    boolean isPostgres = process.info().command().map(command -> command.endsWith("postgres")).orElse(true);
    return sameStart && isPostgres;
  }

  private static void stop(ProcessHandle postmaster, Path data) {
    log.warn("stopping a PostgreSQL left behind by a process that was killed pid={} folder={}", postmaster.pid(), data);
    signal("INT", postmaster);
    if (ended(postmaster, CLEAN_STOP)) return;
    end(postmaster);
    if (postmaster.isAlive())
      throw new EngineException("PostgreSQL process " + postmaster.pid() + " of folder " + data
          + " does not stop: end it by hand, then start again");
  }

  /** At once: what is committed is in its log, and would be brought back from there by the next start. */
  static void end(ProcessHandle postmaster) {
    signal("QUIT", postmaster);
    ended(postmaster, CLEAN_STOP);
  }

  /** PostgreSQL tells a fast shutdown (INT) from an immediate one (QUIT); Java can only send TERM, which waits for clients. */
  private static void signal(String name, ProcessHandle process) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start().waitFor();
    } catch (IOException failed) {
      throw new EngineException("cannot signal PostgreSQL process " + process.pid() + ": " + failed, failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new EngineException("interrupted while stopping PostgreSQL process " + process.pid(), interrupted);
    }
  }

  static boolean ended(ProcessHandle process, Duration longest) {
    try {
      process.onExit().get(longest.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException stillThere) {
      return false;
    } catch (ExecutionException failed) {
      throw new EngineException("cannot wait for PostgreSQL process " + process.pid() + ": " + failed.getCause(),
          failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new EngineException("interrupted while PostgreSQL process " + process.pid() + " stops", interrupted);
    }
  }

  /** PostgreSQL would refuse to start because of it. */
  private static void remove(Path file, String why) {
    log.warn("removing a stale postmaster.pid: {} file={}", why, file);
    try {
      Files.delete(file);
    } catch (IOException failed) {
      throw new EngineException("stale file " + file + " cannot be removed: " + failed, failed);
    }
  }

  private static List<String> read(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException failed) {
      throw new EngineException("file " + file + " cannot be read: " + failed, failed);
    }
  }
}
