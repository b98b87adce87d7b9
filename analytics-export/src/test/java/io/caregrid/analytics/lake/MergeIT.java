package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.table.KeyedTable;
import io.caregrid.analytics.lake.table.LogFile;
import io.caregrid.analytics.lake.table.Merge;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Engines.class)
class MergeIT {
  private LakeHouse house;
  private StoreAndLake both;
  private Follower follower;
  private Upkeep upkeep;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) throws IOException {
    house = new LakeHouse(postgres, folder);
    both = new StoreAndLake(house.database, house.objects, folder);
    follower = house.follower();
    upkeep = house.upkeep(Step.Watch.NONE);
    house.turn(follower);
  }

  @AfterEach
  void close() {
    house.close();
  }

  /** Until no table has anything to merge. */
  private int merge() throws IOException {
    house.clock.move(Duration.ofMinutes(15));
    return (int) house.keep(follower, upkeep).stream().filter(what -> what.startsWith("merge")).count();
  }

  private Snapshot state(String name) {
    return follower.ledger().newest(table(name).state());
  }

  private KeyedTable table(String name) {
    return follower.ledger()
        .catalogue()
        .all()
        .stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void afterMergingTheStateAloneIsWhatTheStoreHas() throws IOException {
    house.patient("p", "One");
    house.patient("q", "Other");
    house.weight("w", "70.50");
    house.device("d", "60 61 U 62");
    house.turn(follower);
    assertEquals(3, merge());
    both.compare();
    house.patient("p", "Two");
    house.delete("Patient", "q");
    house.device("d", "60 61 U 62 63");
    house.patient("r", "New");
    house.clock.move(LakeHouse.OPEN_PERIOD);
    house.turn(follower);

    assertEquals(3, merge());

    both.compare();
    for (KeyedTable table : follower.ledger().catalogue().all())
      assertEquals(0, LogFile.behind(follower.ledger().newest(table.log()),
          KeyedTable.merged(follower.ledger().newest(table.state()))).size(), table.name());
    assertEquals(1, state("Patient").files().size());
    assertEquals(0, merge());
  }

  /** Files have only the columns that carry a value, at every depth: what one lacks must come through beside what another has. */
  @Test
  @Tag("full")
  void rowsWithDifferentFieldsAtAnyDepthComeThroughMergingTogether() throws IOException {
    house.put("Patient", "a", "{'resourceType':'Patient','name':[{'family':'F','period':{'start':'2020'}}]}");
    house.turn(follower);
    merge();
    house.put("Patient", "b", "{'resourceType':'Patient','name':[{'text':'T','given':['G']}],"
        + "'contact':[{'name':{'family':'C'},'telecom':[{'rank':1,'value':'+49'}]}]}");
    house.put("Patient", "c", "{'resourceType':'Patient','contact':[{'gender':'female','period':{'end':'2021-05'}}],"
        + "'extension':[{'url':'http://example.org/e','valueDecimal':1.50}]}");
    house.turn(follower);
    both.compare();
    merge();
    both.compare();
    house.put("Patient", "a", "{'resourceType':'Patient','name':[{'prefix':['Dr'],'extension':[{'url':'http://x',"
        + "'valueString':'deep'}]}],'multipleBirthInteger':2}");
    house.turn(follower);
    both.compare();

    merge();

    both.compare();
    assertEquals(1, state("Patient").files().size());
  }

  @Test
  void aTableWhoseLastRowIsDeletedHasNoFile() throws IOException {
    house.patient("p", "One");
    house.turn(follower);
    merge();
    house.delete("Patient", "p");
    house.turn(follower);

    merge();

    both.compare();
    assertEquals(0, state("Patient").files().size());
    house.patient("p", "Again");
    house.turn(follower);
    merge();
    both.compare();
  }

  @Test
  void aMergeThatAnotherOneOvertookIsLeftAlone() throws IOException {
    house.patient("p", "One");
    house.turn(follower);
    Upkeep.Done late = Upkeep.run(upkeep.due(follower.ledger()));
    merge();
    house.patient("p", "Two");
    house.turn(follower);

    assertFalse(follower.take(late));

    merge();
    both.compare();
  }

  /** It may have taken hours, and another node the lease in between: nothing that was known then need be true. */
  @Test
  void whatWasPreparedBeforeTheLakeWasReadAnewIsLeftAlone() throws IOException {
    house.patient("p", "One");
    house.turn(follower);
    Upkeep.Done late = Upkeep.run(upkeep.due(follower.ledger()));
    follower.forget();
    house.turn(follower);

    assertFalse(follower.take(late));

    merge();
    both.compare();
  }

  @Test
  @Tag("full")
  void aLogThatIsTooMuchForOneMergeIsMergedPieceByPiece() throws IOException {
    for (int round = 0; round < 5; round++) {
      house.patient("p", "Name" + round);
      house.patient("q" + round, "New");
      if (round == 3) house.delete("Patient", "q1");
      house.turn(follower);
    }
    KeyedTable patients = table("Patient");
    Merge small = new Merge(house.objects, house.folder.resolve("scratch"), house.clock, Step.Watch.NONE, 1);
    List<Long> merged = new ArrayList<>();
    for (int left = 5; left > 0; left--) {
      Snapshot log = follower.ledger().newest(patients.log());
      Upkeep.Task task = new Upkeep.Task("merge Patient", follower.ledger(),
          () -> small.prepare(patients, log, state("Patient"), follower.ledger().head().number()));
      assertTrue(follower.take(Upkeep.run(task)));
      merged.add(KeyedTable.merged(state("Patient")));
      both.compare();
      assertEquals(left - 1, LogFile.behind(log, KeyedTable.merged(state("Patient"))).size());
    }
    assertEquals(follower.ledger().newest(patients.log()).version(), merged.get(4));
  }

  @Test
  void whatIsMergedOftenWaitsForItsBudget() throws IOException {
    house.patient("p", "One");
    house.turn(follower);
    merge();
    house.patient("p", "Two");
    house.turn(follower);

    assertNull(upkeep.due(follower.ledger()));
    house.clock.move(Duration.ofMinutes(15));
    assertEquals("merge Patient", upkeep.due(follower.ledger()).what());
  }

  @Test
  @Tag("full")
  void manyChangesInAnyOrderWithMergesInBetweenGiveWhatTheStoreHas() throws IOException {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random random = new Random(seed);
    try {
      for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 8; i++) change(random);
        if (random.nextInt(3) == 0) follower = house.follower();
        house.clock.move(Duration.ofMinutes(random.nextInt(4)));
        house.turn(follower);
        if (random.nextInt(3) == 0) merge();
      }
      house.clock.move(LakeHouse.OPEN_PERIOD);
      house.turn(follower);
      both.compare();
    } catch (AssertionError wrong) {
      throw new AssertionError("seed " + seed, wrong);
    }
  }

  private void change(Random random) {
    String id = "x" + random.nextInt(6);
    switch (random.nextInt(5)) {
      case 0 -> house.patient(id, "N" + random.nextInt(100));
      case 1 -> house.delete("Patient", id);
      case 2 -> house.weight(id, Integer.toString(random.nextInt(100)));
      case 3 -> house.delete("Observation", id);
      default -> house.device(id, "6" + random.nextInt(10) + " E 7" + random.nextInt(10));
    }
  }
}
