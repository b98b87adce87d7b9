package io.caregrid.device;

import io.caregrid.store.Progress;
import io.caregrid.store.ShardKey;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.UUID;

/** Where the shards' events take effect: the store, or a remote FHIR server. Called on any context; every future may fail. */
public interface Target {
  /** The name under which progress is kept: {@link ShardKey#STORE} for the store. */
  String name();

  /** Makes the rows of all shards at position 0 if this target has never seen this topic; otherwise changes nothing. */
  Future<Void> seed(UUID topicId, int shards);

  /** The epoch that counts for this topic; an operator raises it. */
  Future<Integer> epoch(UUID topicId);

  /** Where this shard goes on. {@code Failure.NotFound} when its row is missing: then it must not run. */
  Future<Progress> progress(ShardKey key);

  /**
   * Brings this batch into effect, once, whoever else tries the same.
   *
   * @return how it went; fails with {@link Gap} when the batch begins beyond what is in effect, with {@link Rewritten} when the log is not the one
   *         that was applied
   */
  Future<Written> write(ShardKey key, Batch batch);

  /** Moves over a batch of one event, which is kept as a dead letter: it has failed with {@code cause} again and again. */
  Future<Written> bury(ShardKey key, Batch batch, Throwable cause);

  /** True when the event is at fault and trying again will not help; never for an outage. */
  boolean isDataError(Throwable cause);

  /** True when the target was there and would not: when it does for one event alone, for minutes, it is the event's fault. Never for an outage. */
  default boolean isRefusal(Throwable cause) {
    return isDataError(cause);
  }

  /** Id of the Patient this device was linked to when it was last asked for, or null. Never waits. */
  String patientOf(String device);

  /**
   * @param applied position up to which the shard is now in effect
   * @param took    time the target was busy with it, without waiting for a turn
   */
  record Written(long applied, Duration took) {}

  /** The target is behind where this batch begins: it was restored, or the batch was read by mistake. The shard must be read again from the target's position. */
  final class Gap extends RuntimeException {
    private static final long serialVersionUID = 1;

    Gap(int shard, long applied, long from) {
      super("shard " + shard + " is in effect up to " + applied + ", a batch from " + from + " would leave a gap", null,
          false, false);
    }
  }

  /** An event before what is in effect is not one of those that are: the log was cut and has grown anew. To go on would lose events silently. */
  final class Rewritten extends RuntimeException {
    private static final long serialVersionUID = 1;

    Rewritten(int shard, long position) {
      super("shard " + shard + " has another event at " + position + " than the one that is in effect", null, false,
          false);
    }
  }
}
