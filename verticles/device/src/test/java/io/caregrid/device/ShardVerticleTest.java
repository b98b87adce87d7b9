package io.caregrid.device;

import static io.caregrid.device.Readings.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.Addresses;
import io.caregrid.cluster.ShardConfig;
import io.caregrid.contract.Live;
import io.caregrid.contract.RecordCodec;
import io.caregrid.store.Progress;
import io.caregrid.store.ShardKey;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ShardVerticleTest {
  private static final ShardKey KEY = new ShardKey(ShardKey.STORE, Readings.TOPIC, 0, 7);

  private final Vertx vertx = Vertx.vertx();
  private final MemoryTarget target = new MemoryTarget();
  private final List<Throwable> crashes = new CopyOnWriteArrayList<>();
  private final AtomicLong now = new AtomicLong();
  private final Bisection bisection = new Bisection(Duration.ofSeconds(1), now::get);
  private final ShardMetrics metrics = new ShardMetrics(new SimpleMeterRegistry());

  @BeforeEach
  void seed() {
    target.rows.put(7, new Progress(100, Map.of()));
  }

  @AfterEach
  void close() {
    vertx.close().await();
  }

  @Test
  void undeployKeepsTheOpenBatch() {
    ShardVerticle shard = shard(config(100, Duration.ofMinutes(5), Duration.ofSeconds(60)));
    String id = vertx.deployVerticle(shard).await();

    shard.offer(batch(100, 103, "a"));
    vertx.undeploy(id).await();

    assertEquals(List.of(100L, 101L, 102L), target.positions(7));
    assertEquals(0, metrics.backlog.get());
  }

  @Test
  void aHandOffThatTakesTooLongIsAbandoned() {
    var gate = target.shut();
    ShardVerticle shard = shard(config(100, Duration.ofSeconds(30), Duration.ofSeconds(1)));
    String id = vertx.deployVerticle(shard).await();
    shard.offer(batch(100, 103, "a"));

    long start = System.nanoTime();
    vertx.undeploy(id).await();

    assertTrue(Duration.ofNanos(System.nanoTime() - start).toMillis() >= 900);
    assertEquals(List.of(), target.positions(7));
    assertEquals(0, metrics.backlog.get());
    gate.complete();
  }

  @Test
  void aFullBatchIsWrittenAtOnceAndNoBatchIsLargerThanAllowed() {
    ShardVerticle shard = shard(config(10, Duration.ofMinutes(5), Duration.ofSeconds(60)));
    String id = vertx.deployVerticle(shard).await();
    target.took = Duration.ofMinutes(5); // so dear that what is not full waits for batchAge

    shard.offer(batch(100, 155, "a"));
    Await.until("five full batches", () -> target.positions(7).size() >= 50);
    vertx.undeploy(id).await();

    assertEquals(LongStream.range(100, 155).boxed().toList(), target.positions(7));
    assertTrue(target.batches().stream().allMatch(batch -> batch.events().size() <= 10));
  }

  @Test
  void aQuietShardWritesWithinASecondOrSo() {
    ShardVerticle shard = shard(config(100, Duration.ofMinutes(5), Duration.ofSeconds(60)));
    vertx.deployVerticle(shard).await();

    for (int i = 0; i < 3; i++) {
      int written = i + 1;
      shard.offer(batch(100 + i, 101 + i, "a"));
      Await.until("reading " + written, () -> target.positions(7).size() == written);
    }
  }

  @Test
  @Tag("full")
  void oneSlowWriteDoesNotKeepReadersWaitingButTwoDo() {
    ShardVerticle shard = shard(config(100, Duration.ofMinutes(5), Duration.ofSeconds(60)));
    vertx.deployVerticle(shard).await();
    writes(shard, 100);

    target.took = Duration.ofSeconds(30); // with 4 shards and half a connection's time: a pause of 4 minutes
    writes(shard, 101);
    writes(shard, 102);
    shard.offer(batch(103, 104, "a"));

    AssertionError late = assertThrows(AssertionError.class,
        () -> Await.until("reading 103", Duration.ofSeconds(3), () -> target.positions(7).contains(103L)));
    assertTrue(late.getMessage().contains("reading 103"), late.getMessage());
  }

  private void writes(ShardVerticle shard, long position) {
    shard.offer(batch((int) position, (int) position + 1, "a"));
    Await.until("reading " + position, () -> target.positions(7).contains(position));
  }

  @Test
  void whatThereIsNoRoomBesideIsWrittenBeforeItsAge() {
    ShardVerticle shard = shard(config(100, Duration.ofMinutes(5), Duration.ofSeconds(60)));
    vertx.deployVerticle(shard).await();
    target.took = Duration.ofMinutes(5); // two so dear writes, and the next one waits for batchAge
    writes(shard, 100);
    writes(shard, 101);
    shard.offer(batch(102, 103, "a"));

    shard.hurry();

    Await.until("reading 102", () -> target.positions(7).contains(102L));
  }

  @Test
  void watchersDoNotWaitForABatchThatIsBeingWritten() {
    vertx.eventBus().registerDefaultCodec(Live.Watch.class, new RecordCodec<>(Live.Watch.class));
    vertx.eventBus().registerDefaultCodec(Live.Vitals.class, new RecordCodec<>(Live.Vitals.class));
    List<String> told = new CopyOnWriteArrayList<>();
    vertx.eventBus().<Live.Vitals>consumer("watcher", vitals -> told.add(vitals.body().device()));
    ShardVerticle shard = shard(config(100, Duration.ofSeconds(30), Duration.ofSeconds(1)));
    vertx.deployVerticle(shard).await();
    vertx.eventBus().publish(Addresses.LIVE_WATCH, new Live.Watch("watcher", null));
    var gate = target.shut();
    shard.offer(batch(100, 101, "a"));
    Await.until("a write under way", () -> target.waiting.get() == 1);

    shard.offer(batch(101, 102, "b"));

    Await.until("told", () -> told.contains("b"));
    assertEquals(List.of(), target.positions(7));
    gate.complete();
  }

  @Test
  void onlyWhatFollowsIsAccepted() {
    ShardVerticle shard = shard(config(100, Duration.ofMinutes(5), Duration.ofSeconds(60)));
    vertx.deployVerticle(shard).await();

    shard.offer(batch(100, 101, "a"));
    shard.offer(batch(102, 103, "a"));

    Await.until("crashed", () -> crashes.size() == 1);
    assertEquals(0, shard.waitingEvents());
  }

  @Test
  void anEmptyBatchFindsATargetThatWentBack() {
    vertx.deployVerticle(shard(config(100, Duration.ofMinutes(5), Duration.ofSeconds(60), Duration.ofSeconds(1))))
        .await();

    target.goBack(7, new Progress(99, Map.of()));

    Await.until("noticed", () -> crashes.size() == 1 && crashes.get(0) instanceof Target.Gap);
  }

  @Test
  void whatIsRefusedAloneForFiveMinutesIsSetAsideAndOutagesAreNoRefusals() {
    target.away = true;
    for (int life = 0; life < 6; life++) live(Duration.ofMinutes(1));
    assertTrue(bisection.cornered());
    target.away = false;
    target.unwilling = true;
    for (int life = 0; life < 11; life++) live(Duration.ofSeconds(30));
    assertEquals(List.of(), target.buried(), "five minutes after the first refusal it is no wonder yet");

    target.full = true;
    live(Duration.ofSeconds(30));
    assertEquals(List.of(), target.buried());
    assertTrue(bisection.hopeless(), "it could not be set aside: nothing is forgotten");
    target.full = false;
    deployed();

    Await.until("set aside", () -> bisection.limit() == Integer.MAX_VALUE);
    assertEquals(List.of(100L), target.buried());
    assertEquals(18, crashes.size());
  }

  /** One life of the shard, which ends with a crash. */
  private void live(Duration later) {
    int before = crashes.size();
    now.addAndGet(later.toNanos());
    deployed();
    Await.until("crashed", () -> crashes.size() > before);
  }

  private void deployed() {
    ShardVerticle shard = shard(config(100, Duration.ofMinutes(5), Duration.ofSeconds(60)));
    vertx.deployVerticle(shard).await();
    shard.offer(batch(100, 101, "a"));
  }

  private ShardVerticle shard(ShardConfig config) {
    return new ShardVerticle(KEY, 100, bisection, config, target, () -> 4,
        new ShardVerticle.Supervisor() {
          @Override
          public void persisted(ShardVerticle shard, long applied) {
            assertTrue(applied <= target.rows.get(7).applied());
          }

          @Override
          public void crashed(ShardVerticle shard, Throwable cause) {
            crashes.add(cause);
          }
        }, metrics);
  }

  /** Writes nothing by itself while there are no events. */
  private static ShardConfig config(int events, Duration age, Duration handoff) {
    return config(events, age, handoff, Duration.ofMinutes(10));
  }

  private static ShardConfig config(int events, Duration age, Duration handoff, Duration idleCheck) {
    return new ShardConfig(events, 1 << 20, age, 1000, 0.5, Duration.ofMinutes(1), idleCheck, handoff);
  }
}
