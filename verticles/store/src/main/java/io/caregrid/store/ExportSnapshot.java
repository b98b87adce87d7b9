package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The store as it was at one moment, read in one database transaction on a connection of its own, page by page: nothing that changes meanwhile is seen. Close
 * it: as long as it is open, PostgreSQL keeps what others replace.
 *
 * <p>{@link #asOf}: every change with {@code meta.lastUpdated} until then is in it. Some that were made in the seconds after may be in it, too: a version gets
 * its time before its transaction begins: it waits for others of its group, for a connection and for locks in between, less than {@link #BEFORE} without its last
 * second. So it lies that much before the oldest transaction that was writing when the snapshot was taken; the second is for nodes whose clocks differ. Any thread, one call at a time.
 */
public final class ExportSnapshot {
  private static final Duration BEFORE = Duration.ofSeconds(31);
  private static final String WRITING = """
      select least(clock_timestamp(), (select min(xact_start) from pg_stat_activity
        where datname = current_database() and backend_xid is not null)) as since""";
  private static final String BEGIN = """
      begin isolation level repeatable read read only; set local idle_in_transaction_session_timeout = '10min'""";
  private static final String TAKEN = "select pg_current_snapshot()::text as taken, array(" + Reindexing.LEFT
      + ") as anew";
  private static final String PAGE = Database.PLANNED
      + """
          select sid, id, ver, upd, del, device, body, fp from (
            select p.*, coalesce(sum(octet_length(p.body)) over (order by p.sid rows between unbounded preceding and 1 preceding), 0) as before
            from (select sid, id, ver, upd, del, device, body, fp from r_@ where sid > $1 #since #patient order by sid limit $2) p) f
          where before < $3 order by sid""";
  private static final String SINCE = "and hour >= $5 and upd > $4";
  private static final String OF_PATIENTS = "and (pat is not null or del)";
  private static final String GROUP = "select id, ver, upd, del, body from r_group where id = $1 and not del";
  private static final int ROWS = 1_000;
  private static final long KEEP_ALIVE_MILLIS = 20_000;
  /** Of a Group within a Group within … */
  private static final int GROUPS = 1_000;

  private final Database database;
  private final SqlConnection connection;
  private final Instant asOf;
  private final String taken;
  private final Set<String> anew;
  private final Search search;
  private final long alive;

  private ExportSnapshot(Database database, SqlConnection connection, Instant asOf, Row taken) {
    this.database = database;
    this.connection = connection;
    this.asOf = asOf;
    this.taken = taken.getString("taken");
    this.anew = Set.of(taken.getArrayOfStrings("anew"));
    this.search = new Search(database).on(connection);
    this.alive = database.vertx().setPeriodic(KEEP_ALIVE_MILLIS, fired -> connection.query("select 1").execute());
  }

  /**
   * Some rows of a type, in the order in which the resources were created.
   *
   * @param found    resources as they are
   * @param deleted  ids of those that are deleted, when changes were asked for
   * @param damaged  ids of those that are kept but cannot be read
   * @param patients {@code Patient/id} whose data it is, each once
   * @param end      where the next page begins; -1: that was all
   */
  public record Rows(List<Stored> found, List<String> deleted, List<String> damaged, List<String> patients, long end) {}

  /** Busy 503 when the database gives no connection. */
  public static Future<ExportSnapshot> open(Database database) {
    return database.pool()
        .getConnection()
        .compose(connection -> begun(database, connection).recover(refused -> connection.query("rollback")
            .execute()
            .timeout(Database.PATIENCE_SECONDS, TimeUnit.SECONDS)
            .transform(back -> connection.close())
            .transform(closed -> Future.failedFuture(refused))))
        .recover(Failures::recover);
  }

  private static Future<ExportSnapshot> begun(Database database, SqlConnection connection) {
    return connection.query(WRITING)
        .execute()
        .map(rows -> rows.iterator().next().getOffsetDateTime("since").toInstant())
        .compose(since -> connection.query(BEGIN)
            .execute()
            // a snapshot is taken by the first statement that reads
            .compose(begun -> connection.query(TAKEN).execute())
            .map(rows -> new ExportSnapshot(database, connection, since.minus(BEFORE), rows.iterator().next())));
  }

  /** To the millisecond, as {@code meta.lastUpdated}. */
  public Instant asOf() {
    return asOf.truncatedTo(java.time.temporal.ChronoUnit.MILLIS);
  }

  /** Which transactions it sees, as PostgreSQL writes a pg_snapshot: for {@link ExportJobs#reads}. */
  public String taken() {
    return taken;
  }

  /** What whoever searches for this type should know; null: nothing. */
  public String note(String type) {
    return anew.contains(type) ? Reindexing.note(type) : null;
  }

  /** Ends the transaction. */
  public Future<Void> close() {
    database.vertx().cancelTimer(alive);
    return connection.query("rollback")
        .execute()
        .timeout(Database.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .transform(done -> connection.close());
  }

  /** The types whose resources can be in the compartment of a Patient. */
  public static Set<String> typesOfPatients() {
    Set<String> types = new LinkedHashSet<>();
    for (String type : Definition.types()) if (Compartment.has("Patient", type)) types.add(type);
    return types;
  }

  /** Whether several patients may share one resource of this type. */
  public static boolean isShared(String type) {
    return !type.equals("Patient") && !isOfOnePatient(Definition.of(type));
  }

  private static boolean isOfOnePatient(Definition definition) {
    List<String> params = definition.compartment("Patient");
    return params.size() == 1 && definition.isPatient(definition.params().get(params.get(0)));
  }

  /**
   * @param after    {@link Rows#end} of the page before, or 0
   * @param since    only what was changed after that, deletions too; null for everything that is there
   * @param patients only what is in the compartment of a Patient
   * @param bytes    packed as they lie in their rows, passed by at most one of them
   */
  public Future<Rows> page(String type, long after, Instant since, boolean patients, long bytes) {
    Definition definition = Definition.of(type);
    boolean one = patients && isOfOnePatient(definition);
    String sql = Bodies.sql(PAGE, definition)
        .replace("#since", since == null ? "and not del" : SINCE)
        .replace("#patient", one ? OF_PATIENTS : "");
    Tuple values = Tuple.tuple().addValue(after).addValue((long) ROWS).addValue(bytes);
    if (since != null) values.addValue(Version.utc(since)).addValue(Version.hour(since));
    return connection.preparedQuery(sql)
        .execute(values)
        .timeout(65, TimeUnit.SECONDS)
        .compose(rows -> database.offLoop(() -> rows(definition, rows, patients && !one)))
        .recover(Failures::recover);
  }

  private Rows rows(Definition definition, RowSet<Row> rows, boolean looking) {
    List<Stored> found = new ArrayList<>();
    List<String> deleted = new ArrayList<>();
    List<String> damaged = new ArrayList<>();
    long end = -1;
    try (Body body = new Body()) {
      for (Row row : rows) {
        end = row.getLong("sid");
        Stored stored = Version.whatever(definition.type(), row, body, database.damage());
        if (stored.unreadable()) damaged.add(stored.id());
        else if (!stored.deleted()) {
          if (!looking || isOfAPatient(definition, stored)) found.add(stored);
        } else if (row.getLong("fp") != Table.ERASED) deleted.add(stored.id());
      }
    }
    return new Rows(found, deleted, damaged, Whose.patients(found), end);
  }

  private boolean isOfAPatient(Definition definition, Stored stored) {
    if (definition.type().equals("Patient")) return true;
    Values values = Scan.values(definition, stored, database.damage());
    if (values == null) return false;
    for (String name : definition.compartment("Patient"))
      for (Found one : values.of(definition.params().get(name)))
        if (Compartment.isPatient(one)) return true;
    return false;
  }

  /** A page of a search (R4 search.html), newest first, within {@link SearchQuery#within} if that names compartments. Fails as {@link Reading#search}. */
  public Future<Page> search(SearchQuery query, Instant now) {
    return FhirStore.answer(() -> search.run(query, now));
  }

  /** Of those a search found, which are in the compartment of a Patient. */
  public Future<List<Stored>> ofPatients(List<Stored> found) {
    return database.offLoop(
        () -> found.stream().filter(one -> isOfAPatient(Definition.of(one.type()), one)).toList());
  }

  /**
   * Ids of the Patients that are members of a Group, also by Groups that are; who is {@code inactive} is not (R4 group.html). NotFound 404 when there is no
   * such Group.
   */
  public Future<Set<String>> members(String group) {
    Set<String> patients = new LinkedHashSet<>();
    Set<String> groups = new LinkedHashSet<>(List.of(group));
    return joined(new ArrayList<>(groups), 0, groups, patients).map(patients).recover(Failures::recover);
  }

  private Future<Void> joined(List<String> waiting, int at, Set<String> known, Set<String> patients) {
    if (at == waiting.size()) return Future.succeededFuture();
    if (known.size() > GROUPS)
      return Future.failedFuture(new Failure.TooCostly("The Group has more than " + GROUPS + " Groups within it"));
    return connection.preparedQuery(GROUP).execute(Tuple.of(waiting.get(at))).compose(rows -> {
      if (rows.size() == 0 && at == 0) throw new Failure.NotFound("There is no such Group");
      for (Row row : rows) {
        for (String member : members(row)) {
          if (member.startsWith("Patient/")) patients.add(member.substring("Patient/".length()));
          else
            if (member.startsWith("Group/") && known.add(member.substring("Group/".length())))
              waiting.add(member.substring("Group/".length()));
        }
      }
      return joined(waiting, at + 1, known, patients);
    });
  }

  private List<String> members(Row row) {
    List<String> members = new ArrayList<>();
    try (Body body = new Body()) {
      Stored stored = Version.whatever("Group", row, body, database.damage());
      if (stored.unreadable())
        throw new Failure.Unreadable(
            "The Group cannot be read any more: bring its row back from a backup, or put it anew");
      ObjectNode group = Json.read(stored.body().getBytes());
      for (JsonNode member : group.path("member")) {
        String target = Postings.local(member.path("entity").path("reference").asText());
        if (!member.path("inactive").asBoolean()) members.add(target);
      }
    }
    return members;
  }

  /** The caller that a job's reading is recorded under: who asked for it, when he is not there any more. */
  public static Caller asker(String subject, String issuer) {
    return new Caller(subject, issuer, null, Set.of(), io.caregrid.contract.Grants.NONE, null, null, null);
  }
}
