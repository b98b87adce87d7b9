package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/**
 * Bulk exports that were asked for, as every node sees them. Whoever takes one holds it for a while and again before that is over; when he falls silent, the
 * next one takes it and begins anew, under a new attempt: so nothing a frozen node still writes is ever part of a result.
 *
 * <p>What was erased with its history is given out by no export: every erasure leaves its type and its transaction in {@code erasure}, in that transaction. One
 * that is under way then begins anew with a snapshot of its own, and one that has ended is cancelled. Any thread.
 */
public final class ExportJobs {
  private static final String COLUMNS = "id, subject, issuer, request, asked, created, attempt, progress, as_of, result, failure, expires";
  /**
   * Something that is in its files, or in its address, was erased: by a transaction that its snapshot does not see; of a failed one without a snapshot, after
   * it was asked for. Whose data it was is not known, only the type: a Patient may be named by all of them.
   */
  private static final String STALE = """
      exists (select from erasure e where e.at > j.created - interval '1 hour' and (e.type = 'Patient' or j.types is null or e.type = any (j.types))
        and case when j.snapshot is not null then not pg_visible_in_snapshot(e.xid, j.snapshot::pg_snapshot)
          else j.state <> 'open' and e.at > j.created end)""";
  private static final String ADD = """
      insert into export_job (id, subject, issuer, request, asked, types, state)
      select $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text[], 'open'
      from (select count(*) filter (where state = 'open') as open, count(*) filter (where state <> 'cancelled') as kept from export_job
        where subject = $2::text and issuer is not distinct from $3::text) his
      where open < $7 and kept < $8""";
  private static final String FIND = "select " + COLUMNS + ", case when state <> 'open' and " + STALE
      + " then 'cancelled' else state end as state from export_job j where id = $1";
  private static final String TAKE = """
      update export_job set holder = $1, held_until = now() + $2 * interval '1 millisecond', attempt = attempt + 1, snapshot = null
      where id = (select id from export_job where state = 'open' and held_until < now() order by created limit 1 for update skip locked)
      returning state,\s""" + COLUMNS;
  private static final String READS = "update export_job set snapshot = $3 where id = $1 and holder = $2 and state = 'open'";
  private static final String HOLD = """
      update export_job j set held_until = now() + $3 * interval '1 millisecond', progress = $4
      where id = $1 and holder = $2 and state = 'open' and not\s""" + STALE;
  private static final String AGAIN = """
      update export_job set held_until = now() + $3 * interval '1 millisecond', holder = null where id = $1 and holder = $2 and state = 'open'""";
  private static final String DONE = """
      update export_job j set state = 'done', held_until = '-infinity', as_of = $3, result = $4, expires = now() + $5 * interval '1 millisecond', asked = ''
      where id = $1 and holder = $2 and state = 'open' and not\s""" + STALE;
  private static final String FAILED = """
      update export_job set state = 'failed', held_until = '-infinity', failure = $3, expires = now() + $4 * interval '1 millisecond', asked = ''
      where id = $1 and holder = $2 and state = 'open'""";
  private static final String LEFT = "update export_job set held_until = '-infinity' where id = $1 and holder = $2";
  private static final String CANCEL = "update export_job set state = 'cancelled', asked = '' where id = $1 and state <> 'cancelled'";
  private static final String CANCEL_STALE = "update export_job j set state = 'cancelled' where state in ('done', 'failed') and "
      + STALE;
  /** No export is made and kept for so long. */
  private static final String FORGET = "delete from erasure where at < now() - interval '40 days'";
  private static final String OVER = """
      select id, coalesce(expires, created) < now() - interval '1 day' as lasting from export_job
      where held_until < now() and (state = 'cancelled' or state <> 'open' and expires < now()) order by created limit 1000""";
  private static final String KNOWN = "select exists (select from export_job where id = $1) as known";
  private static final String REMOVE = "delete from export_job where id = $1";
  /** Of one caller; more are answered 429. */
  private static final int MOST = 10;
  /** Of one caller, with those whose files are still kept. */
  private static final int MOST_KEPT = 100;

  private final Database database;

  public ExportJobs(Database database) {
    this.database = database;
  }

  /**
   * @param request  the address that was asked
   * @param asked    JSON, of the door's own shape; empty when it has ended
   * @param state    {@code open}, {@code done}, {@code failed} or {@code cancelled}
   * @param attempt  how often it was begun
   * @param progress for people
   * @param asOf     everything that was changed until then is in the files; null until it is done
   * @param result   JSON, of the door's own shape; null until it is done
   * @param failure  JSON, of the door's own shape; null unless it failed
   * @param expires  from then on its files may be gone; null until it has ended
   */
  public record Job(UUID id, String subject, String issuer, String request, String asked, String state, Instant created,
      int attempt, String progress, Instant asOf, String result, String failure, Instant expires) {

    /** Whether it is this caller's own. */
    public boolean isOf(Caller caller) {
      return subject.equals(caller.subject()) && java.util.Objects.equals(issuer, caller.issuer());
    }
  }

  /**
   * Throttled 429 (Bulk Data 2.0, "Response - Error Status Code" of the kick-off) when this caller has {@value #MOST} under way already, or {@value #MOST_KEPT} with those whose files are kept.
   *
   * @param types that it exports: when one of them is erased with its history, what was read before is not given out any more
   */
  public Future<UUID> add(Caller caller, String request, String asked, Collection<String> types) {
    UUID id = UUID.randomUUID();
    Tuple values = Tuple.of(id, caller.subject(), caller.issuer(), request, asked, types.toArray(String[]::new));
    return database.ask(ADD, values.addLong((long) MOST).addLong((long) MOST_KEPT)).map(rows -> {
      if (rows.rowCount() == 1) return id;
      throw new Failure.Throttled("You have " + MOST + " exports under way, or " + MOST_KEPT
          + " whose files are kept; wait for one to end, or remove one with DELETE");
    }).recover(Failures::recover);
  }

  /** As {@link HouseSecret}: what an export has to keep to itself is sealed with it. */
  public Future<Buffer> secret() {
    return HouseSecret.of(database);
  }

  /** Null when there is none. What holds something that was erased since is {@code cancelled} here at once. */
  public Future<Job> find(UUID id) {
    return database.ask(FIND, Tuple.of(id)).map(ExportJobs::first).recover(Failures::recover);
  }

  /** The oldest one that nobody holds, for so long; null when there is none. */
  public Future<Job> take(UUID holder, Duration length) {
    return database.ask(TAKE, Tuple.of(holder, (double) length.toMillis()))
        .map(ExportJobs::first)
        .recover(Failures::recover);
  }

  /** From now on its files are read from this snapshot. False as {@link #hold}. */
  public Future<Boolean> reads(UUID id, UUID holder, ExportSnapshot snapshot) {
    return one(READS, Tuple.of(id, holder, snapshot.taken()));
  }

  /** False: another one has it, it was cancelled, or something was erased since its snapshot, so that it has to begin anew. */
  public Future<Boolean> hold(UUID id, UUID holder, Duration length, String progress) {
    return one(HOLD, Tuple.of(id, holder, (double) length.toMillis(), progress));
  }

  /** Gives it back, to be begun anew after a while. False as {@link #hold}. */
  public Future<Boolean> again(UUID id, UUID holder, Duration pause) {
    return one(AGAIN, Tuple.of(id, holder, (double) pause.toMillis()));
  }

  /** False as {@link #hold}: then the result is nobody's. */
  public Future<Boolean> done(UUID id, UUID holder, Instant asOf, String result, Duration kept) {
    return one(DONE, Tuple.of(id, holder, Version.utc(asOf), result, (double) kept.toMillis()));
  }

  public Future<Boolean> failed(UUID id, UUID holder, String failure, Duration kept) {
    return one(FAILED, Tuple.of(id, holder, failure, (double) kept.toMillis()));
  }

  /** Its holder writes nothing any more. */
  public Future<Boolean> left(UUID id, UUID holder) {
    return one(LEFT, Tuple.of(id, holder));
  }

  /** From now on it is not there any more for whoever asks; its files go when its holder has stopped. */
  public Future<Boolean> cancel(UUID id) {
    return one(CANCEL, Tuple.of(id));
  }

  /** Cancels those that have ended and hold something that was erased since. */
  public Future<Void> cancelStale() {
    return database.ask(CANCEL_STALE, Tuple.tuple())
        .compose(done -> database.ask(FORGET, Tuple.tuple()))
        .<Void>mapEmpty()
        .recover(Failures::recover);
  }

  /** @param lasting it has been over for a day */
  public record Over(UUID id, boolean lasting) {}

  /** Those whose files may go: cancelled and held by nobody, or expired. */
  public Future<List<Over>> over() {
    return database.ask(OVER, Tuple.tuple()).map(rows -> {
      List<Over> over = new ArrayList<>();
      for (Row row : rows) over.add(new Over(row.getUUID("id"), row.getBoolean("lasting")));
      return over;
    }).recover(Failures::recover);
  }

  /** Whether there is a job of that id, in whatever state. */
  public Future<Boolean> isKnown(UUID id) {
    return database.ask(KNOWN, Tuple.of(id))
        .map(rows -> rows.iterator().next().getBoolean("known"))
        .recover(Failures::recover);
  }

  public Future<Void> remove(UUID id) {
    return database.ask(REMOVE, Tuple.of(id)).<Void>mapEmpty().recover(Failures::recover);
  }

  private Future<Boolean> one(String sql, Tuple values) {
    return database.ask(sql, values).map(rows -> rows.rowCount() == 1).recover(Failures::recover);
  }

  private static Job first(RowSet<Row> rows) {
    for (Row row : rows)
      return new Job(row.getUUID("id"), row.getString("subject"), row.getString("issuer"), row.getString("request"),
          row.getString("asked"), row.getString("state"), instant(row, "created"), row.getInteger("attempt"),
          row.getString("progress"), instant(row, "as_of"), row.getString("result"), row.getString("failure"),
          instant(row, "expires"));
    return null;
  }

  private static Instant instant(Row row, String column) {
    OffsetDateTime at = row.getOffsetDateTime(column);
    return at == null ? null : at.toInstant();
  }
}
