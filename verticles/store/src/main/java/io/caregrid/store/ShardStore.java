package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * What devices send goes in here: data and progress in one transaction (SHARDING.md, "The heart").
 */
public final class ShardStore {
  /** The longest a batch may take; whoever comes later still waits for its row. */
  private static final int BATCH_MINUTES = 5;
  /** What capture rules know of a device that has been silent for longer than this is let go, with the next batch that has a rule. */
  static final int CAPTURED_DAYS = 30;
  /** What thresholds know of one, likewise, unless something that was found lasts. */
  static final int JUDGED_DAYS = 30;
  private static final String SEED = """
      insert into shard_progress (target, topic_id, epoch, shard, applied, sources)
      select $1, $2, $3, shard, $5, '{}' from generate_series(0, $4 - 1) as shard on conflict do nothing""";
  private static final String EPOCH = "select coalesce(max(epoch), 0) as epoch from shard_progress where target = $1 and topic_id = $2";
  private static final String PROGRESS = """
      select applied, sources from shard_progress where target = $1 and topic_id = $2 and epoch = $3 and shard = $4""";

  private final Database database;
  private final Clock clock;
  private final Reindexing reindexing;

  public ShardStore(Database database) {
    this(database, Clock.systemUTC());
  }

  ShardStore(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
    this.reindexing = new Reindexing(database);
  }

  /** Inserts the missing rows of all shards of this topic at {@code from}; existing rows stay. */
  public Future<Void> seed(Caller caller, ShardKey first, int shards, long from) {
    Tuple values = Tuple.of(first.target(), first.topicId(), first.epoch(), shards, from);
    return database.ask(SEED, values).<Void>mapEmpty().recover(Failures::recover);
  }

  /** The highest epoch of this target and topic, 0 when there is none. */
  public Future<Integer> epoch(Caller caller, String target, UUID topicId) {
    return database.ask(EPOCH, Tuple.of(target, topicId))
        .map(rows -> rows.iterator().next().getInteger("epoch"))
        .recover(Failures::recover);
  }

  /** Where to go on. NotFound when the row is missing: that shard must not run. */
  public Future<Progress> progress(Caller caller, ShardKey key) {
    return database.ask(PROGRESS, values(key))
        .map(rows -> progress(key, rows))
        .recover(Failures::recover);
  }

  /**
   * Runs {@code work} in one transaction that holds this shard's row ({@code SELECT … FOR UPDATE}); commits when its future succeeds, rolls back when it
   * fails. Conflict 409 after a deadlock or a lost race, Busy 503 when the database is away: the same batch may be tried again.
   */
  public <T> Future<T> inShard(Caller caller, ShardKey key, Function<Transaction, Future<T>> work) {
    return reindexing.isLeft("Observation") // asked before: who has a connection waits for no other
        .compose(outdated -> database.pool()
            .withTransaction(connection -> locked(connection, key).compose(
                progress -> work.apply(new ShardTransaction(database, connection, key, progress, clock, outdated)))))
        .timeout(BATCH_MINUTES, TimeUnit.MINUTES)
        .recover(Failures::recover);
  }

  private static Future<Progress> locked(SqlConnection connection, ShardKey key) {
    return connection.preparedQuery(PROGRESS + " for update").execute(values(key)).map(rows -> progress(key, rows));
  }

  static Tuple values(ShardKey key) {
    return Tuple.of(key.target(), key.topicId(), key.epoch(), key.shard());
  }

  private static Progress progress(ShardKey key, RowSet<Row> rows) {
    if (rows.size() == 0)
      throw new Failure.NotFound("There is no progress for " + key + "; seed the topic's shards first");
    Row row = rows.iterator().next();
    return new Progress(row.getLong("applied"), Sources.read(row.getJsonObject("sources")));
  }

  /** The transaction of one batch. */
  public interface Transaction {
    /** As read under the lock. */
    Progress progress();

    /**
     * Locks these Observations in id order and gives those that exist, by id. A deleted one has no body; of one that is
     * {@link Stored#unreadable} whoever writes it keeps what is there in the history.
     */
    Future<Map<String, Stored>> lockObservations(Collection<String> ids);

    /**
     * Writes Observations that {@link #lockObservations} has locked. A device's version takes the place of a device's version while the Observation's
     * period is open; a person's version, and one written after its period had ended, goes to the history first.
     *
     * @param writes new bodies; {@code before} is what lockObservations gave for that id, or null when nothing was there
     */
    Future<Void> writeObservations(List<DeviceWrite> writes);

    /** Keeps dead letters, once each. */
    Future<Void> keep(List<DeadLetter> letters);

    /** What capture rules knew after the batch before, by key; what is not there has nothing before. */
    Future<Map<String, String>> captured(Collection<String> keys);

    /** What they know after this one. */
    Future<Void> keepCaptured(List<Captured> states);

    /** What thresholds knew of these Devices after the batch before, by id; of one that is not there they know nothing. */
    Future<Map<String, String>> judged(Collection<String> devices);

    /** What they know and have found after this one, and whom it brought news of. */
    Future<Void> keepJudged(Judged judged);

    /** The last step: {@code progress} is in effect when this transaction commits. */
    Future<Void> advance(Progress progress);
  }

  /**
   * What a capture rule knows of the readings of one device and type.
   *
   * @param key     names it within the shard
   * @param device  id of the Device; when that is erased, this is too
   * @param patient id of the Patient, likewise
   * @param state   JSON
   */
  public record Captured(String key, String device, String patient, String state) {}

  /**
   * What rules over measurements make of a batch.
   *
   * @param known what thresholds know of devices
   * @param heard when something of devices came last
   * @param begun what was found
   * @param over  what that had been found is over; may be of the same batch
   */
  public record Judged(List<Known> known, List<Heard> heard, List<Finding> begun, List<Over> over) {

    public static final Judged NOTHING = new Judged(List.of(), List.of(), List.of(), List.of());

    public boolean isNothing() {
      return known.isEmpty() && heard.isEmpty() && begun.isEmpty() && over.isEmpty();
    }
  }

  /**
   * @param device  id of the Device; when that is erased, this is too
   * @param patient id of the Patient, likewise
   * @param state   JSON
   * @param lasts   something that was found is not over
   * @param shared  it is about readings of several Patients
   */
  public record Known(String device, String patient, String state, boolean lasts, boolean shared) {}

  /** @param device id of the Device @param type in small letters; empty: any */
  public record Heard(String device, String type, Instant at) {}

  /**
   * What a rule found.
   *
   * @param id       of what it makes: the same however often the same is found
   * @param rule     its name
   * @param makes    resource type
   * @param device   id of the Device
   * @param patient  id of the Patient
   * @param began    since when it is so
   */
  public record Finding(String id, String rule, String makes, String text, String severity, String device,
      String patient, Instant began) {}

  public record Over(String id, Instant at) {}

  /**
   * @param id         of the Observation
   * @param json       UTF-8 JSON with id, without meta but for profiles of its mapping: what people said there (tags, security labels, profiles) stays
   * @param before     the locked version, or null
   */
  public record DeviceWrite(String id, byte[] json, Stored before) {}
}
