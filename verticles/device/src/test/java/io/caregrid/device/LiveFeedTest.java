package io.caregrid.device;

import static io.caregrid.device.Readings.heartRate;
import static io.caregrid.device.Readings.source;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.caregrid.contract.Live;
import io.caregrid.contract.RecordCodec;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LiveFeedTest {
  private static final long START = 1;
  private final Vertx vertx = Vertx.vertx();
  private final List<Live.Vitals> told = new CopyOnWriteArrayList<>();
  private final LiveFeed feed = new LiveFeed(vertx.eventBus(), device -> "p-" + device, Duration.ofMinutes(1));

  @BeforeEach
  void listen() {
    vertx.eventBus().registerDefaultCodec(Live.Vitals.class, new RecordCodec<>(Live.Vitals.class));
    vertx.eventBus().<Live.Vitals>consumer("watcher", vitals -> told.add(vitals.body())).completion().await();
  }

  @AfterEach
  void close() {
    vertx.close().await();
  }

  @Test
  void aNewWatcherGetsWhatThereIs() {
    feed.accept(readings("a", 1, "b", 1), START);

    feed.watch(new Live.Watch("watcher", null), START);

    awaitTold(2);
  }

  @Test
  void aWatcherOfOneDeviceHearsNothingOfOthers() {
    feed.accept(readings("a", 1, "b", 1), START);

    feed.watch(new Live.Watch("watcher", "b"), START);
    feed.accept(readings("a", 2, "b", 2), millis(10));

    awaitTold(2);
    assertEquals(List.of("b", "b"), told.stream().map(Live.Vitals::device).toList());
    assertEquals("p-b", told.get(0).patient());
  }

  @Test
  void theFirstChangeGoesOutAtOnceAndTheNextWaitsItsTurn() {
    feed.watch(new Live.Watch("watcher", null), START);
    feed.accept(readings("a", 1), START);
    awaitTold(1);

    for (int second = 2; second < 9; second++) feed.accept(readings("a", second), millis(second * 10));
    feed.tick(millis(100));
    feed.tick(millis(600));

    awaitTold(2);
    assertEquals("68", told.get(1).readings().get("heartrate/hr").value());
  }

  @Test
  void whoDoesNotRenewIsForgotten() {
    feed.watch(new Live.Watch("watcher", null), START);
    feed.tick(millis(Live.EXPIRE_MILLIS + 1));

    feed.accept(readings("a", 1), millis(Live.EXPIRE_MILLIS + 2));
    feed.watch(new Live.Watch("watcher", null), millis(Live.EXPIRE_MILLIS + 3));

    awaitTold(1);
  }

  @Test
  void anOlderReadingDoesNotReplaceANewerOne() {
    feed.accept(readings("a", 9, "a", 3), START);

    assertEquals("69", feed.latest("a").readings().get("heartrate/hr").value());
    assertEquals(heartRate("a", 9, "").occurredAt().toEpochMilli(), feed.latest("a").seen());
  }

  @Test
  void silentDevicesAreDropped() {
    feed.accept(readings("a", 1), START);
    feed.accept(readings("b", 1), millis(50_000));

    feed.passivate(millis(70_000));

    assertNull(feed.latest("a"));
    assertEquals("61", feed.latest("b").readings().get("heartrate/hr").value());
  }

  private void awaitTold(int count) {
    Await.until(count + " told", () -> told.size() >= count);
    assertEquals(count, told.size());
  }

  private static long millis(long millis) {
    return START + Duration.ofMillis(millis).toNanos();
  }

  private static List<Batch.Event> readings(String device, int second) {
    return List.of(
        new Batch.Event(second, source(0, second), heartRate(device, second, String.valueOf(60 + second)), null, 100));
  }

  private static List<Batch.Event> readings(String device, int second, String other, int otherSecond) {
    return List.of(readings(device, second).get(0), readings(other, otherSecond).get(0));
  }
}
