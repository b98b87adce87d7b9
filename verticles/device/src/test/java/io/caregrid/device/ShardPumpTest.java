package io.caregrid.device;

import static io.caregrid.device.Readings.TOPIC;
import static io.caregrid.device.Readings.heartRate;
import static io.caregrid.device.Readings.source;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.ShardConfig;
import io.caregrid.cluster.Source;
import io.caregrid.cluster.Topics;
import io.caregrid.store.Progress;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ShardPumpTest {
  private static final String LOG = KafkaConfig.DEFAULT.measurements();
  private static final ShardConfig CONFIG = new ShardConfig(10, 1 << 20, Duration.ofSeconds(1), 20, 0.5,
      Duration.ofMinutes(1),
      Duration.ofSeconds(1), Duration.ofSeconds(60));

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final MemoryTarget target = new MemoryTarget();
  private final MockConsumer<byte[], byte[]> log = new MockConsumer<>("none");
  private Vertx vertx;
  private ShardPump pump;
  private ChosenShards shards;
  private ShardConfig config = CONFIG;

  @BeforeEach
  void open() {
    vertx = Vertx.vertx();
    for (int shard = 0; shard < 4; shard++) {
      log.updateBeginningOffsets(Map.of(partition(shard), 0L));
      log.updateEndOffsets(Map.of(partition(shard), 0L));
    }
  }

  @AfterEach
  void close() {
    if (pump != null) pump.stop().await();
    vertx.close().await();
  }

  @Test
  void aShardGoesOnWhereTheTargetIs() {
    target.rows.put(1, new Progress(5, Map.of(source(0, 0).stream(), source(0, 4))));
    log.updateEndOffsets(Map.of(partition(1), 8L));

    pump(Set.of(1));
    for (int offset = 0; offset < 8; offset++) send(1, offset);

    Await.until("three events applied", () -> target.positions(1).equals(List.of(5L, 6L, 7L)));
    assertEquals(5, target.batches().get(0).from());
    assertEquals(8, target.rows.get(1).applied());
  }

  @Test
  void whatCarriesNothingStillMovesThePosition() {
    pump(Set.of(0));
    RecordHeaders probe = new RecordHeaders();
    probe.add(Topics.PROBE, new byte[0]);
    deliver(Readings.record(LOG, 0, 0, probe, new byte[0]));

    Await.until("probe counted as read", () -> target.rows.get(0).applied() == 1);
    send(0, 1);

    Await.until("event applied", () -> target.rows.get(0).applied() == 2);
    assertEquals(List.of(1L), target.positions(0));
  }

  @Test
  void whatCannotBeReadIsHandedOnAsADeadLetter() {
    pump(Set.of(0));
    deliver(Readings.record(LOG, 0, 0, new RecordHeaders(), "{\"Type\":".getBytes()));
    deliver(Readings.record(LOG, 0, 1, new RecordHeaders().add(Source.HEADER, new byte[3]), "{}".getBytes()));
    deliver(Readings.record(LOG, 0, 2, new RecordHeaders(), new byte[] {0, 0, (byte) 0xfe, (byte) 0xff, 1, 2, 3, 4}));

    Await.until("three moved over", () -> target.rows.get(0).applied() == 3);
    List<Batch.Event> events = target.batches().stream().flatMap(batch -> batch.events().stream()).toList();
    assertTrue(events.stream().allMatch(event -> event.letter().reason().equals("malformed-measurement")));
    assertEquals(new Source(TOPIC, 0, 2, 0), events.get(2).letter().source());
  }

  @Test
  void aRecordWithoutASourceIsItsOwn() {
    pump(Set.of(0));
    deliver(Readings.record(LOG, 0, 0, null, heartRate("a", 0, "70")));
    deliver(Readings.record(LOG, 0, 1, null, heartRate("a", 1, "71")));

    Await.until("both applied", () -> target.positions(0).equals(List.of(0L, 1L)));
  }

  @Test
  void aLogThatBeginsAfterTheTargetStopsItsShardOnly() {
    log.updateBeginningOffsets(Map.of(partition(0), 7L));
    log.updateEndOffsets(Map.of(partition(0), 9L));

    pump(Set.of(0, 1));
    Await.until("stopped", () -> stopped(Stop.LOG_BEGINS_AFTER_APPLIED) == 1);
    Await.until("the other runs", () -> log.assignment().equals(Set.of(partition(1))));
    send(1, 0);

    Await.until("the other goes on", () -> target.positions(1).equals(List.of(0L)));
  }

  @Test
  void aLogThatEndsBeforeTheTargetStopsItsShard() {
    target.rows.put(0, new Progress(10, Map.of()));
    log.updateEndOffsets(Map.of(partition(0), 9L));

    pump(Set.of(0));

    Await.until("stopped", () -> stopped(Stop.LOG_ENDS_BEFORE_APPLIED) == 1);
    assertTrue(log.assignment().isEmpty());
  }

  @Test
  void aLogThatWasCutAndHasGrownAgainStopsItsShard() {
    target.rows.put(0, new Progress(10, Map.of(source(0, 0).stream(), source(0, 20))));
    log.updateEndOffsets(Map.of(partition(0), 15L));
    pump(Set.of(0));
    Await.until("open", () -> log.assignment().contains(partition(0)));

    deliver(Readings.record(LOG, 0, 8, source(0, 20), heartRate("a", 0, "70")));
    deliver(Readings.record(LOG, 0, 9, source(0, 21), heartRate("a", 1, "70")));

    Await.until("stopped", () -> stopped(Stop.LOG_REWRITTEN) == 1);
    assertEquals(List.of(), target.positions(0));
  }

  @Test
  void aPositionLostWhileRunningStopsTheShard() {
    pump(Set.of(0));
    Await.until("open", () -> log.assignment().contains(partition(0)) && log.paused().isEmpty());

    log.updateBeginningOffsets(Map.of(partition(0), 100L));
    log.setPollException(new OffsetOutOfRangeException(Map.of(partition(0), 0L)));

    Await.until("stopped", () -> stopped(Stop.LOG_BEGINS_AFTER_APPLIED) == 1);
  }

  /** False also between its assignment and its first seek, and when it is let go meanwhile. */
  private boolean isAt(int shard, long position) {
    try {
      return log.assignment().contains(partition(shard)) && log.position(partition(shard)) == position;
    } catch (NoOffsetForPartitionException | IllegalStateException notYet) {
      return false;
    }
  }

  @Test
  void retentionThatTakesWhatWasOnlyLookedBackAtDoesNotStopTheShard() {
    target.rows.put(0, new Progress(10, Map.of()));
    log.updateEndOffsets(Map.of(partition(0), 10L));
    pump(Set.of(0));
    Await.until("open", () -> log.assignment().contains(partition(0)) && log.paused().isEmpty());

    log.updateBeginningOffsets(Map.of(partition(0), 5L));
    log.setPollException(new OffsetOutOfRangeException(Map.of(partition(0), 0L)));
    Await.until("looks back from where the log begins now",
        () -> stopped(Stop.LOG_ENDS_BEFORE_APPLIED) == 1
            || isAt(0, 5));
    send(0, 10);

    Await.until("goes on", () -> target.positions(0).equals(List.of(10L)));
    assertEquals(0, stopped(Stop.LOG_ENDS_BEFORE_APPLIED));
  }

  @Test
  void itIsReadyWhenEveryShardItOwnsHasOpened() {
    target.away = true;
    pump(Set.of(0, 1));
    Await.until("asked in vain", () -> target.asked.get() > 2);
    assertFalse(pump.ready());

    target.away = false;
    Await.until("ready", () -> pump.ready());

    pump.stop().await();
    Await.until("not ready", () -> !pump.ready());
    pump = null;
  }

  @Test
  void stoppingEndsAlsoWhenTheConsumerCannotBeClosed() {
    MockConsumer<byte[], byte[]> stuck = new MockConsumer<>("none") {
      @Override
      public void close(CloseOptions option) {
        throw new KafkaException("stuck");
      }

      @Override
      public void close() {
        throw new KafkaException("stuck");
      }
    };
    ShardPump other = new ShardPump(vertx, new ChosenShards(4, Set.of()), target, TOPIC, KafkaConfig.DEFAULT, CONFIG,
        new ShardMetrics(new SimpleMeterRegistry()), () -> stuck);
    other.start().await();

    other.stop().timeout(60, TimeUnit.SECONDS).await();
  }

  @Test
  void aMissingRowStopsTheShard() {
    pump(Set.of());
    target.rows.remove(2);

    shards.own(Set.of(2));

    Await.until("stopped", () -> stopped(Stop.NO_PROGRESS) == 1);
  }

  @Test
  void aFullShardIsPausedAloneAndResumedWhenItHasDrained() {
    Promise<Void> gate = target.shut();
    pump(Set.of(0, 1));
    for (int offset = 0; offset < 40; offset++) send(0, offset);
    Await.until("paused", () -> log.paused().equals(Set.of(partition(0))));

    gate.complete();

    Await.until("resumed", () -> log.paused().isEmpty());
    Await.until("all applied", () -> target.positions(0).size() == 40);
  }

  @Test
  void whatKeepsAShardPausedIsWrittenBeforeItsAge() {
    Duration never = Duration.ofMinutes(5); // also for what is written without events: that is as dear
    config = new ShardConfig(20, 1 << 20, never, 20, 0.5, Duration.ofMinutes(1), never, Duration.ofSeconds(60));
    pump(Set.of(0));
    target.took = Duration.ofMinutes(5); // two so dear writes, and what is no full batch waits for its age
    for (int offset = 0; offset < 2; offset++) {
      send(0, offset);
      int next = offset + 1;
      Await.until("applied", () -> target.rows.get(0).applied() == next);
    }

    Promise<Void> gate = target.shut(); // else the full batch may be written before the pump looks, and the rest is no reason to pause
    log.schedulePollTask(() -> IntStream.range(2, 37).mapToObj(this::record).forEach(log::addRecord));
    Await.until("paused", () -> log.paused().equals(Set.of(partition(0))));
    gate.complete();

    Await.until("the full batch and what is left of it", () -> target.rows.get(0).applied() == 37);
    Await.until("resumed", () -> log.paused().isEmpty());
  }

  @Test
  void aFailedWriteReopensTheShardWhereTheTargetIs() {
    pump(Set.of(0));
    Await.until("open", () -> log.assignment().contains(partition(0)));
    Promise<Void> gate = target.shut(); // until all are there: after a crash nobody reads the partition
    for (int offset = 0; offset < 3; offset++) send(0, offset);
    Await.until("offered", () -> meters.get(ShardMetrics.BACKLOG).gauge().value() == 3);
    target.away = true;
    gate.complete();
    Await.until("crashed", () -> meters.get(ShardMetrics.CRASHES).counter().count() > 0);
    Await.until("closed", () -> log.assignment().isEmpty());

    target.away = false;
    Await.until("open again", () -> !log.assignment().isEmpty());
    for (int offset = 0; offset < 3; offset++) send(0, offset);

    Await.until("applied once", () -> target.positions(0).equals(List.of(0L, 1L, 2L)));
  }

  @Test
  void aTargetThatSilentlyWentBackIsNoticedWithoutEvents() {
    pump(Set.of(0));
    for (int offset = 0; offset < 3; offset++) send(0, offset);
    Await.until("applied", () -> target.rows.get(0).applied() == 3);
    log.updateEndOffsets(Map.of(partition(0), 3L));

    target.goBack(0, new Progress(1, Map.of()));
    Await.until("noticed", () -> meters.get(ShardMetrics.CRASHES).counter().count() > 0);
    Await.until("open again", () -> isAt(0, 0));
    for (int offset = 0; offset < 3; offset++) send(0, offset);

    Await.until("replayed", () -> target.rows.get(0).applied() == 3);
    assertEquals(List.of(0L, 1L, 2L, 1L, 2L), target.positions(0));
  }

  @Test
  void anEventThatCannotBeStoredIsCorneredAndSetAside() {
    target.poison = event -> event.position() == 5;
    shards = new ChosenShards(4, Set.of(0));
    start(shards);
    List<ConsumerRecord<byte[], byte[]>> records = IntStream.range(0, 9).mapToObj(this::record).toList();
    log.updateEndOffsets(Map.of(partition(0), 9L));
    Thread feeder = new Thread(() -> feed(records));
    feeder.start();

    Await.until("all but one applied", () -> target.rows.get(0).applied() == 9);
    feeder.interrupt();
    assertEquals(List.of(5L), target.buried());
    assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 6L, 7L, 8L), target.positions(0));
  }

  @Test
  void aShardThatMovesAwayIsDrainedFirst() {
    Promise<Void> gate = target.shut();
    pump(Set.of(0, 1));
    for (int offset = 0; offset < 5; offset++) send(0, offset);
    Await.until("offered", () -> meters.get(ShardMetrics.BACKLOG).gauge().value() == 5);

    shards.own(Set.of(1));
    Await.until("not read any more", () -> log.assignment().equals(Set.of(partition(1))));
    gate.complete();

    Await.until("drained", () -> target.rows.get(0).applied() == 5);
    Await.until("nothing waits", () -> meters.get(ShardMetrics.BACKLOG).gauge().value() == 0);
  }

  @Test
  void stoppingWritesWhatIsOpen() {
    pump(Set.of(0));
    for (int offset = 0; offset < 5; offset++) send(0, offset);
    Await.until("offered", () -> isAt(0, 5));

    pump.stop().await();

    assertEquals(5, target.rows.get(0).applied());
    assertTrue(log.closed());
    pump = null;
  }

  // ---- the log as a test fills it

  private void pump(Set<Integer> mine) {
    shards = new ChosenShards(4, mine);
    start(shards);
    Set<Integer> rows = target.rows.keySet();
    assertEquals(4, rows.size());
  }

  private void start(ChosenShards table) {
    pump = new ShardPump(vertx, table, target, TOPIC, KafkaConfig.DEFAULT, config, new ShardMetrics(meters), () -> log);
    pump.firstPause = Duration.ofMillis(20);
    pump.connected = consumer -> true;
    pump.start().await();
  }

  private void send(int shard, long offset) {
    deliver(Readings.record(LOG, shard, offset, source(0, offset), heartRate("a", (int) offset, "70")));
  }

  private ConsumerRecord<byte[], byte[]> record(int offset) {
    return Readings.record(LOG, 0, offset, source(0, offset), heartRate("a", offset, "70"));
  }

  private void deliver(ConsumerRecord<byte[], byte[]> record) {
    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
    Await.until("partition read", () -> log.assignment().contains(partition));
    log.addRecord(record);
  }

  /** MockConsumer forgets what it has handed out; a broker does not. */
  private void feed(List<ConsumerRecord<byte[], byte[]>> records) {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        for (ConsumerRecord<byte[], byte[]> record : records) log.addRecord(record);
        Thread.sleep(5);
      } catch (IllegalStateException notAssigned) {
        Thread.onSpinWait();
      } catch (InterruptedException over) {
        return;
      }
    }
  }

  private static TopicPartition partition(int shard) {
    return new TopicPartition(LOG, shard);
  }

  private double stopped(Stop reason) {
    return meters.get(ShardMetrics.STOPPED).tag("reason", reason.tag()).gauge().value();
  }

}
