package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.table.Step;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.engines.Child;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A process that keeps the lake is killed without warning at each of its steps; then another one goes on. */
@ExtendWith(Engines.class)
@Tag("full")
class LakeCrashIT {
  private static final String REACHED = "reached";

  /** The process: one turn and what upkeep there is, standing still at a step until it is killed. */
  public static void main(String[] arguments) throws IOException {
    DatabaseConfig config = new DatabaseConfig(arguments[0], Integer.parseInt(arguments[1]), arguments[2],
        arguments[3], arguments[4], 4);
    Step at = Step.valueOf(arguments[6]);
    Step.Watch watch = step -> {
      if (step != at) return;
      System.out.println(REACHED);
      while (true) LockSupport.park();
    };
    try (LakeHouse house = new LakeHouse(config, Path.of(arguments[5]))) {
      live(house, watch);
    }
  }

  private static void live(LakeHouse house, Step.Watch watch) throws IOException {
    Follower follower = house.follower(house.objects, watch);
    house.turn(follower);
    Upkeep upkeep = house.upkeep(watch);
    house.keep(follower, upkeep);
  }

  private static boolean killedAt(LakeHouse house, Step step) throws Exception {
    return Child.run(LakeCrashIT.class, List.of("-Xmx512m"), REACHED::equals, house.config.host(),
        Integer.toString(house.config.port()), house.config.database(), house.config.user(), house.config.password(),
        house.folder.toString(), step.name()).contains(REACHED);
  }

  @Test
  void killedAtAnyStepLosesNothingAndRepeatsNothing(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    try (LakeHouse house = new LakeHouse(postgres, folder)) {
      StoreAndLake both = new StoreAndLake(house.database, house.objects, folder);
      house.patient("p", "Zero");
      house.device("d", "60");
      assertTrue(killedAt(house, Step.REBUILD_SCANNED));
      int round = 0;
      for (Step step : List.of(Step.FILE_WRITTEN, Step.TABLE_COMMITTED, Step.HEAD_PUBLISHED, Step.CURSOR_COMMITTED,
          Step.MERGE_PREPARED)) {
        live(house, Step.Watch.NONE);
        both.compare();
        round++;
        house.patient("p", "Name" + round);
        house.patient("q" + round, "New");
        house.weight("w", "70." + round);
        house.device("d", "60 " + round);
        house.clock.move(LakeHouse.OPEN_PERIOD);

        assertTrue(killedAt(house, step), "never came to " + step);
      }
      live(house, Step.Watch.NONE);
      both.compare();
    }
  }
}
