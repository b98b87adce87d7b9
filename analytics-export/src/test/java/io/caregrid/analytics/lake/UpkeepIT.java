package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.store.ObjectStore.Entry;
import io.caregrid.analytics.lake.table.KeyedTable;
import io.caregrid.analytics.lake.table.LogFile;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Engines.class)
class UpkeepIT {
  private LakeHouse house;
  private StoreAndLake both;
  private Follower follower;
  private Upkeep upkeep;
  private final List<String> done = new ArrayList<>();

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

  /** Whatever is due, until nothing is. */
  private void keep() throws IOException {
    done.addAll(house.keep(follower, upkeep));
  }

  private KeyedTable patients() {
    return follower.ledger().catalogue().resources().get("Patient");
  }

  private List<LogFile> log() {
    return LogFile.all(follower.ledger().newest(patients().log()));
  }

  private Set<String> parquet(String folder) throws IOException {
    Set<String> files = new HashSet<>();
    for (Entry each : house.objects.list(folder + "/", "", 1_000))
      if (each.name().endsWith(".parquet") && !each.name().contains("_delta_log"))
        files.add(each.name().substring(folder.length() + 1));
    return files;
  }

  @Test
  @Tag("full")
  void manyCommitsAreFoldedAndNothingIsLostWhetherMergedBeforeOrAfter() throws IOException {
    for (int i = 0; i < 33; i++) {
      house.patient("p" + i % 5, "N" + i);
      house.turn(follower);
    }
    keep();
    assertTrue(done.contains("fold Patient"), done.toString());
    assertEquals(2, log().size());
    both.compare();

    for (int i = 33; i < 70; i++) {
      house.patient("p" + i % 5, "N" + i);
      house.turn(follower);
    }
    house.clock.move(Duration.ofMinutes(15));
    keep();

    both.compare();
    assertTrue(log().size() < 10, log().toString());
    house.turn(house.follower());
    both.compare();
  }

  @Test
  void whatWasMergedGoesOutOfTheLogOfVitals() throws IOException {
    house.weight("w", "70");
    house.turn(follower);
    keep();
    house.weight("w", "71");
    house.turn(follower);
    house.clock.move(Duration.ofMinutes(15));
    keep();

    KeyedTable vitals = follower.ledger().catalogue().vitals();
    assertEquals(0, follower.ledger().newest(vitals.log()).files().size());
    both.compare();
  }

  @Test
  void whatATableRemovedIsDeletedADayLaterAndLitterAnHourLaterAndWhatIsNeededStays() throws IOException {
    for (int i = 0; i < 3; i++) {
      house.patient("p", "N" + i);
      house.turn(follower);
      house.clock.move(Duration.ofMinutes(15));
      keep();
    }
    String folder = patients().state().folder();
    String litter = folder + "/00000000000000000001-litter.parquet";
    house.objects.put(litter, new byte[] {1});
    int before = parquet(folder).size();
    assertTrue(before > 2, "nothing was removed yet");

    house.clock.move(Duration.ofHours(2));
    keep();
    assertNull(house.objects.head(litter));
    assertEquals(before - 1, parquet(folder).size());
    follower = house.follower();
    house.turn(follower);

    house.clock.move(Duration.ofHours(25));
    keep();
    assertEquals(follower.ledger().newest(patients().state()).files().keySet(), parquet(folder));
    assertTrue(house.objects.list("_lake/heads/", "", 1_000).size() <= 2);
    both.compare();
    house.patient("p", "After");
    house.turn(house.follower());
    both.compare();
  }

  @Test
  @Tag("full")
  void aLogOfManyVersionsHasACheckpoint() throws IOException {
    for (int i = 0; i < 101; i++) {
      house.patient("p", "N" + i);
      house.turn(follower);
    }

    assertNotNull(house.objects.head(patients().log().folder() + "/_delta_log/_last_checkpoint"));
    follower = house.follower();
    house.turn(follower);
    both.compare();
  }
}
