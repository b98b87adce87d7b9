package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What became of HL7 v2 messages: which are in the store ({@link FhirStore#once} marks them in the transaction that stores them), and which could not be used.
 * A message is known by an id, a SHA-256, and is one or the other. It may have been known by another one before ({@link Hl7Known}): a mark under either
 * counts, and both are marked where they stand for the same, so that nodes of either kind, side by side during an upgrade, store it once.
 */
public final class Hl7Messages {
  private static final String DONE = "select 1 from hl7_done where id = any($1::bytea[]) limit 1";
  private static final String MARK = "insert into hl7_done (id) select unnest($1::bytea[]) on conflict do nothing";
  private static final String SETTLED = "delete from hl7_dead_letter where id = any($1::bytea[])";
  private static final String KEEP = """
      insert into hl7_dead_letter (id, sender, control_id, type, patients, reason, detail, envelope, payload, received)
      select $1::bytea, $2::text, $3::text, $4::text, $5::text[], $6::text, $7::text, $8::text, $9::bytea, $10::timestamptz
      where not exists (select 1 from hl7_done where id = any($11::bytea[]))
      on conflict (id) do update set reason = excluded.reason, detail = excluded.detail, at = now()""";
  /** A letter of a former version stays the one that it was, at its place in the order. */
  private static final String RENAME = """
      update hl7_dead_letter set id = $1 where id = (select id from hl7_dead_letter where id = any($2::bytea[]) order by serial limit 1)
      and not exists (select 1 from hl7_dead_letter where id = $1) and not exists (select 1 from hl7_done where id = any($3::bytea[]))""";
  private static final String COLUMNS = "id, sender, control_id, type, patients, reason, detail, envelope, received, at, replayed, serial";
  private static final String MATCHES = """
      ($1::bytea is null or id = $1) and ($2::text is null or control_id = $2) and ($3::text is null or sender = $3)
      and ($4::text is null or reason = $4) and ($5::text[] is null or patients @> $5)
      and ($6::timestamptz is null or received >= $6) and ($7::timestamptz is null or received < $7)""";
  private static final String LIST = "select " + COLUMNS + " from hl7_dead_letter where " + MATCHES + """
      and ($8::timestamptz is null or (at, id) < ($8, $9::bytea)) order by at desc, id desc limit $10""";
  private static final String FIND = "select " + COLUMNS + ", payload from hl7_dead_letter where id = $1";
  /** In the order in which they first failed, which for messages of one sender is the order in which they came. */
  private static final String OLDEST = "select " + COLUMNS + " from hl7_dead_letter where " + MATCHES + """
      and serial > $8 order by serial limit $9""";
  private static final String REPLAYED = "update hl7_dead_letter set replayed = now() where id = $1";
  private static final String REMOVE = "delete from hl7_dead_letter where " + MATCHES;
  private static final String PRUNE_LETTERS = """
      delete from hl7_dead_letter where id in (select id from hl7_dead_letter where at < $1 order by at limit $2)""";
  private static final String PRUNE_DONE = """
      delete from hl7_done where id in (select id from hl7_done where at < $1 order by at limit $2)""";
  private static final int PRUNED_AT_ONCE = 5_000;
  private static final HexFormat HEX = HexFormat.of();
  static final Failure REPEATED = new Failure.Conflict("This message was stored before");

  private final Database database;

  /**
   * Which letters are meant; null members mean any.
   *
   * @param id    of one
   * @param since received then or later
   * @param until received before
   */
  public record Which(String id, String controlId, String sender, String reason, String patient, Instant since,
      Instant until) {

    public static final Which ALL = new Which(null, null, null, null, null, null, null);

    public static Which one(String id) {
      return new Which(id, null, null, null, null, null, null);
    }

    public boolean isAll() {
      return equals(ALL);
    }

    private Tuple values() {
      return Tuple.tuple()
          .addBuffer(id == null ? null : bytes(id))
          .addString(controlId)
          .addString(sender)
          .addString(reason)
          .addArrayOfString(patient == null ? null : new String[] {patient})
          .addOffsetDateTime(since == null ? null : Version.utc(since))
          .addOffsetDateTime(until == null ? null : Version.utc(until));
    }
  }

  public Hl7Messages(Database database) {
    this.database = database;
  }

  /**
   * Keeps it unless it is in the store; one that is there already gets the new reason, and takes the place of one under a
   * former id, where that stands for the same text.
   *
   * @param known the message's, with the letter's id
   */
  public Future<Void> keep(Caller caller, Hl7Letter letter, Hl7Known known) {
    Tuple values = Tuple.tuple()
        .addBuffer(bytes(letter.id()))
        .addString(text(letter.sender()))
        .addString(text(letter.controlId()))
        .addString(text(letter.type()))
        .addArrayOfString(letter.patients().stream().map(Hl7Messages::text).toArray(String[]::new))
        .addString(text(letter.reason()))
        .addString(text(letter.detail()))
        .addString(text(letter.envelope()))
        .addBuffer(letter.payload())
        .addOffsetDateTime(Version.utc(letter.received()))
        .addArrayOfBuffer(all(known.all()));
    // An open one's letter of a former version may say other characters: it stays a letter of its own until one of them is stored.
    List<String> formers = known.open() ? List.of() : known.formers();
    Tuple names = Tuple.tuple()
        .addBuffer(bytes(letter.id()))
        .addArrayOfBuffer(all(formers))
        .addArrayOfBuffer(all(known.all()));
    return database.ask(RENAME, names)
        .<Void>mapEmpty()
        .recover(Hl7Messages::anotherNodeKeptIt)
        .compose(renamed -> database.ask(KEEP, values))
        .compose(kept -> settle(database, formers))
        .<Void>mapEmpty()
        .recover(Failures::recover);
  }

  /** Under the new id, between a look at the letters and the renaming of one. */
  private static Future<Void> anotherNodeKeptIt(Throwable cause) {
    boolean there = cause instanceof PgException refused && "23505".equals(refused.getSqlState());
    return there ? Future.succeededFuture() : Future.failedFuture(cause);
  }

  /** A header may hold anything; PostgreSQL's text takes no NUL. The payload stays as it came. */
  private static String text(String text) {
    return text == null ? null : text.replace('\0', '\uFFFD');
  }

  /** Without payloads, those that failed last first. @param after {@link Hl7Letter#mark} of the last one of the page before, null for the first page */
  public Future<List<Hl7Letter>> list(Caller caller, Which which, int count, String after) {
    Tuple values = which.values()
        .addOffsetDateTime(after == null ? null : failedAt(after))
        .addBuffer(after == null ? null : bytes(after.substring(after.indexOf('_') + 1)))
        .addInteger(count);
    return database.ask(LIST, values).map(Hl7Messages::letters).recover(Failures::recover);
  }

  private static OffsetDateTime failedAt(String mark) {
    try {
      return Version.utc(Instant.parse(mark.substring(0, Math.max(0, mark.indexOf('_')))));
    } catch (DateTimeException none) {
      throw new Failure.Invalid("a page of dead letters begins after what the page before gave as next");
    }
  }

  /** With its payload. NotFound 404. */
  public Future<Hl7Letter> find(Caller caller, String id) {
    return database.ask(FIND, Tuple.of(bytes(id))).map(rows -> {
      if (rows.size() == 0) throw new Failure.NotFound("there is no such dead letter");
      Row row = rows.iterator().next();
      return letter(row, row.getBuffer("payload"));
    }).recover(Failures::recover);
  }

  /** Without payloads, those of one sender in the order in which they came. @param after the last one of those before, null to begin */
  public Future<List<Hl7Letter>> oldest(Caller caller, Which which, int count, Hl7Letter after) {
    Tuple values = which.values()
        .addLong(after == null ? 0 : after.serial())
        .addInteger(count);
    return database.ask(OLDEST, values).map(Hl7Messages::letters).recover(Failures::recover);
  }

  public Future<Void> replayed(Caller caller, String id) {
    return database.ask(REPLAYED, Tuple.of(bytes(id))).<Void>mapEmpty().recover(Failures::recover);
  }

  /** For good. @return how many */
  public Future<Integer> remove(Caller caller, Which which) {
    return database.ask(REMOVE, which.values()).map(rows -> rows.rowCount()).recover(Failures::recover);
  }

  /** Forgets what is older. @return how many letters */
  public Future<Integer> prune(Caller caller, Duration keep) {
    OffsetDateTime before = Version.utc(Instant.now().minus(keep));
    return pruned(PRUNE_DONE, before, 0)
        .compose(done -> pruned(PRUNE_LETTERS, before, 0))
        .recover(Failures::recover);
  }

  /** Some at a time, so that each statement is short. */
  private Future<Integer> pruned(String sql, OffsetDateTime before, int count) {
    return database.ask(sql, Tuple.of(before, PRUNED_AT_ONCE))
        .compose(rows -> rows.rowCount() < PRUNED_AT_ONCE
            ? Future.succeededFuture(count + rows.rowCount())
            : pruned(sql, before, count + rows.rowCount()));
  }

  /** Whether it is in the store. */
  public Future<Boolean> isStored(Caller caller, Hl7Known known) {
    return isDone(database, known).recover(Failures::recover);
  }

  /** Whether it is in the store. */
  static Future<Boolean> isDone(Database database, Hl7Known known) {
    return database.ask(DONE, values(known.all())).map(rows -> rows.size() > 0);
  }

  /** It is in the store, so it is no dead letter. */
  static Future<?> settle(Database database, List<String> ids) {
    return database.ask(SETTLED, values(ids));
  }

  /** In the transaction that stores it: whoever stores the same at once waits for its end. Fails with {@link #REPEATED}. */
  static Future<?> mark(SqlConnection connection, Hl7Known known) {
    List<String> marks = known.marks();
    return connection.preparedQuery(MARK)
        .execute(values(marks))
        .compose(rows -> rows.rowCount() < marks.size() ? Future.failedFuture(REPEATED) : Future.succeededFuture())
        .compose(marked -> connection.preparedQuery(SETTLED).execute(values(known.all())));
  }

  private static Tuple values(List<String> ids) {
    return Tuple.tuple().addArrayOfBuffer(all(ids));
  }

  private static Buffer[] all(List<String> ids) {
    return ids.stream().map(Hl7Messages::bytes).toArray(Buffer[]::new);
  }

  private static List<Hl7Letter> letters(RowSet<Row> rows) {
    List<Hl7Letter> letters = new ArrayList<>();
    for (Row row : rows) letters.add(letter(row, null));
    return letters;
  }

  private static Hl7Letter letter(Row row, Buffer payload) {
    OffsetDateTime replayed = row.getOffsetDateTime("replayed");
    return new Hl7Letter(HEX.formatHex(row.getBuffer("id").getBytes()), row.getString("sender"),
        row.getString("control_id"), row.getString("type"), List.of(row.getArrayOfStrings("patients")),
        row.getString("reason"),
        row.getString("detail"), row.getString("envelope"), payload, row.getOffsetDateTime("received").toInstant(),
        row.getOffsetDateTime("at").toInstant(), replayed == null ? null : replayed.toInstant(),
        row.getLong("serial"));
  }

  /** Invalid 400 for what is no id. */
  private static Buffer bytes(String id) {
    if (!id.matches("[0-9a-f]{64}")) throw new Failure.Invalid("an id of a message has 64 hexadecimal digits");
    return Buffer.buffer(HEX.parseHex(id));
  }
}
