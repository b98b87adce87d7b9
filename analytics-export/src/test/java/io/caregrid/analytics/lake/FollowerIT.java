package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.analytics.lake.table.Erasures;
import io.caregrid.analytics.lake.table.Erasures.Erasure;
import io.caregrid.analytics.lake.table.Erasures.Key;
import io.caregrid.analytics.lake.table.Head;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Engines.class)
class FollowerIT {
  private LakeHouse house;
  private StoreAndLake both;
  private Follower follower;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) throws IOException {
    house = new LakeHouse(postgres, folder);
    both = new StoreAndLake(house.database, house.objects, folder);
    follower = house.follower();
  }

  @AfterEach
  void close() {
    house.close();
  }

  @Test
  void whatIsCreatedChangedAndDeletedStandsInTheLakeAsInTheStore() throws IOException {
    house.turn(follower);
    house.patient("p", "One");
    house.patient("q", "Other");
    house.weight("w", "70.50");
    house.turn(follower);
    house.patient("p", "Two");
    house.delete("Patient", "q");
    house.weight("w", "71.123456789012345678901234567890");

    Follower.Turn turn = house.turn(follower);

    assertEquals(4, turn.rows());
    assertEquals(1, turn.commits());
    assertEquals(9, both.compare());
  }

  @Test
  void aStoreThatWasFullBeforeTheLakeBeganIsTakenInWhole() throws IOException {
    house.patient("p", "One");
    house.patient("p", "Two");
    house.patient("q", "Other");
    house.delete("Patient", "q");
    house.weight("w", "70.5");
    house.device("d", "60 61");

    house.turn(follower);
    both.compare();
    house.patient("p", "Three");
    house.turn(follower);

    both.compare();
  }

  @Test
  @Tag("full")
  void aDevicesObservationComesAtOnceAndThenOncePerPeriodWhichARestartDoesNotForget() throws IOException {
    house.turn(follower);
    house.device("d", "60");
    assertEquals(2, house.turn(follower).rows());
    house.device("d", "60 61");
    assertEquals(new Follower.Turn(0, 0, 1), house.turn(follower));
    house.device("d", "60 61 E 62");
    assertEquals(new Follower.Turn(0, 0, 2), house.turn(follower));

    house.clock.move(LakeHouse.OPEN_PERIOD);
    assertEquals(new Follower.Turn(2, 1, 0), house.turn(follower));
    both.compare();

    house.device("d", "60 61 E 62 63");
    assertEquals(new Follower.Turn(0, 0, 1), house.turn(follower));
    house.turn(house.follower());
    both.compare();
  }

  @Test
  void whatAPersonWritesIntoADevicesObservationComesAtOnceAndNothingIsLeftOut() throws IOException {
    house.turn(follower);
    house.device("d", "60");
    house.turn(follower);
    house.device("d", "60 61");
    house.weight("d", "3.5");
    house.device("d", "60 61 62");

    house.turn(follower);
    house.clock.move(LakeHouse.OPEN_PERIOD);
    house.turn(follower);

    both.compare();
  }

  @Test
  void runningAgainChangesNothing() throws IOException {
    house.patient("p", "One");
    house.device("d", "60");
    house.turn(follower);
    house.patient("p", "Two");
    house.turn(follower);
    Head head = house.heads().newest();

    assertEquals(new Follower.Turn(0, 0, 0), house.turn(follower));
    assertEquals(new Follower.Turn(0, 0, 0), house.turn(house.follower()));

    assertEquals(head, house.heads().newest());
  }

  @Test
  void aRestoredDatabaseIsFollowed() throws IOException {
    house.patient("p", "One");
    house.turn(follower);
    house.patient("p", "Two");
    house.patient("lost", "in the restore");
    house.turn(follower);
    // as after a restore of a backup taken at position 1: later positions are given anew, with new marks
    house.sql("delete from feed where position > 1");
    house.sql("update feed_head set position = 1");
    house.sql("delete from r_patient where id = 'lost'");
    house.patient("p", "Three");
    house.patient("r", "New");
    Erasures erasures = new Erasures(house.objects);
    erasures.request(List.of(new Key("Patient", "p", 9)));

    house.turn(follower);

    both.compare();
    assertEquals(List.of(Map.of("Patient", new TreeMap<>(Map.of("p", 0)))),
        erasures.open().stream().map(Erasure::ids).toList(), "he lives again: none of his versions goes");
    assertEquals(2, house.heads().newest().safe().incarnation());
    house.patient("r", "Newer");
    house.turn(house.follower());
    both.compare();
  }

  @Test
  @Tag("full")
  void aResourceOfTwentyMegabytesGoesInAndComesBack() throws IOException {
    house.turn(follower);
    StringBuilder text = new StringBuilder();
    for (int i = 0; text.length() < 20_000_000; i++) text.append(i * 7919L).append(' ');
    house.put("Patient", "large", "{'resourceType':'Patient','text':{'status':'generated','div':'<div>" + text
        + "</div>'}}");
    house.patient("small", "beside");

    house.turn(follower);

    both.compare();
  }

  @Test
  void theLakeSaysUntilWhenItHasEverything() throws IOException {
    house.turn(follower);
    house.clock.move(Duration.ofSeconds(30));
    house.patient("p", "One");
    house.turn(follower);

    assertEquals(house.clock.instant(), house.heads().newest().asOf());
    house.clock.move(Duration.ofMinutes(2));
    assertEquals(new Follower.Turn(0, 0, 0), house.turn(follower));
    assertEquals(house.clock.instant(), house.heads().newest().asOf());
  }

  @Test
  void aClockThatIsSetBackIsFollowedAtOnce() throws IOException {
    house.turn(follower);
    house.clock.move(Duration.ofHours(-1));
    house.turn(follower);

    assertEquals(house.clock.instant(), house.heads().newest().asOf());
    assertEquals(new Follower.Turn(0, 0, 0), house.turn(follower));
    long number = house.heads().newest().number();
    house.turn(follower);
    assertEquals(number, house.heads().newest().number());
  }

  /** The first time the work asks whether it may go on: one page of the store was read, the next was not. */
  private void turnWith(Runnable betweenPages) throws IOException {
    boolean[] did = {false};
    house.stamp();
    follower.turn(() -> {
      if (did[0]) return;
      did[0] = true;
      betweenPages.run();
      house.stamp();
    });
  }

  @Test
  void whatChangesBetweenTwoPagesOfAFirstStartStandsInTheLakeOnce() throws IOException {
    house.patient("p", "One");

    turnWith(() -> house.patient("p", "Two"));

    both.compare();
  }

  @Test
  void whatIsDeletedBetweenTwoPagesOfAFirstStartIsGone() throws IOException {
    house.patient("p", "One");

    turnWith(() -> house.delete("Patient", "p"));

    both.compare();
  }

  @Test
  void aRestoreOfWhatCameBehindSomethingThatWaitsIsNoticedByWhoeverStarts() throws IOException {
    house.turn(follower);
    house.device("d", "60");
    house.turn(follower);
    house.device("d", "60 61");
    house.patient("p", "One");
    house.patient("lost", "in the restore");
    house.turn(follower);
    assertEquals(1, house.heads().newest().safe().position());
    // as after a restore of a backup taken at position 2
    house.sql("delete from feed where position > 2");
    house.sql("update feed_head set position = 2");
    house.sql("delete from r_patient");
    house.patient("p", "Another");
    house.patient("r", "New");

    house.turn(house.follower());

    both.compare();
  }
}
