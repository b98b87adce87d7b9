package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** One batch of one shard. Its statements are few, whatever the number of Observations; thinking about bodies happens off the event loop. */
final class ShardTransaction implements ShardStore.Transaction {
  private static final Definition OBSERVATION = Definition.of("Observation");
  private static final Table TABLE = Table.of(OBSERVATION);
  private static final int CHUNK = 1_000;
  private static final String ADVANCE = """
      update shard_progress set applied = $5, sources = $6 where target = $1 and topic_id = $2 and epoch = $3 and shard = $4""";

  private static final String CAPTURED = """
      select key, state from capture_state where target = $1 and topic_id = $2 and epoch = $3 and shard = $4 and key = any ($5)""";
  /** Nothing comes back of a Device or Patient that was erased since. */
  private static final String KEEP_CAPTURED = """
      insert into capture_state (target, topic_id, epoch, shard, key, device, patient, state)
      select $1, $2, $3, $4, key, device, patient, state from unnest($5::text[], $6::text[], $7::text[], $8::text[]) as n(key, device, patient, state)
      where not exists (select 1 from r_device r where r.id = n.device and r.fp = #erased)
        and not exists (select 1 from r_patient r where r.id = n.patient and r.fp = #erased)
      on conflict (target, topic_id, epoch, shard, key) do update set state = excluded.state, day = excluded.day"""
      .replace("#erased", String.valueOf(Table.ERASED));
  private static final String FORGET_IDLE = """
      delete from capture_state where ctid = any (array(
        select ctid from capture_state where day < current_date - $1::int limit 1000 for update skip locked))""";

  /** What was known before the log was lost, or its progress begun anew, goes on: otherwise nobody would end what was found then. */
  private static final String JUDGED = """
      select distinct on (device) device, state from threshold_state
      where target = $1 and device = any ($5) and (topic_id = $2 and epoch = $3 and shard = $4 or (topic_id, epoch) <> ($2, $3))
      order by device, (topic_id, epoch) = ($2, $3) desc, day desc, epoch desc""";
  /** Nothing of whom was erased since it was read; of the others who had the same Device everything. */
  private static final String KEEP_JUDGED = """
      insert into threshold_state (target, topic_id, epoch, shard, device, patient, state, lasts)
      select $1, $2, $3, $4, n.device, coalesce(k.patient, n.patient), coalesce(k.state, n.state), coalesce(k.lasts, n.lasts)
      from unnest($5::text[], $6::text[], $7::text[], $8::boolean[], $9::boolean[]) as n(device, patient, state, lasts, shared)
        left join lateral (
          select jsonb_object_agg(one.key, one.value)::text as state, (array_agg(one.value ->> 'patient' order by (one.value ->> 'at')::bigint desc))[1] as patient,
            bool_or(one.value ? 'began') as lasts
          from jsonb_each(n.state::jsonb) one where not exists (select 1 from r_patient r where r.id = one.value ->> 'patient' and r.fp = #erased)) k on n.shared
      where not exists (select 1 from r_device r where r.id = n.device and r.fp = #erased)
        and case when n.shared then k.state is not null else not exists (select 1 from r_patient r where r.id = n.patient and r.fp = #erased) end
      on conflict (target, topic_id, epoch, shard, device) do update
        set patient = excluded.patient, state = excluded.state, lasts = excluded.lasts, day = excluded.day"""
      .replace("#erased", String.valueOf(Table.ERASED));
  private static final String FORGET_JUDGED = """
      delete from threshold_state where ctid = any (array(
        select ctid from threshold_state where day < current_date - $1::int and not lasts limit 1000 for update skip locked))
      or ctid = any (array(
        select ctid from threshold_state where target = $2 and (topic_id, epoch) <> ($3, $4) and device = any ($5) for update skip locked))""";
  /** A log may hold times that are still to come. */
  private static final String KEEP_HEARD = """
      insert into device_heard (device, type, shard, heard)
      select device, type, $1, least(heard, now()) from unnest($2::text[], $3::text[], $4::timestamptz[]) as n(device, type, heard)
      where not exists (select 1 from r_device r where r.id = n.device and r.fp = #erased)
      on conflict (device, type) do update set shard = excluded.shard, heard = greatest(device_heard.heard, excluded.heard)"""
      .replace("#erased", String.valueOf(Table.ERASED));

  private final Database database;
  private final SqlConnection connection;
  private final ShardKey key;
  private final Progress progress;
  private final Clock clock;
  private final boolean outdated;
  private final Map<String, Locked> locked = new HashMap<>();

  /**
   * @param stored without its body once handed out: a batch may lock a hundred thousand, and only one chunk of them may be in memory
   * @param keep   this version must not be overwritten without a trace
   * @param to     end of its primary date
   * @param meta   what people say in {@code meta}, which a device's version takes over; null when nothing
   */
  private record Locked(Stored stored, boolean keep, Instant to, long fingerprint, ObjectNode meta) {
    Locked withoutBody() {
      Stored bare = new Stored(stored.type(), stored.id(), stored.version(), stored.updated(), stored.deleted(),
          stored.created(), null);
      return new Locked(bare, keep, to, fingerprint, meta);
    }
  }

  /**
   * @param packed  its body as it lies in the row
   * @param keep    the version before goes into the history
   * @param to      end of its primary date
   * @param indexed the same with what finds it, when its indexed columns are not those of the version before; else null
   */
  private record Merge(Stored stored, byte[] packed, boolean keep, Instant to, long fingerprint, Version indexed) {}

  /** @param outdated some Observations may lack what this version finds them by: whoever changes one indexes it anew ({@link Reindex} leaves it alone) */
  ShardTransaction(Database database, SqlConnection connection, ShardKey key, Progress progress, Clock clock,
      boolean outdated) {
    this.database = database;
    this.connection = connection;
    this.key = key;
    this.progress = progress;
    this.clock = clock;
    this.outdated = outdated;
  }

  @Override
  public Progress progress() {
    return progress;
  }

  @Override
  public Future<Map<String, Stored>> lockObservations(Collection<String> ids) {
    return connection.preparedQuery(TABLE.lock())
        .execute(Tuple.of(ids.toArray(String[]::new)))
        .compose(this::unpack)
        .map(found -> {
          Map<String, Stored> stored = new LinkedHashMap<>();
          found.forEach((id, row) -> {
            stored.put(id, row.stored());
            locked.put(id, row.withoutBody());
          });
          return stored;
        });
  }

  /** Inflates off the event loop. */
  private Future<Map<String, Locked>> unpack(RowSet<Row> rows) {
    return database.offLoop(() -> {
      Map<String, Locked> found = new LinkedHashMap<>();
      try (Body body = new Body()) {
        for (Row row : rows) found.put(row.getString("id"), locked(row, body, database.damage()));
      }
      return found;
    });
  }

  private static Locked locked(Row row, Body body, Damage damage) {
    long fingerprint = row.getLong("fp");
    Instant to = row.getOffsetDateTime("d1").toInstant();
    try {
      Stored stored = Version.stored(OBSERVATION.type(), row, body);
      boolean closed = !stored.updated().isBefore(to);
      ObjectNode meta = stored.deleted() ? null : Json.metaGiven(stored.body());
      boolean people = stored.deleted() || !row.getBoolean("device");
      boolean lasts = fingerprint != Table.ERASED; // of what was erased nothing is kept, not even that it was
      return new Locked(stored, lasts && (people || closed), to, fingerprint, meta);
    } catch (Body.Damaged damaged) {
      Stored unreadable = Version.withoutBody(OBSERVATION.type(), row);
      damage.tell(unreadable, damaged.getMessage());
      return new Locked(unreadable, true, to, fingerprint, null);
    }
  }

  @Override
  public Future<Void> writeObservations(List<ShardStore.DeviceWrite> writes) {
    List<ShardStore.DeviceWrite> inOrder = new ArrayList<>(writes);
    inOrder.sort(Comparator.comparing(ShardStore.DeviceWrite::id));
    Future<Void> before = Future.succeededFuture();
    for (int from = 0; from < inOrder.size(); from += CHUNK) {
      List<ShardStore.DeviceWrite> chunk = inOrder.subList(from, Math.min(from + CHUNK, inOrder.size()));
      before = before.compose(written -> pack(chunk)).compose(this::write);
    }
    return before;
  }

  /** Reads, stamps, indexes and deflates off the event loop. */
  private Future<List<Merge>> pack(List<ShardStore.DeviceWrite> writes) {
    Instant now = clock.instant();
    return database.offLoop(() -> {
      List<Merge> merges = new ArrayList<>(writes.size());
      try (Body body = new Body()) {
        for (ShardStore.DeviceWrite write : writes) merges.add(merge(write, now, body));
      }
      return merges;
    });
  }

  private Merge merge(ShardStore.DeviceWrite write, Instant now, Body body) {
    Ids.require(OBSERVATION.type(), write.id());
    Locked old = locked.get(write.id());
    if (write.before() != null && old == null) throw new IllegalArgumentException("written, but not locked before");
    Stored resampled = old == null || outdated ? null : resampled(write, old, now);
    return resampled == null
        ? merge(write, old, now, body)
        : new Merge(resampled, body.pack(resampled.body().getBytes()), old.keep(), old.to(), old.fingerprint(), null);
  }

  /** Null when more than samples may have changed, or when it is not the version that was read. */
  private static Stored resampled(ShardStore.DeviceWrite write, Locked old, Instant now) {
    Stored before = write.before();
    boolean there = before != null && before.body() != null && before.version() == old.stored().version();
    if (!there || old.fingerprint() == Table.ERASED) return null;
    byte[] front = Json.front(OBSERVATION.type(), write.id());
    return Resampled.is(front, before.body().getBytes(), write.json())
        ? Version.resampled(old.stored(), old.meta(), front, write.json(), now)
        : null;
  }

  private static Merge merge(ShardStore.DeviceWrite write, Locked old, Instant now, Body body) {
    ObjectNode resource = Json.read(write.json());
    Json.requireText(OBSERVATION.type(), resource, write.json());
    ObjectNode given = Json.withProfiles(old == null ? null : old.meta(), resource.path("meta").path("profile"));
    Version next = Version.merged(old == null ? null : old.stored(), given, OBSERVATION, write.id(), write.json(),
        resource, now, body);
    long fingerprint = next.fingerprint();
    boolean reindexed = old == null || old.fingerprint() != fingerprint;
    return new Merge(next.stored(), next.packed(), old != null && old.keep(), next.postings().date().to(), fingerprint,
        reindexed ? next : null);
  }

  private Future<Void> write(List<Merge> merges) {
    List<Merge> merged = merges.stream().filter(merge -> !merge.stored().created()).toList();
    List<Merge> kept = merges.stream().filter(Merge::keep).toList();
    List<Version> fresh = indexed(merges, true);
    List<Version> moved = indexed(merges, false);
    return unless(fresh, () -> insert(fresh))
        .compose(inserted -> unless(kept, () -> run(TABLE.keepMany(), Tuple.of(ids(kept)), kept.size())))
        .compose(done -> unless(merged, () -> replace(merged)))
        .compose(done -> unless(moved, () -> index(moved)))
        .onSuccess(done -> merges.forEach(this::remember));
  }

  private void remember(Merge merge) {
    String id = merge.stored().id();
    ObjectNode meta = locked.containsKey(id) ? locked.get(id).meta() : null;
    boolean closed = !merge.stored().updated().isBefore(merge.to());
    locked.put(id, new Locked(merge.stored(), closed, merge.to(), merge.fingerprint(), meta).withoutBody());
  }

  /** @param created those that were not there, or those that were */
  private static List<Version> indexed(List<Merge> merges, boolean created) {
    return merges.stream()
        .filter(merge -> merge.indexed() != null && merge.stored().created() == created)
        .map(Merge::indexed)
        .toList();
  }

  private static Future<Void> unless(List<?> none, java.util.function.Supplier<Future<Void>> step) {
    return none.isEmpty() ? Future.succeededFuture() : step.get();
  }

  private Future<Void> insert(List<Version> fresh) {
    Tuple values = Tuple.tuple()
        .addValue(all(fresh, v -> Version.utc(v.stored().updated()), OffsetDateTime[]::new))
        .addValue(all(fresh, v -> v.stored().id(), String[]::new))
        .addValue(all(fresh, v -> v.postings().patientHash(), Long[]::new))
        .addValue(all(fresh, v -> Version.utc(v.postings().date().from()), OffsetDateTime[]::new))
        .addValue(all(fresh, v -> Version.utc(v.postings().date().to()), OffsetDateTime[]::new))
        .addValue(all(fresh, Version::fingerprint, Long[]::new))
        .addValue(all(fresh, ShardTransaction::literal, String[]::new))
        .addValue(all(fresh, v -> Buffer.buffer(v.packed()), Buffer[]::new));
    return run(TABLE.insertMany(), values, fresh.size());
  }

  private Future<Void> replace(List<Merge> merged) {
    Tuple values = Tuple.tuple()
        .addValue(all(merged, merge -> Version.utc(merge.stored().updated()), OffsetDateTime[]::new))
        .addValue(ids(merged))
        .addValue(all(merged, merge -> merge.stored().version() - 1, Integer[]::new))
        .addValue(all(merged, merge -> Version.utc(merge.to()), OffsetDateTime[]::new))
        .addValue(all(merged, merge -> Buffer.buffer(merge.packed()), Buffer[]::new));
    return run(TABLE.mergeMany(), values, merged.size());
  }

  private Future<Void> index(List<Version> moved) {
    Tuple values = Tuple.tuple()
        .addValue(all(moved, v -> v.stored().id(), String[]::new))
        .addValue(all(moved, v -> v.postings().patientHash(), Long[]::new))
        .addValue(all(moved, v -> Version.utc(v.postings().date().from()), OffsetDateTime[]::new))
        .addValue(all(moved, Version::fingerprint, Long[]::new))
        .addValue(all(moved, ShardTransaction::literal, String[]::new));
    return run(TABLE.indexMany(), values, moved.size());
  }

  /** PostgreSQL's text form of an array: arrays of arrays would have to be of one length. */
  private static String literal(Version version) {
    return Arrays.toString(version.hashes()).replace('[', '{').replace(']', '}');
  }

  private static String[] ids(List<Merge> merges) {
    return all(merges, merge -> merge.stored().id(), String[]::new);
  }

  private static <T, V> T[] all(List<V> versions, Function<V, T> column, java.util.function.IntFunction<T[]> array) {
    return versions.stream().map(column).toArray(array);
  }

  private Future<Void> run(String sql, Tuple values, int rows) {
    return connection.preparedQuery(sql).execute(values).map(done -> {
      if (done.rowCount() != rows)
        throw new Failure.Conflict("An Observation of this batch was changed by somebody else; try again");
      return null;
    });
  }

  @Override
  public Future<Void> keep(List<DeadLetter> letters) {
    return DeadLetters.keep(connection, letters);
  }

  @Override
  public Future<Map<String, String>> captured(Collection<String> keys) {
    return connection.preparedQuery(CAPTURED)
        .execute(ShardStore.values(key).addValue(keys.toArray(String[]::new)))
        .map(rows -> {
          Map<String, String> states = new HashMap<>();
          rows.forEach(row -> states.put(row.getString("key"), row.getString("state")));
          return states;
        });
  }

  @Override
  public Future<Void> keepCaptured(List<ShardStore.Captured> states) {
    Tuple values = ShardStore.values(key)
        .addValue(column(states, ShardStore.Captured::key))
        .addValue(column(states, ShardStore.Captured::device))
        .addValue(column(states, ShardStore.Captured::patient))
        .addValue(column(states, ShardStore.Captured::state));
    return connection.preparedQuery(KEEP_CAPTURED)
        .execute(values)
        .compose(kept -> connection.preparedQuery(FORGET_IDLE).execute(Tuple.of(ShardStore.CAPTURED_DAYS)))
        .mapEmpty();
  }

  private static <T> String[] column(List<T> rows, Function<T, String> column) {
    return rows.stream().map(column).toArray(String[]::new);
  }

  @Override
  public Future<Map<String, String>> judged(Collection<String> devices) {
    return connection.preparedQuery(JUDGED)
        .execute(ShardStore.values(key).addValue(devices.toArray(String[]::new)))
        .map(rows -> {
          Map<String, String> states = new HashMap<>();
          rows.forEach(row -> states.put(row.getString("device"), row.getString("state")));
          return states;
        });
  }

  @Override
  public Future<Void> keepJudged(ShardStore.Judged judged) {
    return unless(judged.known(), () -> known(judged.known()))
        .compose(kept -> unless(judged.heard(), () -> heard(judged.heard())))
        .compose(kept -> Findings.keep(connection, judged.begun(), judged.over()));
  }

  private Future<Void> known(List<ShardStore.Known> known) {
    Tuple values = ShardStore.values(key)
        .addValue(column(known, ShardStore.Known::device))
        .addValue(column(known, ShardStore.Known::patient))
        .addValue(column(known, ShardStore.Known::state))
        .addValue(known.stream().map(ShardStore.Known::lasts).toArray(Boolean[]::new))
        .addValue(known.stream().map(ShardStore.Known::shared).toArray(Boolean[]::new));
    return connection.preparedQuery(KEEP_JUDGED)
        .execute(values)
        .compose(kept -> connection.preparedQuery(FORGET_JUDGED)
            .execute(Tuple.of(ShardStore.JUDGED_DAYS, key.target(), key.topicId(), key.epoch())
                .addValue(column(known, ShardStore.Known::device))))
        .mapEmpty();
  }

  private Future<Void> heard(List<ShardStore.Heard> heard) {
    Tuple values = Tuple.of(key.shard())
        .addValue(column(heard, ShardStore.Heard::device))
        .addValue(column(heard, ShardStore.Heard::type))
        .addValue(heard.stream().map(one -> Version.utc(one.at())).toArray(OffsetDateTime[]::new));
    return connection.preparedQuery(KEEP_HEARD).execute(values).mapEmpty();
  }

  @Override
  public Future<Void> advance(Progress progress) {
    Tuple values = ShardStore.values(key).addValue(progress.applied()).addValue(Sources.write(progress.sources()));
    return run(ADVANCE, values, 1);
  }
}
