package io.caregrid.store.audit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.store.AuditPosition;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ring alone, and what is found in it afterwards. */
class StageTest {
  private static final int SIZE = 1 << 15;
  private static final AuditPosition PLACE = new AuditPosition(1, 0);
  private final EventIds ids = new EventIds(Clock.systemUTC());
  @TempDir
  Path temp;
  private Segments segments;
  private Path file;

  @BeforeEach
  void open() throws IOException {
    segments = Segments.open(temp.resolve("audit"));
    file = segments.folder.resolve("stage");
    Segments.replace(file, Stage.blank(SIZE));
  }

  private byte[] line(String what, int length) {
    return Line.of(JournalTest.entry(what).asking("x".repeat(length)), ids.next(), "node").toArray();
  }

  private Rescue rescue() throws IOException {
    return Rescue.of(Files.readAllBytes(file), segments);
  }

  private static byte[] all(List<byte[]> lines) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    lines.forEach(all::writeBytes);
    return all.toByteArray();
  }

  private static boolean append(Stage stage, byte[] line) {
    assertTrue(stage.tryHold());
    try {
      return stage.append(line, line.length);
    } finally {
      stage.release();
    }
  }

  /** Lines of any length, moved and looked for at any time, for many laps: always exactly those that were not moved. */
  @Test
  void whateverLapItIsWhatWasNotMovedIsFoundInOrderAndNothingElse() throws IOException {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random random = new Random(seed);
    List<byte[]> model = new ArrayList<>();
    Stage stage = Stage.open(file, SIZE, SIZE, PLACE);
    long next = SIZE;
    int full = 0;
    for (int step = 0; step < 3000; step++) {
      byte[] line = line("n/" + step, random.nextInt(step % 10 == 0 ? 6000 : 300));
      if (append(stage, line)) {
        model.add(line);
        next += Frame.size(line.length);
      } else {
        full++;
        assertTrue(bytes(model) + Frame.size(line.length) > SIZE, "seed " + seed);
      }
      if (random.nextInt(20) == 0) {
        for (Stage.Part part = stage.next(); part != null; part = stage.next()) {
          assertArrayEquals(all(model), Arrays.copyOf(part.bytes(), part.length()), "seed " + seed);
          stage.moved(part.end(), PLACE);
          model.clear();
        }
      }
      if (random.nextInt(100) == 0) {
        Rescue left = rescue();
        assertEquals(List.of(), left.damaged(), "seed " + seed);
        assertArrayEquals(all(model), left.all(), "seed " + seed);
        assertEquals(next, left.end(), "seed " + seed);
        if (model.isEmpty()) {
          stage.close();
          stage = Stage.open(file, SIZE, left.end(), PLACE);
        }
      }
    }
    assertTrue(next > 10L * SIZE && full > 0, "seed " + seed + ", laps " + next / SIZE + ", full " + full);
    stage.close();
  }

  private static int bytes(List<byte[]> lines) {
    return lines.stream().mapToInt(line -> Frame.size(line.length)).sum();
  }

  @Test
  void aLineIsThereWhenItsPositionIsAndOneThatIsTooLongGoesAnotherWay() throws IOException {
    try (Stage stage = Stage.open(file, SIZE, SIZE, PLACE)) {
      assertTrue(append(stage, line("n/0", 10)));
      byte[] second = line("n/1", 10);
      assertTrue(append(stage, second));
      assertFalse(append(stage, line("n/2", SIZE)));
      assertEquals(2, rescue().lines().size());

      byte[] bytes = Files.readAllBytes(file);
      int at = Stage.HEAD + Frame.size(line("n/0", 10).length);
      Frame.buffer(bytes).putLong(at, 0);
      Files.write(file, bytes);
      assertEquals(1, rescue().lines().size());
    }
  }

  @Test
  void aFileHasTheSameNameInEveryLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertEquals("audit-000000000012.jsonl", segments.file(12).getFileName().toString());
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void aTornLineIsNamedAndCostsOnlyItself() throws IOException {
    List<byte[]> lines = new ArrayList<>();
    try (Stage stage = Stage.open(file, SIZE, SIZE, PLACE)) {
      for (int n = 0; n < 9; n++) {
        lines.add(line("n/" + n, 10));
        assertTrue(append(stage, lines.get(n)));
      }
    }
    byte[] bytes = Files.readAllBytes(file);
    int each = Frame.size(lines.get(0).length);
    bytes[Stage.HEAD + 3 * each + 60] ^= 1;
    Arrays.fill(bytes, Stage.HEAD + 6 * each, Stage.HEAD + 6 * each + 8, (byte) 0);
    Rescue left = Rescue.of(bytes, segments);

    lines.remove(6);
    lines.remove(3);
    assertArrayEquals(all(lines), left.all());
    int lap = SIZE;
    assertEquals(List.of("a torn line at " + (lap + 3 * each),
        "nothing whole at " + (lap + 6 * each) + "-" + (lap + 7 * each)), left.damaged());
  }

  @Test
  void whatIsInAFileAlreadyIsNotSavedAgainHoweverOldTheHeadIs() throws IOException {
    List<byte[]> lines = new ArrayList<>();
    byte[] old;
    try (Stage stage = Stage.open(file, SIZE, SIZE, PLACE)) {
      old = Arrays.copyOf(Files.readAllBytes(file), Stage.HEAD);
      for (int n = 0; n < 20; n++) {
        lines.add(line("n/" + n, 10));
        assertTrue(append(stage, lines.get(n)));
      }
    }
    for (int moved : new int[] {0, 1, 19, 20}) {
      for (boolean head : new boolean[] {true, false}) {
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        written.writeBytes("somebody else's\n".getBytes());
        written.writeBytes(all(lines.subList(0, moved)));
        if (moved == 19) written.write(lines.get(19), 0, 77);
        Files.write(segments.file(1), written.toByteArray());
        byte[] bytes = Files.readAllBytes(file);
        System.arraycopy(head ? old : new byte[Stage.HEAD], 0, bytes, 0, Stage.HEAD);
        Rescue left = Rescue.of(bytes, segments);

        assertArrayEquals(all(lines.subList(moved, 20)), left.all(), "moved " + moved + ", head " + head);
        assertEquals(head ? List.of() : List.of("no head of ours"), left.damaged());
        assertEquals(moved == 19 ? written.size() - 77 : written.size(), Files.size(segments.file(1)),
            "a beginning that is written anew is no damage");
      }
    }
  }

  @Test
  void aLineIsTornWhereItSaysSoAndAForeignFileHasNone() throws IOException {
    assertEquals(List.of(), Rescue.of(new byte[0], segments).lines());
    assertEquals(List.of(), Rescue.of("a letter\n".repeat(9000).getBytes(), segments).lines());
    byte[] random = new byte[1 << 20];
    new Random(7).nextBytes(random);
    assertEquals(0, Rescue.of(random, segments).size());
    Frame.buffer(random).putLong(0, Stage.MAGIC).putLong(Stage.RING_AT, Long.MAX_VALUE);
    assertEquals(0, Rescue.of(random, segments).size());
    assertNull(Frame.at(ByteBuffer.allocate(64), 0, 64));
  }

  @Test
  void aStageThatWasCutIsToldAndNotRead() throws IOException {
    try (Stage stage = Stage.open(file, SIZE, SIZE, PLACE)) {
      assertTrue(append(stage, line("n/0", 10)));
      assertTrue(stage.isThere());
      try (var channel = java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
        channel.truncate(Stage.HEAD);
      }
      assertFalse(stage.isThere());
      org.junit.jupiter.api.Assertions.assertThrows(Stage.Damaged.class, stage::next);
    }
  }
}
