package io.caregrid.device;

import io.caregrid.store.ShardKey;
import java.time.Duration;
import org.apache.kafka.common.TopicPartition;

/**
 * What the pump knows of one shard. A life: opening → running → closing or, after a failed write, resting → opening; stopped when the log and the
 * target contradict each other. Belongs to the pump's thread.
 */
final class Slot {
  enum State {
    OPENING, RUNNING, CLOSING, RESTING, STOPPED
  }

  final int shard;
  final TopicPartition partition;
  final Bisection bisection;
  State state = State.OPENING;
  ShardKey key;
  ShardVerticle verticle;
  String deployment;
  SourceMarks lookBack;
  long position;
  long committable = -1;
  /** In the consumer's assignment: paused until the shard is running. */
  boolean assigned;
  boolean paused;
  long again;
  Stop reason;

  Slot(int shard, String topic, Duration firstPause) {
    this.shard = shard;
    this.bisection = new Bisection(firstPause);
    this.partition = new TopicPartition(topic, shard);
  }

  /** True when it has lived here, however it fares now, or was stopped. */
  boolean hasOpened() {
    return deployment != null || state == State.STOPPED;
  }
}
