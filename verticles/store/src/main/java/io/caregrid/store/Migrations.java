package io.caregrid.store;

import io.caregrid.cluster.ConfigException;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the schema forward, never back. Each step is a transaction of its own; an advisory lock lets one node do it while others wait. A step that
 * was applied must stay as it was: its checksum is kept and compared at every start.
 */
final class Migrations {
  private static final Logger log = LoggerFactory.getLogger(Migrations.class);
  /** In order; a step's number is its place in this list, from 1. */
  private static final List<String> FILES = List.of("V001__schema.sql", "V002__images.sql", "V003__imaging_study.sql",
      "V004__no_row_on_garbage.sql", "V005__audit.sql", "V006__web_session.sql", "V007__renewal.sql",
      "V008__audit_blocks.sql", "V009__feed_by_range.sql", "V010__search.sql", "V011__history.sql",
      "V012__gathered_tokens.sql", "V013__export.sql", "V014__export_erasures.sql",
      "V015__mapping.sql", "V016__tell.sql", "V017__capture.sql", "V018__replay.sql",
      "V019__sorted_in_soon.sql", "V020__hl7.sql", "V021__remote.sql", "V022__thresholds.sql",
      "V023__image_feed_and_tags.sql", "V024__undelivered.sql",
      "V025__known_of_devices.sql", "V026__image_feed_cheaper.sql");

  private static final long LOCK = 0x4361726567726964L; // "Caregrid"
  private static final String HOLD = "select pg_advisory_lock($1)";
  private static final String RELEASE = "select pg_advisory_unlock($1)";
  /** Asked before making it: {@code create table if not exists} would be answered with a notice, a warning in the log at every start. */
  private static final String IS_THERE = "select to_regclass('schema_version') is not null";
  private static final String TABLE = """
      create table schema_version (
        version int primary key, name text not null, checksum text not null, applied timestamptz not null default now())""";
  private static final String APPLIED = "select version, name, checksum from schema_version order by version";
  private static final String RECORD = "insert into schema_version (version, name, checksum) values ($1, $2, $3)";

  private static final String BEGIN = "begin; set local lock_timeout = '5s'";
  private static final String PAUSE = "select pg_sleep(1)";
  /** Not within its time, or in a circle with somebody who holds one table and waits for another. */
  private static final Set<String> LOCKED = Set.of("55P03", "40P01");
  private static final int TRIES = 20;

  private final List<Step> steps;

  record Step(int version, String name, String sql) {
    String checksum() {
      try {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(sql.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest);
      } catch (NoSuchAlgorithmException impossible) {
        throw new IllegalStateException(impossible);
      }
    }
  }

  Migrations(List<Step> steps) {
    this.steps = List.copyOf(steps);
  }

  static Migrations shipped() {
    List<Step> steps = new ArrayList<>();
    for (String file : FILES) steps.add(new Step(steps.size() + 1, file, text(file)));
    return new Migrations(steps);
  }

  private static String text(String file) {
    try (InputStream in = Migrations.class.getResourceAsStream("migrations/" + file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException cause) {
      throw new IllegalStateException("migration " + file + " cannot be read", cause);
    }
  }

  List<Step> steps() {
    return steps;
  }

  /** Fails with a {@link ConfigException} when the database is newer than this program, or was brought up by other steps. */
  Future<Void> run(SqlConnection connection) {
    return connection.preparedQuery(HOLD)
        .execute(Tuple.of(LOCK))
        .compose(locked -> forward(connection))
        .eventually(() -> connection.preparedQuery(RELEASE).execute(Tuple.of(LOCK)));
  }

  private Future<Void> forward(SqlConnection connection) {
    return connection.query(IS_THERE)
        .execute()
        .compose(rows -> rows.iterator().next().getBoolean(0)
            ? Future.succeededFuture()
            : connection.query(TABLE).execute().mapEmpty())
        .compose(there -> connection.query(APPLIED).execute())
        .compose(rows -> {
          int done = 0;
          for (Row row : rows) done = verified(row);
          return remaining(connection, done);
        });
  }

  private int verified(Row row) {
    int version = row.getInteger("version");
    if (version > steps.size())
      throw new ConfigException(
          "The database's schema has version " + version + " (" + row.getString("name") + "), this program knows "
              + steps.size()
              + ": it was opened by a newer Caregrid. Start that version, or restore a backup from before");
    Step step = steps.get(version - 1);
    if (!step.checksum().equals(row.getString("checksum")))
      throw new ConfigException(
          "Migration " + step.name()
              + " differs from the one that was applied to this database: a step is never edited, add a new one");
    return version;
  }

  private Future<Void> remaining(SqlConnection connection, int done) {
    Future<Void> before = Future.succeededFuture();
    for (Step step : steps.subList(done, steps.size()))
      before = before.compose(ready -> apply(connection, step, TRIES));
    return before;
  }

  /** Who waits for a table holds up everybody who comes after him: so each try is short, and others go first between two. */
  private Future<Void> apply(SqlConnection connection, Step step, int tries) {
    return apply(connection, step).recover(cause -> connection.query("rollback")
        .execute()
        .compose(back -> tries > 1 && isLocked(cause)
            ? connection.query(PAUSE).execute().compose(paused -> apply(connection, step, tries - 1))
            : Future.failedFuture(cause)));
  }

  private static boolean isLocked(Throwable cause) {
    return cause instanceof PgException refused && LOCKED.contains(refused.getSqlState());
  }

  private Future<Void> apply(SqlConnection connection, Step step) {
    return connection.query(BEGIN)
        .execute()
        .compose(begun -> connection.query(step.sql()).execute())
        .compose(changed -> connection.preparedQuery(RECORD)
            .execute(Tuple.of(step.version(), step.name(), step.checksum())))
        .compose(recorded -> connection.query("commit").execute())
        .onSuccess(applied -> log.info("schema migrated version={} name={}", step.version(), step.name()))
        .mapEmpty();
  }
}
