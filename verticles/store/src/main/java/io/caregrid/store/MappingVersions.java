package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Mappings by name, with every version they had: who changed them, when and why. A version is never changed nor given out again; to go back is to make a
 * new one with the old content. What is in a version is its writer's affair: it is checked before it comes here.
 *
 * <p>Changes of one name wait for each other, so the condition of a change ({@code expected}) holds when it is made.
 */
public final class MappingVersions {
  /** {@code expected}: whatever is there. */
  public static final int ANY = -1;
  /** {@code expected}: nothing is there, or it was removed. */
  public static final int NONE = 0;
  /** {@code expected}: whichever version is there, but one has to be ({@code If-Match: *}, RFC 9110 section 13.1.1). */
  public static final int SOME = -2;
  private static final String LOCK = "select 1 as locked from pg_advisory_xact_lock(hashtext('mapping'), hashtext($1))";
  private static final String LISTED = """
      name, version, device_content is null as removed, comment, changed_by, issuer, changed_at, restores, content_hash""";
  private static final String WHOLE = "device_content, fhir_mapping, " + LISTED;
  private static final String HEADS = "select distinct on (name) name, version, content_hash"
      + " from mapping_version order by name, version desc";
  private static final String NEWEST = "select distinct on (name) " + LISTED
      + " from mapping_version order by name, version desc";
  private static final String LATEST = "select distinct on (name) " + WHOLE
      + " from mapping_version order by name, version desc";
  private static final String HEAD = "select " + WHOLE
      + " from mapping_version where name = $1 order by version desc limit 1";
  private static final String ONE = "select " + WHOLE + " from mapping_version where name = $1 and version = $2";
  private static final String HISTORY = "select " + LISTED
      + " from mapping_version where name = $1 order by version desc limit $2";
  private static final String ADD = """
      insert into mapping_version (name, version, device_content, fhir_mapping, comment, changed_by, issuer, restores)
      values ($1, $2, $3, $4, $5, $6, $7, $8) returning\s""" + WHOLE;

  private final Database database;

  public MappingVersions(Database database) {
    this.database = database;
  }

  /** @param hash null when this version removed the name */
  public record Head(int version, String hash) {}

  /** Name → highest version, removed names included: cheap, to see whether anything has changed. */
  public Future<Map<String, Head>> heads() {
    return database.ask(HEADS, Tuple.tuple()).map(rows -> {
      Map<String, Head> heads = new TreeMap<>();
      for (Row row : rows)
        heads.put(row.getString("name"), new Head(row.getInteger("version"), row.getString("content_hash")));
      return heads;
    }).recover(Failures::recover);
  }

  /** The highest version of every name, with content; removed names included. */
  public Future<List<MappingVersion>> latest() {
    return read(LATEST, Tuple.tuple());
  }

  /** The same without content. */
  public Future<List<MappingVersion>> newest() {
    return read(NEWEST, Tuple.tuple());
  }

  /** The highest version of this name, with content. {@link Failure.NotFound} when there never was one or it was removed. */
  public Future<MappingVersion> current(Caller caller, String name) {
    return read(HEAD, Tuple.of(name)).map(found -> {
      if (found.isEmpty() || found.get(0).removed()) throw unknown(name);
      return found.get(0);
    });
  }

  /** With content, unless it is the mark of a removal. {@link Failure.NotFound} when there is none. */
  public Future<MappingVersion> version(Caller caller, String name, int version) {
    return read(ONE, Tuple.of(name, version)).map(found -> {
      if (found.isEmpty()) throw new Failure.NotFound("mapping " + name + " has no version " + version);
      return found.get(0);
    });
  }

  /** Newest first, without content. Empty when there never was one. */
  public Future<List<MappingVersion>> versions(Caller caller, String name, int most) {
    return read(HISTORY, Tuple.of(name, most));
  }

  /**
   * The next version of this name, in force once the future succeeds. The same content as is in force already changes nothing, and is answered with what is
   * there.
   *
   * @param expected {@link #ANY}, {@link #NONE}, {@link #SOME}, or the version that has to be the current one; {@link Failure.PreconditionFailed} otherwise
   */
  public Future<MappingVersion> put(Caller caller, String name, Buffer deviceContent, Buffer fhirMapping,
      String comment, int expected) {
    return change(name, expected, (connection, head) -> {
      boolean same = head != null && !head.removed() && head.deviceContent().equals(deviceContent)
          && head.fhirMapping().equals(fhirMapping);
      return same
          ? Future.succeededFuture(head)
          : add(connection, caller, name, head, deviceContent, fhirMapping, comment, null);
    });
  }

  /** The next version of this name, with the content of an earlier one. */
  public Future<MappingVersion> restore(Caller caller, String name, int version, String comment, int expected) {
    return version(caller, name, version).compose(old -> old.removed()
        ? Future.failedFuture(new Failure.Unprocessable("version " + version + " of mapping " + name
            + " is its removal, nothing to go back to: DELETE removes a mapping", null))
        : change(name, expected, (connection, head) -> add(connection, caller, name, head, old.deviceContent(),
            old.fhirMapping(), comment, version)));
  }

  /** Removes the name; its versions stay to be read and restored. */
  public Future<MappingVersion> remove(Caller caller, String name, String comment, int expected) {
    return change(name, expected, (connection, head) -> head == null || head.removed()
        ? Future.failedFuture(unknown(name))
        : add(connection, caller, name, head, null, null, comment, null));
  }

  private interface Work {
    Future<MappingVersion> on(SqlConnection connection, MappingVersion head);
  }

  private Future<MappingVersion> change(String name, int expected, Work work) {
    return database.conditional(connection -> connection.preparedQuery(LOCK)
        .execute(Tuple.of(name))
        .compose(locked -> connection.preparedQuery(HEAD).execute(Tuple.of(name)))
        .compose(rows -> {
          MappingVersion head = rows.size() == 0 ? null : version(rows.iterator().next());
          int current = head == null || head.removed() ? NONE : head.version();
          boolean isExpected = expected == ANY || expected == current || expected == SOME && current != NONE;
          return !isExpected
              ? Future.failedFuture(new Failure.PreconditionFailed(otherwise(name, current)))
              : work.on(connection, head);
        })).timeout(Database.PATIENCE_SECONDS, TimeUnit.SECONDS).recover(Failures::recover);
  }

  private static String otherwise(String name, int current) {
    return current == NONE
        ? "there is no mapping " + name + " in the store"
        : "mapping " + name + " is at version " + current + ": read it, and try again from there";
  }

  private static Future<MappingVersion> add(SqlConnection connection, Caller caller, String name, MappingVersion head,
      Buffer deviceContent, Buffer fhirMapping, String comment, Integer restores) {
    int version = head == null ? 1 : head.version() + 1;
    Tuple values = Tuple.of(name, version, deviceContent, fhirMapping, comment, caller.subject())
        .addValue(caller.issuer())
        .addValue(restores);
    return connection.preparedQuery(ADD).execute(values).map(rows -> version(rows.iterator().next()));
  }

  private static Failure unknown(String name) {
    return new Failure.NotFound("there is no mapping " + name + " in the store");
  }

  private Future<List<MappingVersion>> read(String sql, Tuple values) {
    return database.ask(sql, values).map(rows -> {
      List<MappingVersion> versions = new ArrayList<>();
      for (Row row : rows) versions.add(version(row));
      return versions;
    }).recover(Failures::recover);
  }

  private static MappingVersion version(Row row) {
    boolean whole = row.getColumnIndex("device_content") >= 0;
    return new MappingVersion(row.getString("name"), row.getInteger("version"),
        whole ? row.getBuffer("device_content") : null, whole ? row.getBuffer("fhir_mapping") : null,
        row.getBoolean("removed"), row.getString("comment"), row.getString("changed_by"), row.getString("issuer"),
        row.getOffsetDateTime("changed_at").toInstant(), row.getInteger("restores"),
        row.getString("content_hash"));
  }
}
