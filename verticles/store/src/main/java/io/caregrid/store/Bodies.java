package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Versions of resources in bulk, for whoever follows the change feed with what changed, not only with the news that it did. Any thread.
 *
 * <p>A version that a shard wrote is there until the shard's next one takes its place: such a one is not found any more, and the feed has the next one's
 * change.
 */
public final class Bodies {
  /** ids, versions, bytes. As many in their order as fit; one of them always. */
  private static final String FOUND = found("");
  /** Where the version is no longer there, the current one. */
  private static final String FOUND_OR_LATER = found("""
      union all select r.id, r.ver, r.upd, r.del, r.device, r.body
        where r.ver > w.ver and not exists (select from h_@ h where h.id = w.id and h.ver = w.ver)""");
  private static final String DEVICES = """
      select w.id, w.ver from unnest($1::text[], $2::int[]) as w(id, ver)
      where not exists (select from r_@ r where r.id = w.id and r.ver = w.ver and not r.device)
        and not exists (select from h_@ h where h.id = w.id and h.ver = w.ver and not h.device)""";

  private final Database database;

  public Bodies(Database database) {
    this.database = database;
  }

  /** @param version {@code meta.versionId} */
  public record Wanted(String id, int version) {}

  /**
   * @param sid    the resource's number in order of creation, the same for all its versions
   * @param device this version was written by a shard, not by a person or a program
   * @param damage why its body cannot be read, without a word of it: then there is none in {@code stored}, though it is no deletion. Else null
   * @param erased it stands for what was removed with its history (hard delete): a deletion, of which nobody is to keep anything but that it happened
   */
  public record Found(Stored stored, long sid, boolean device, String damage, boolean erased) {}

  /**
   * @param found     those that are still there, in the order they were wanted
   * @param looked    how many of the wanted this answers, at least one: the first ones
   */
  public record Piece(List<Found> found, int looked) {}

  private static String found(String otherwise) {
    return """
        select n, sid, id, ver, upd, del, device, body, erased from (
          select w.n, r.sid, v.*, v.ver = r.ver and r.fp = #erased as erased,
            coalesce(sum(octet_length(v.body)) over (order by w.n rows between unbounded preceding and 1 preceding), 0) as before
          from unnest($1::text[], $2::int[]) with ordinality as w(id, ver, n) left join r_@ r on r.id = w.id left join lateral (
            select r.id, r.ver, r.upd, r.del, r.device, r.body where r.ver = w.ver
            union all select h.id, h.ver, h.upd, h.del, h.device, h.body from h_@ h where h.id = w.id and h.ver = w.ver
            # ) v on true) f
        where before < $3 order by n"""
        .replace("#erased", String.valueOf(Table.ERASED))
        .replace("#", otherwise);
  }

  /**
   * In one statement the first of these versions, as many as fit.
   *
   * @param bytes packed as they lie in their rows, which is a third to a tenth of the JSON; passed by at most one of them
   */
  public Future<Piece> find(Caller caller, String type, List<Wanted> wanted, long bytes) {
    return find(FOUND, type, wanted, bytes);
  }

  /** The same, but where a version is not there any more its resource as it is now: for whoever wants to know how it stands, not how it came to that. */
  public Future<Piece> findOrLater(Caller caller, String type, List<Wanted> wanted, long bytes) {
    return find(FOUND_OR_LATER, type, wanted, bytes);
  }

  private Future<Piece> find(String pattern, String type, List<Wanted> wanted, long bytes) {
    if (wanted.isEmpty()) return Future.succeededFuture(new Piece(List.of(), 0));
    return database.ask(sql(pattern, Definition.of(type)), values(wanted).addValue(bytes))
        .compose(rows -> database.offLoop(() -> new Piece(unpacked(type, rows), rows.size())))
        .recover(Failures::recover);
  }

  /** Those of them that a shard wrote. */
  public Future<Set<Wanted>> ofDevices(Caller caller, String type, Collection<Wanted> among) {
    if (among.isEmpty()) return Future.succeededFuture(Set.of());
    return database.ask(sql(DEVICES, Definition.of(type)), values(among)).map(rows -> {
      Set<Wanted> written = new HashSet<>();
      for (Row row : rows) written.add(new Wanted(row.getString("id"), row.getInteger("ver")));
      return written;
    }).recover(Failures::recover);
  }

  static List<Found> unpacked(String type, RowSet<Row> rows) {
    List<Found> found = new ArrayList<>(rows.size());
    try (Body body = new Body()) {
      for (Row row : rows) {
        if (row.getInteger("ver") != null) found.add(found(type, row, body));
      }
    }
    return found;
  }

  static Found found(String type, Row row, Body body) {
    long sid = row.getLong("sid");
    boolean device = row.getBoolean("device");
    try {
      return new Found(Version.stored(type, row, body), sid, device, null, row.getBoolean("erased"));
    } catch (Body.Damaged damaged) {
      return new Found(Version.withoutBody(type, row), sid, device, damaged.getMessage(), false);
    }
  }

  static String sql(String pattern, Definition definition) {
    return pattern.replace("@", definition.type().toLowerCase(Locale.ROOT));
  }

  private static Tuple values(Collection<Wanted> wanted) {
    return Tuple.tuple()
        .addValue(wanted.stream().map(Wanted::id).toArray(String[]::new))
        .addValue(wanted.stream().map(Wanted::version).toArray(Integer[]::new));
  }
}
