package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Bulk exports that were asked for, as every node sees them. Whoever takes one holds it for a while and again before that is over; when he falls silent, the
 * next one takes it and begins anew, under a new attempt: so nothing a frozen node still writes is ever part of a result. Any thread.
 */
public final class ExportJobs {
  private static final String COLUMNS = "id, subject, issuer, request, asked, state, created, attempt, progress, as_of, result, failure, expires";
  private static final String OPEN = """
      select count(*) as open from export_job where state = 'open' and subject = $1 and issuer is not distinct from $2""";
  private static final String ADD = """
      insert into export_job (id, subject, issuer, request, asked, state) values ($1, $2, $3, $4, $5, 'open')""";
  private static final String FIND = "select " + COLUMNS + " from export_job where id = $1";
  private static final String TAKE = """
      update export_job set holder = $1, held_until = now() + $2 * interval '1 millisecond', attempt = attempt + 1
      where id = (select id from export_job where state = 'open' and held_until < now() order by created limit 1 for update skip locked)
      returning\s""" + COLUMNS;
  private static final String HOLD = """
      update export_job set held_until = now() + $3 * interval '1 millisecond', progress = $4
      where id = $1 and holder = $2 and state = 'open'""";
  private static final String AGAIN = """
      update export_job set held_until = now() + $3 * interval '1 millisecond', holder = null where id = $1 and holder = $2 and state = 'open'""";
  private static final String DONE = """
      update export_job set state = 'done', held_until = '-infinity', as_of = $3, result = $4, expires = now() + $5 * interval '1 millisecond'
      where id = $1 and holder = $2 and state = 'open'""";
  private static final String FAILED = """
      update export_job set state = 'failed', held_until = '-infinity', failure = $3, expires = now() + $4 * interval '1 millisecond'
      where id = $1 and holder = $2 and state = 'open'""";
  private static final String LEFT = "update export_job set held_until = '-infinity' where id = $1 and holder = $2";
  private static final String CANCEL = "update export_job set state = 'cancelled' where id = $1 and state <> 'cancelled'";
  private static final String OVER = """
      select id from export_job
      where held_until < now() and (state = 'cancelled' or state <> 'open' and expires < now()) order by created limit 100""";
  private static final String REMOVE = "delete from export_job where id = $1";
  /** Of one caller; more are answered 503. */
  private static final int MOST = 10;

  private final Database database;

  public ExportJobs(Database database) {
    this.database = database;
  }

  /**
   * @param request  the address that was asked
   * @param asked    JSON, of the door's own shape
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

  /** Busy 503 when this caller has {@value #MOST} under way already. */
  public Future<UUID> add(Caller caller, String request, String asked) {
    UUID id = UUID.randomUUID();
    return database.ask(OPEN, Tuple.of(caller.subject(), caller.issuer())).compose(rows -> {
      if (rows.iterator().next().getLong("open") >= MOST)
        throw new Failure.Busy("You have " + MOST + " exports under way; wait for one to end, or cancel one");
      return database.ask(ADD, Tuple.of(id, caller.subject(), caller.issuer(), request, asked));
    }).map(id).recover(Failures::recover);
  }

  /** Null when there is none. */
  public Future<Job> find(UUID id) {
    return database.ask(FIND, Tuple.of(id)).map(ExportJobs::first).recover(Failures::recover);
  }

  /** The oldest one that nobody holds, for so long; null when there is none. */
  public Future<Job> take(UUID holder, Duration length) {
    return database.ask(TAKE, Tuple.of(holder, (double) length.toMillis()))
        .map(ExportJobs::first)
        .recover(Failures::recover);
  }

  /** False: another one has it, or it was cancelled. */
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

  /** Those whose files may go: cancelled and held by nobody, or expired. */
  public Future<List<UUID>> over() {
    return database.ask(OVER, Tuple.tuple()).map(rows -> {
      List<UUID> over = new ArrayList<>();
      for (Row row : rows) over.add(row.getUUID("id"));
      return over;
    }).recover(Failures::recover);
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
