package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;

/**
 * The accesses of all nodes. They come from journals and are added, each once; there is no method that changes or removes one, and the table refuses it too.
 */
public final class AuditEvents {
  private static final String POSITION = """
      with begun as (insert into audit_journal (journal, node, segment, position) values ($1, $2, 0, 0)
        on conflict (journal) do nothing returning segment, position)
      select segment, position from begun union all select segment, position from audit_journal where journal = $1""";
  /** Moves the journal's position and adds what lies before the new one; where it is not at the old one, nothing happens. */
  private static final String KEEP = """
      with moved as (
        update audit_journal set segment = $4, position = $5 where journal = $1 and segment = $2 and position = $3 returning 1),
      added as (
        insert into audit_block (month, first, last, events, keys, lines)
        select $6::date, $7::uuid, $8::uuid, $9::int, $10::bigint[], $11::bytea from moved where $9 > 0 returning 1)
      select (select count(*) from moved) as moved, (select count(*) from added) as added""";
  private static final String MONTH = "select audit_month($1)";
  private static final String FORGET = "select audit_forget($1)";
  private static final String UNTOLD = "select what from audit_removed where not told order by id";
  private static final String TOLD = "update audit_removed set told = true where not told and what = any ($1)";
  private static final String NOW = "select clock_timestamp() as now";
  private static final UUID NONE = new UUID(0, 0);
  private static final int VERSIONS = 100;
  private static final String NO_PARTITION = "23514";
  private static final String FILTER = """
      from audit_event where id >= $1 and id < $2
        and ($3::text[] is null or keys && $3) and ($4::text[] is null or keys && $4) and ($5::text[] is null or keys && $5)
        and ($6::text[] is null or fact->>'deed' = any ($6)) and ($7::text[] is null or fact->>'address' = any ($7))
        and ($8::int is null or (fact->>'status')::int >= $8) and ($9::int is null or (fact->>'status')::int < $9)
        and ($10::text[] is null or fact->>'node' = any ($10))""";
  private static final String PAGE = Database.PLANNED + "select id, at, fact " + FILTER + " order by id desc limit $11";
  private static final String COUNT = Database.PLANNED + "select count(*) as found " + FILTER;
  private static final String READ = "select id, at, fact from audit_event where id = $1";

  /** Longest time between the lines that are given to {@link #keep} at once. */
  public static final Duration SPAN = Duration.ofHours(1);

  private final Database database;
  private final AuditBlocks blocks;

  public AuditEvents(Database database) {
    this.database = database;
    this.blocks = new AuditBlocks(database);
  }

  /** Where this journal is, which is the start for one that was never seen. */
  public Future<AuditPosition> position(UUID journal, String node) {
    return database.askRecording(POSITION, Tuple.of(journal, node)).map(rows -> {
      Row row = rows.iterator().next();
      return new AuditPosition(row.getLong("segment"), row.getLong("position"));
    });
  }

  /**
   * Adds lines of a journal and moves its position, both or neither. A line that is there already is found once all the same.
   *
   * @param lines within {@link #SPAN} of each other, without line feeds
   * @return false: the journal is somewhere else, and nothing was done; ask for its position
   */
  public Future<Boolean> keep(UUID journal, AuditPosition from, AuditPosition to, List<byte[]> lines) {
    return database.offLoop(() -> AuditBlock.of(lines)).compose(block -> {
      LocalDate month = AuditQuery.month(block == null ? NONE : block.last());
      Tuple values = values(journal, from, to).addValue(month);
      values.addValue(block == null ? NONE : block.first())
          .addValue(block == null ? NONE : block.last())
          .addValue(block == null ? 0 : block.events())
          .addValue(block == null ? new Long[0] : block.keys())
          .addValue(block == null ? Buffer.buffer() : block.packed());
      return database.askRecording(KEEP, values)
          .recover(cause -> hasNoMonth(cause)
              ? database.askRecording(MONTH, Tuple.of(month)).compose(made -> database.askRecording(KEEP, values))
              : Future.failedFuture(cause))
          .map(rows -> rows.iterator().next().getLong("moved") == 1);
    });
  }

  private static Tuple values(UUID journal, AuditPosition from, AuditPosition to) {
    return Tuple.tuple()
        .addValue(journal)
        .addValue(from.segment())
        .addValue(from.offset())
        .addValue(to.segment())
        .addValue(to.offset());
  }

  private static boolean hasNoMonth(Throwable cause) {
    return cause instanceof PgException refused && NO_PARTITION.equals(refused.getSqlState());
  }

  /** What the database's clock says. */
  public Future<Instant> now() {
    return database.askRecording(NOW, Tuple.tuple())
        .map(rows -> rows.iterator().next().getOffsetDateTime("now").toInstant());
  }

  /**
   * Removes every month that is over for so many days, and was recorded so long ago, both by the database's clock; never this month and the last.
   *
   * @return what was removed, now or before, and of which nobody said yet that it is {@link #told}, as {@code 2019-03}
   */
  public Future<List<String>> forget(int days) {
    return database.askRecording(FORGET, Tuple.of(days))
        .compose(done -> database.askRecording(UNTOLD, Tuple.tuple()))
        .map(rows -> {
          List<String> gone = new ArrayList<>();
          for (Row row : rows) gone.add(row.getString("what"));
          return List.copyOf(gone);
        });
  }

  /** That these were removed is recorded. */
  public Future<Void> told(List<String> gone) {
    return database.askRecording(TOLD, Tuple.tuple().addValue(gone.toArray(String[]::new))).mapEmpty();
  }

  /** True when the database will never take this statement's values, however often it is asked (PostgreSQL appendix A, classes 22 and 54). */
  public static boolean isRefusedForGood(Throwable cause) {
    String state = cause instanceof PgException refused ? refused.getSqlState() : null;
    return state != null && (state.startsWith("22") || state.startsWith("54"));
  }

  /**
   * One access as it was recorded.
   *
   * @param fact members {@code node, subject, deed, status} and, where known, {@code issuer, name, roles, address, trace, what, patients, patientIds, query}, and
   *             {@code times} when it stands for several
   */
  public record Recorded(UUID id, Instant at, ObjectNode fact) {
    static Recorded of(byte[] line) {
      ObjectNode fact = Json.read(line);
      UUID id = UUID.fromString(fact.remove("id").asText());
      Instant at = Instant.parse(fact.remove("at").asText());
      fact.remove("crc");
      return new Recorded(id, at, fact);
    }
  }

  /**
   * @param total where it was asked for
   * @param next  the last one's id, when there are more
   */
  public record Found(List<Recorded> events, OptionalLong total, UUID next) {}

  /** NotFound 404. */
  public Future<Recorded> read(UUID id) {
    return blocks.read(id)
        .compose(found -> found != null ? Future.succeededFuture(found) : single(id))
        .recover(
            Failures::recover);
  }

  private Future<Recorded> single(UUID id) {
    return database.ask(READ, Tuple.of(id)).map(rows -> {
      if (rows.size() == 0) throw new Failure.NotFound("There is no such AuditEvent");
      return recorded(rows.iterator().next());
    });
  }

  /** What other systems call these patients, now or ever: the values of their identifiers. */
  public Future<List<String>> identifiers(List<String> patients) {
    Set<String> found = new LinkedHashSet<>();
    Future<Void> before = Future.succeededFuture();
    for (String patient : patients)
      before = before.compose(done -> identifiers(patient)).onSuccess(found::addAll).mapEmpty();
    return before.<List<String>>map(done -> List.copyOf(found)).recover(Failures::recover);
  }

  private Future<Set<String>> identifiers(String patient) {
    String id = patient.substring(patient.indexOf('/') + 1);
    Tuple newest = Tuple.of(id, 0, Integer.MAX_VALUE, Version.utc(Span.NONE.from()), Version.utc(Span.LAST), VERSIONS);
    return database.ask(Table.of(Definition.of("Patient")).history(false), newest)
        .compose(rows -> database.offLoop(() -> {
          Set<String> values = new LinkedHashSet<>();
          try (Body body = new Body()) {
            for (Row row : rows) values.addAll(identifiers(Version.whatever("Patient", row, body, database.damage())));
          }
          return values;
        }));
  }

  /** None of a version that cannot be read. */
  private Set<String> identifiers(Stored version) {
    Set<String> values = new LinkedHashSet<>();
    if (version.body() == null) return values;
    try {
      for (JsonNode one : Json.read(version.body().getBytes()).path("identifier")) {
        if (one.hasNonNull("value")) values.add(one.path("value").asText());
      }
    } catch (Body.Damaged damaged) {
      database.damage().tell(version, damaged.getMessage());
    }
    return values;
  }

  /** Newest first. {@link Failure.TooLarge}: it took too long. */
  public Future<Found> search(AuditQuery query) {
    Future<OptionalLong> total = query.total() ? count(query) : Future.succeededFuture(OptionalLong.empty());
    if (query.count() == 0) return total.map(found -> new Found(List.of(), found, null)).recover(Failures::recover);
    return total.compose(counted -> page(query).map(found -> {
      List<Recorded> events = found.values().stream().limit(query.count()).toList();
      UUID next = found.size() > query.count() ? events.get(events.size() - 1).id() : null;
      return new Found(events, counted, next);
    })).recover(Failures::recover);
  }

  /** Blocks, and the single events from before there were any. */
  private Future<NavigableMap<UUID, Recorded>> page(AuditQuery query) {
    return blocks.search(query)
        .compose(found -> database.search(PAGE, query.values(query.after()).addValue(query.count() + 1)).map(rows -> {
          for (Row row : rows) {
            Recorded one = recorded(row);
            found.put(one.id(), one);
          }
          return found;
        }));
  }

  private Future<OptionalLong> count(AuditQuery query) {
    return blocks.count(query)
        .compose(many -> database.search(COUNT, query.values(null))
            .map(rows -> OptionalLong.of(many + rows.iterator().next().getLong("found"))));
  }

  private static Recorded recorded(Row row) {
    ObjectNode fact = Json.read(Buffer.buffer(row.getJsonObject("fact").encode()).getBytes());
    return new Recorded(row.getUUID("id"), row.getOffsetDateTime("at").toInstant(), fact);
  }
}
