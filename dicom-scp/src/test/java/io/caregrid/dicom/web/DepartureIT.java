package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Clients that go away in the middle. */
@ExtendWith(Engines.class)
class DepartureIT {
  private static final int ROWS = 1024;
  private static final int FRAMES = 256;
  private static Path archive;
  private static WebDoor door;

  @BeforeAll
  static void open(LocalPostgres postgres, @TempDir Path folder) {
    archive = folder;
    door = new WebDoor(postgres, folder, WebDoor.SMALL);
  }

  @AfterAll
  static void close() {
    door.close();
  }

  private static void until(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, what);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  private static List<Path> files() {
    try (Stream<Path> all = Files.walk(archive)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException changing) {
      return List.of();
    }
  }

  @Test
  void whoGoesAwayWhileStoringLeavesNothingBehind() throws Exception {
    byte[] small = Slices.file(1, 1);
    byte[] large = Slices.file(Slices.picture(1, 2, ROWS, FRAMES));
    door.stored(Slices.file(1, 3));
    List<Path> before = files();

    for (byte[] file : List.of(small, large)) {
      byte[] body = Slices.multipart("b", file);
      try (RawClient client = new RawClient(door.port)) {
        client.store(WebDoor.MULTIPART, body.length).send(Arrays.copyOf(body, body.length * 3 / 4));
        until("its bytes come in", () -> waiting() > 0 || files().size() > before.size());
        client.vanish();
      }
      until("no memory is held", () -> waiting() == 0);
      until("no file is left", () -> files().equals(before));
    }

    assertEquals(404, door.get(Slices.path(1, 1)).statusCode());
    assertEquals(404, door.get(Slices.path(1, 2)).statusCode());
    door.stored(small, large);
    assertArrayEquals(large, door.get(Slices.path(1, 2), "Accept", WebDoor.AS_KEPT).body());
  }

  private static double waiting() {
    return door.metrics.get("dicom.archive.waiting").gauge().value();
  }

  @Test
  void whoGoesAwayWhileFetchingHoldsNothingFromBeingErased() throws Exception {
    byte[] large = Slices.file(Slices.picture(2, 1, ROWS, FRAMES));
    for (String accept : List.of(WebDoor.AS_KEPT, "application/dicom; transfer-syntax=1.2.840.10008.1.2.5")) {
      door.stored(large);
      double erased = erased();
      try (RawClient client = new RawClient(door.port)) {
        client.ask(Slices.path(2, 1), accept);
        assertEquals(200, client.status());
        assertEquals(20_000, client.read(20_000).length);
        client.vanish();
      }
      assertEquals(204, door.delete("/studies/" + Slices.study(2)).statusCode());
      until("it is erased", () -> erased() >= erased + large.length);
    }
  }

  @Test
  void whoGoesAwayIsNoWarning() throws Exception {
    ListAppender<ILoggingEvent> said = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(DicomWebVerticle.class);
    Level before = logger.getLevel();
    logger.setLevel(Level.DEBUG);
    said.start();
    logger.addAppender(said);
    try {
      door.stored(Slices.file(Slices.picture(3, 1, ROWS, FRAMES)));
      for (int n = 0; n < 20; n++)
        try (RawClient client = new RawClient(door.port)) {
          client.ask(Slices.path(3, 1),
              n % 2 == 0 ? WebDoor.AS_KEPT : "application/dicom; transfer-syntax=1.2.840.10008.1.2.5");
          assertEquals(200, client.status());
          client.vanish();
        }
      until("all of them are noticed", () -> said.list.size() >= 20);

    } finally {
      logger.detachAppender(said);
      said.stop();
      logger.setLevel(before);
    }
    assertEquals(List.of(),
        List.copyOf(said.list).stream().filter(event -> event.getLevel().isGreaterOrEqual(Level.INFO)).toList());
  }

  private static double erased() {
    return door.metrics.get("dicom.archive.erased").counter().count();
  }

}
