package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskSpaceTest {
  private static final long GB = 1L << 30;
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private DiskSpace.Room room = new DiskSpace.Room(50 * GB, 100 * GB);

  @Test
  void isLowBelowAGigabyteOrATwentieth(@TempDir Path folder) {
    DiskSpace disk = new DiskSpace(folder, metrics, () -> room);

    assertTrue(disk.isEnough());
    assertFalse(left(disk, 4 * GB, 100 * GB));
    assertTrue(left(disk, 6 * GB, 100 * GB));
    assertTrue(left(disk, GB, 10 * GB));
    assertFalse(left(disk, GB - 1, 10 * GB));
    assertEquals(GB - 1, metrics.get(DiskSpace.FREE).gauge().value());
  }

  private boolean left(DiskSpace disk, long free, long total) {
    room = new DiskSpace.Room(free, total);
    return disk.isEnough();
  }

  @Test
  void asksTheDiskOfTheFolder(@TempDir Path folder) throws IOException {
    new DiskSpace(folder, metrics).isEnough();

    double free = metrics.get(DiskSpace.FREE).gauge().value();
    assertTrue(free > 0 && free < Files.getFileStore(folder).getTotalSpace(), "free " + free);
  }
}
