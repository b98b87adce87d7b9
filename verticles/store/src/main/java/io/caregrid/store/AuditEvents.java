package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * The accesses of all nodes. They come from journals and are added, each once; there is no method that changes or removes one, and the table refuses it too.
 */
public final class AuditEvents {
  private static final String POSITION = """
      with begun as (insert into audit_journal (journal, node, segment, position) values ($1, $2, 0, 0)
        on conflict (journal) do nothing returning segment, position)
      select segment, position from begun union all select segment, position from audit_journal where journal = $1""";
  /**
   * Moves the journal's position and adds what lies before the new one; where it is not at the old one, nothing happens. {@code offset 0}: else PostgreSQL
   * puts the cast in place of each {@code line}, and reads every line six times.
   */
  private static final String KEEP = """
      with moved as (
        update audit_journal set segment = $4, position = $5 where journal = $1 and segment = $2 and position = $3 returning 1),
      added as (
        insert into audit_event (id, at, keys, fact)
        select (line->>'id')::uuid, (line->>'at')::timestamptz,
          array(select distinct key from (select 'agent|' || (line->>'subject')
            union all select jsonb_array_elements_text(coalesce(line->'what', '[]'))
            union all select jsonb_array_elements_text(coalesce(line->'patients', '[]'))) k(key)),
          line - 'id' - 'at' - 'crc'
        from unnest($6::text[]) with ordinality as l(text, n) cross join lateral (select l.text::jsonb as line offset 0) j
        where exists (select from moved) order by n
        on conflict (id) do nothing returning 1)
      select (select count(*) from moved) as moved, (select count(*) from added) as added""";
  private static final String FILTER = """
      from audit_event where id >= $1 and id < $2
        and ($3::text[] is null or keys && $3) and ($4::text[] is null or keys && $4) and ($5::text[] is null or keys && $5)
        and ($6::text[] is null or fact->>'deed' = any ($6)) and ($7::text[] is null or fact->>'address' = any ($7))
        and ($8::int is null or (fact->>'status')::int >= $8) and ($9::int is null or (fact->>'status')::int < $9)
        and ($10::text[] is null or fact->>'node' = any ($10))""";
  private static final String PAGE = Database.PLANNED + "select id, at, fact " + FILTER + " order by id desc limit $11";
  private static final String COUNT = Database.PLANNED + "select count(*) as found " + FILTER;
  private static final String READ = "select id, at, fact from audit_event where id = $1";

  private final Database database;

  public AuditEvents(Database database) {
    this.database = database;
  }

  /** Where this journal is, which is the start for one that was never seen. */
  public Future<AuditPosition> position(UUID journal, String node) {
    return database.askRecording(POSITION, Tuple.of(journal, node)).map(rows -> {
      Row row = rows.iterator().next();
      return new AuditPosition(row.getLong("segment"), row.getLong("position"));
    });
  }

  /**
   * Adds lines of a journal and moves its position, both or neither. A line whose id is there already changes nothing.
   *
   * @return false: the journal is somewhere else, and nothing was done; ask for its position
   */
  public Future<Boolean> keep(UUID journal, AuditPosition from, AuditPosition to, List<String> lines) {
    Tuple values = Tuple.tuple()
        .addValue(journal)
        .addValue(from.segment())
        .addValue(from.offset())
        .addValue(to.segment())
        .addValue(to.offset())
        .addValue(lines.toArray(String[]::new));
    return database.askRecording(KEEP, values).map(rows -> rows.iterator().next().getLong("moved") == 1);
  }

  /** True when the database will never take this statement's values, however often it is asked (PostgreSQL appendix A, classes 22 and 54). */
  public static boolean isRefusedForGood(Throwable cause) {
    String state = cause instanceof PgException refused ? refused.getSqlState() : null;
    return state != null && (state.startsWith("22") || state.startsWith("54"));
  }

  /**
   * One access as it was recorded.
   *
   * @param fact members {@code node, subject, deed, status} and, where known, {@code issuer, name, roles, address, trace, what, patients, query}
   */
  public record Recorded(UUID id, Instant at, ObjectNode fact) {}

  /**
   * @param total where it was asked for
   * @param next  the last one's id, when there are more
   */
  public record Found(List<Recorded> events, OptionalLong total, UUID next) {}

  /** NotFound 404. */
  public Future<Recorded> read(UUID id) {
    return database.ask(READ, Tuple.of(id)).map(rows -> {
      if (rows.size() == 0) throw new Failure.NotFound("There is no such AuditEvent");
      return recorded(rows.iterator().next());
    }).recover(Failures::recover);
  }

  /** Newest first. */
  public Future<Found> search(AuditQuery query) {
    Future<OptionalLong> total = query.total() ? count(query) : Future.succeededFuture(OptionalLong.empty());
    if (query.count() == 0) return total.map(found -> new Found(List.of(), found, null)).recover(Failures::recover);
    return total
        .compose(counted -> database.search(PAGE, query.values(query.after()).addValue(query.count() + 1))
            .map(rows -> {
              List<Recorded> events = new ArrayList<>();
              for (Row row : rows) if (events.size() < query.count()) events.add(recorded(row));
              UUID next = rows.size() > query.count() ? events.get(events.size() - 1).id() : null;
              return new Found(events, counted, next);
            }))
        .recover(Failures::recover);
  }

  private Future<OptionalLong> count(AuditQuery query) {
    return database.search(COUNT, query.values(null))
        .map(rows -> OptionalLong.of(rows.iterator().next().getLong("found")));
  }

  private static Recorded recorded(Row row) {
    ObjectNode fact = Json.read(Buffer.buffer(row.getJsonObject("fact").encode()).getBytes());
    return new Recorded(row.getUUID("id"), row.getOffsetDateTime("at").toInstant(), fact);
  }
}
