package io.caregrid.platform;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether the disk of the data folder is nearly full: a development node keeps Kafka and PostgreSQL there, every node its log. One line when it
 * becomes low, one when there is room again. Any thread, but never an event loop: asking a file system may block.
 */
final class DiskSpace {
  private static final Logger log = LoggerFactory.getLogger(DiskSpace.class);
  /** Gauge: bytes a program may still write to the disk of the data folder. */
  static final String FREE = "data.disk.free";
  private static final long LEAST_BYTES = 1L << 30;
  private static final double LEAST_SHARE = 0.05;

  /** What is left of a disk, bytes. */
  record Room(long free, long total) {
    boolean isLow() {
      return free < LEAST_BYTES || free < total * LEAST_SHARE;
    }
  }

  private final Path folder;
  private final Callable<Room> room;
  private boolean low;

  DiskSpace(Path folder, MeterRegistry metrics) {
    this(folder, metrics, () -> of(folder));
  }

  DiskSpace(Path folder, MeterRegistry metrics, Callable<Room> room) {
    this.folder = folder.toAbsolutePath();
    this.room = room;
    Gauge.builder(FREE, this, space -> space.now().free()).strongReference(true).baseUnit("bytes").register(metrics);
  }

  /** Looks now and every minute. */
  static void watch(Ground ground) {
    DiskSpace disk = new DiskSpace(ground.config().data(), ground.metrics());
    Supplier<Future<Boolean>> enough = () -> ground.vertx().executeBlocking(disk::isEnough, false);
    enough.get();
    ground.vertx().setPeriodic(Duration.ofMinutes(1).toMillis(), look -> enough.get());
    ground.warn("disk space", enough);
  }

  private static Room of(Path folder) throws IOException {
    FileStore disk = Files.getFileStore(folder);
    return new Room(disk.getUsableSpace(), disk.getTotalSpace());
  }

  /** Asks now, and says aloud what has changed. */
  synchronized boolean isEnough() {
    Room now = now();
    boolean was = low;
    low = now.isLow();
    if (low && !was)
      log.warn("disk of the data folder is nearly full: make room folder={} freeMB={} totalMB={}", folder,
          now.free() >> 20, now.total() >> 20);
    if (was && !low) log.info("disk of the data folder has room again folder={} freeMB={}", folder, now.free() >> 20);
    return !low;
  }

  private Room now() {
    try {
      return room.call();
    } catch (IOException unknown) {
      throw new UncheckedIOException(unknown);
    } catch (Exception impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
