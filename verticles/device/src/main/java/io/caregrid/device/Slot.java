package io.caregrid.device;

import io.caregrid.contract.NodeReport;
import io.caregrid.store.ShardKey;
import java.time.Duration;
import java.util.Locale;
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
  /** Everything before it is in the target; -1 until it is known. */
  long applied = -1;
  /** Why its last life here ended; null when none did. */
  String error;
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

  /** @param ahead records in the log beyond {@link #position}, or -1 when that is not known */
  NodeReport.Shard report(long ahead) {
    long backlog = verticle == null ? 0 : verticle.waitingEvents();
    long lag = ahead < 0 || applied < 0 ? -1 : ahead + position - applied;
    return new NodeReport.Shard(shard, state.name().toLowerCase(Locale.ROOT), applied, lag, backlog, error);
  }

  /** True when it has lived here, however it fares now, or was stopped. */
  boolean hasOpened() {
    return deployment != null || state == State.STOPPED;
  }
}
