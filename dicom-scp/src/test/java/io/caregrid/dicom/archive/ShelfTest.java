package io.caregrid.dicom.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caregrid.cluster.ConfigException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShelfTest {

  @Test
  void aStartThatStopsGoesOnWhereItWas(@TempDir Path folder) throws IOException {
    List<String> files;
    try (Shelf shelf = Shelf.open(folder)) {
      files = List.of(shelf.create(), shelf.create(), shelf.create(), shelf.create());
    }
    try (Shelf shelf = Shelf.open(folder)) {
      assertEquals(files, shelf.toLookAt());
      shelf.settle(files.get(0));
      shelf.doubt(files.get(1));
      shelf.settle(files.get(1));
      shelf.keepSettled();
    }
    try (Shelf shelf = Shelf.open(folder)) {
      assertEquals(files.subList(1, 4), shelf.toLookAt());
    }
  }

  @Test
  @Tag("full")
  void nobodyTakesAPlaceWhileAnIndexIsMadeAnew(@TempDir Path folder) throws IOException {
    Shelf.open(folder).close();
    try (Shelf.All all = Shelf.openAll(folder)) {
      assertEquals(1, all.shelves().size());
      assertThrows(ConfigException.class, () -> Shelf.open(folder));
    }
    try (Shelf shelf = Shelf.open(folder)) {
      assertEquals("w0/", shelf.prefix());
      assertThrows(ConfigException.class, () -> Shelf.openAll(folder));
    }
  }

  @Test
  void whoeverAsksWhetherAPlaceIsTakenTakesItFromNobody(@TempDir Path folder) throws Exception {
    Shelf.open(folder).close();
    String file = "w0/000097/000000099999.seg";
    AtomicBoolean enough = new AtomicBoolean();
    Thread asking = new Thread(() -> {
      for (; !enough.get(); LockSupport.parkNanos(50_000)) isOnItsWay(folder, file);
    });
    asking.start();
    try {
      for (int n = 0; n < 100; n++)
        try (Shelf shelf = Shelf.open(folder)) {
          assertEquals("w0/", shelf.prefix());
        }
    } finally {
      enough.set(true);
      asking.join();
    }
  }

  private static void isOnItsWay(Path folder, String file) {
    try {
      Shelf.isOnItsWay(folder, file);
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }
}
