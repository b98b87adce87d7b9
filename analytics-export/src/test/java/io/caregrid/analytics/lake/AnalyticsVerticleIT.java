package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.table.KeyedTable;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.cluster.S3Config;
import io.caregrid.cluster.SqlConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Sequencer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Engines.class)
class AnalyticsVerticleIT {
  static final LakeConfig QUICK = new LakeConfig("", false, Duration.ofMillis(200), Duration.ofSeconds(1),
      Duration.ofMinutes(1), Duration.ofSeconds(10), Duration.ofMinutes(5), S3Config.DEFAULT,
      SqlConfig.DEFAULT);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private LakeHouse house;
  private StoreAndLake both;
  private Sequencer sequencer;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) throws IOException {
    house = new LakeHouse(postgres, folder);
    both = new StoreAndLake(house.database, house.objects, folder);
    sequencer = Sequencer.start(house.database);
  }

  @AfterEach
  void close() {
    LakeHouse.get(sequencer.stop());
    house.close();
  }

  private String deploy(String scratch) {
    return LakeHouse.get(AnalyticsVerticle.deploy(house.vertx,
        new AnalyticsVerticle(house.database, QUICK, house.objects, house.folder.resolve(scratch), registry)));
  }

  static void until(String what, Callable<Boolean> condition) throws Exception {
    Instant deadline = Instant.now().plusSeconds(180);
    while (!condition.call()) {
      assertTrue(Instant.now().isBefore(deadline), "not within three minutes: " + what);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  /** Until a head says that it has everything that was there before. */
  private void untilFollowed() throws Exception {
    long position = LakeHouse.get(new io.caregrid.store.Export(house.database).seen(LakeHouse.CALLER)).position();
    until("the lake has position " + position,
        () -> house.heads().newest() != null && house.heads().newest().safe().position() >= position);
  }

  private boolean isMerged(String table) throws IOException {
    KeyedTable kept = io.caregrid.analytics.lake.table.Catalogue.of(house.objects).resources().get(table);
    return KeyedTable.merged(kept.state().versions().snapshot()) == kept.log().versions().snapshot().version();
  }

  @Test
  void theLakeFollowsByItselfAndItsStateIsMerged() throws Exception {
    house.patient("before", "One");
    String id = deploy("one");
    until("the lake is there", () -> house.heads().newest() != null);
    house.patient("p", "One");
    house.device("d", "60");
    house.device("d", "60 61");
    house.delete("Patient", "before");
    untilFollowed();

    both.compare();
    until("it is merged", () -> isMerged("Patient") && isMerged("Observation"));
    assertTrue(registry.get(AnalyticsVerticle.LAG).timeGauge().value(TimeUnit.SECONDS) < 600);
    LakeHouse.get(house.vertx.undeploy(id));
    both.compare();
    assertTrue(registry.get(AnalyticsVerticle.COMMITS).counter().count() >= 1);
  }

  /** With room for nothing, from its first turn on: there has never been a lake, and nothing else would tell. */
  @Test
  @Tag("full")
  void aLakeThatIsLaterThanItMaySaysSoUntilItHasCaughtUp() throws Exception {
    FullStore full = new FullStore(house.objects);
    full.room = 0;
    AnalyticsVerticle verticle = new AnalyticsVerticle(house.database, QUICK, full, house.folder.resolve("late"),
        registry);
    String id = LakeHouse.get(AnalyticsVerticle.deploy(house.vertx, verticle));
    assertTrue(verticle.isOnTime());

    until("it is late", () -> !verticle.isOnTime());
    assertTrue(registry.get(AnalyticsVerticle.LAG).timeGauge().value(TimeUnit.SECONDS) >= 10);

    full.room = Integer.MAX_VALUE;
    until("it has caught up", verticle::isOnTime);
    LakeHouse.get(house.vertx.undeploy(id));
  }

  @Test
  @Tag("full")
  void ofTwoNodesOneWorksAndTheOtherTakesOver() throws Exception {
    String first = deploy("one");
    deploy("two");
    until("the lake is there", () -> house.heads().newest() != null);
    house.patient("p", "One");
    untilFollowed();
    LakeHouse.get(house.vertx.undeploy(first));
    house.patient("p", "Two");
    house.patient("q", "New");
    untilFollowed();

    both.compare();
    assertEquals(1, house.heads().newest().safe().incarnation());
  }
}
