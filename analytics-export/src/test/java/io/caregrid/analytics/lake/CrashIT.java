package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.table.Overtaken;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A writer that ends, stands still or cannot write at any of its steps; the next one goes on without loss and without repetition. */
@ExtendWith(Engines.class)
class CrashIT {
  private LakeHouse house;
  private StoreAndLake both;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) throws IOException {
    house = new LakeHouse(postgres, folder);
    both = new StoreAndLake(house.database, house.objects, folder);
  }

  @AfterEach
  void close() {
    house.close();
  }

  /** Ends the work when a step is reached for the n-th time, and remembers what it has seen. */
  private static final class Death implements Step.Watch {
    private final Set<Step> seen = EnumSet.noneOf(Step.class);
    private int left;

    Death(int after) {
      left = after;
    }

    @Override
    public void reached(Step step) throws IOException {
      seen.add(step);
      if (--left == 0) throw new IOException("dies at " + step);
    }
  }

  private void change(int round) {
    house.patient("p", "Name" + round);
    house.patient("q" + round, "New");
    if (round % 3 == 1) house.delete("Patient", "q" + (round - 1));
    house.weight("w", "70." + round);
    house.device("d", "60 " + round);
    house.device("d" + round, "61 62");
  }

  /** One turn and, when there is something to merge, one merge. Dies maybe. */
  private void live(Step.Watch watch) throws IOException {
    Follower follower = house.follower(house.objects, watch);
    house.turn(follower);
    Upkeep upkeep = house.upkeep(watch);
    house.keep(follower, upkeep);
  }

  /** What it has seen when it died; null when it lived to the end. */
  private Set<Step> died(int after) {
    Death death = new Death(after);
    try {
      live(death);
      return null;
    } catch (IOException | UncheckedIOException dead) {
      return death.seen;
    }
  }

  /** Each time one step later than before, until one lives to its end: so every step of the rebuild and of its merges was the last one once. */
  @Test
  @Tag("full")
  void aFirstStartThatDiesAtAnyStepIsBegunAgain() throws IOException {
    change(0);
    Set<Step> died = EnumSet.noneOf(Step.class);
    int round = 1;
    for (Set<Step> seen = died(round); seen != null; seen = died(++round)) {
      died.addAll(seen);
      change(round);
    }

    live(Step.Watch.NONE);

    both.compare();
    assertEquals(EnumSet.of(Step.FILE_WRITTEN, Step.TABLE_COMMITTED, Step.REBUILD_SCANNED), died);
  }

  @Test
  @Tag("full")
  void dyingAtAnyStepOfACommitOrOfAMergeLosesNothingAndRepeatsNothing() throws IOException {
    live(Step.Watch.NONE);
    Set<Step> died = EnumSet.noneOf(Step.class);
    int round = 1;
    for (Set<Step> seen = Set.of(); seen != null; seen = died(++round)) {
      died.addAll(seen);
      live(Step.Watch.NONE);
      both.compare();
      change(round);
      house.clock.move(LakeHouse.OPEN_PERIOD);
    }

    both.compare();
    assertEquals(EnumSet.of(Step.FILE_WRITTEN, Step.TABLE_COMMITTED, Step.HEAD_PUBLISHED, Step.CURSOR_COMMITTED,
        Step.MERGE_PREPARED), died);
  }

  @Test
  @Tag("full")
  void dyingWhileFoldingOrDeletingLosesNothing() throws IOException {
    Follower follower = house.follower();
    for (int i = 0; i < 34; i++) {
      house.patient("p" + i % 3, "N" + i);
      house.turn(follower);
    }
    assertThrows(IOException.class, () -> live(dyingAt(Step.FOLD_PREPARED)));
    both.compare();
    live(Step.Watch.NONE);
    both.compare();

    house.clock.move(Duration.ofHours(26));
    Upkeep late = house.upkeep(dyingAt(Step.VACUUMED));
    house.clock.move(Duration.ofHours(1));
    Follower now = house.follower();
    house.turn(now);
    Upkeep.Task vacuum = late.due(now.ledger());
    assertEquals("vacuum", vacuum.what());
    assertThrows(IOException.class, () -> Upkeep.run(vacuum));
    both.compare();
    house.patient("p", "After");
    live(Step.Watch.NONE);
    both.compare();
  }

  private static Step.Watch dyingAt(Step last) {
    return step -> {
      if (step == last) throw new IOException("dies at " + step);
    };
  }

  /** While the first stands still at a step another one takes over and finishes; then the first wakes up. */
  @Test
  @Tag("full")
  void aWriterThatWakesUpLateStopsAndHasSpoiledNothing() throws IOException {
    change(0);
    live(Step.Watch.NONE);
    int overtaken = 0;
    for (int at = 1; at <= 8; at++) {
      change(at);
      house.clock.move(LakeHouse.OPEN_PERIOD);
      int step = at;
      int[] steps = {0};
      Follower frozen = house.follower(house.objects, reached -> {
        if (++steps[0] != step) return;
        house.patient("p", "Meanwhile" + step);
        live(Step.Watch.NONE);
      });
      overtaken += isOvertaken(frozen) ? 1 : 0;
      both.compare();
      house.patient("p", "After" + step);
      if (isOvertaken(frozen)) house.turn(frozen);
      both.compare();
    }
    assertTrue(overtaken > 0, "nobody was ever overtaken");
  }

  private boolean isOvertaken(Follower follower) {
    try {
      house.turn(follower);
      return false;
    } catch (UncheckedIOException stopped) {
      assertInstanceOf(Overtaken.class, stopped.getCause());
      return true;
    }
  }

  /** The disk is full for some turns; then there is room again, and it goes on by itself. */
  @Test
  @Tag("full")
  void aFullDiskIsTriedAgainUntilThereIsRoom() throws IOException {
    FullStore full = new FullStore(house.objects);
    Follower follower = house.follower(full, Step.Watch.NONE);
    house.turn(follower);
    for (int room = 0; room < 5; room++) {
      change(room);
      house.clock.move(LakeHouse.OPEN_PERIOD);
      full.room = room;
      assertThrows(UncheckedIOException.class, () -> house.turn(follower));
      assertThrows(UncheckedIOException.class, () -> house.turn(follower));
      full.room = Integer.MAX_VALUE;

      house.turn(follower);

      both.compare();
    }
  }

  @Test
  void aLeaseThatIsGoneEndsTheTurnBeforeItWritesAnything() throws IOException {
    house.turn(house.follower());
    house.patient("p", "One");
    house.stamp();
    Follower follower = house.follower();

    assertThrows(Overtaken.class, () -> follower.turn(() -> {
      throw new Overtaken("it has the lease");
    }));

    assertEquals(1, house.heads().newest().number());
  }
}
