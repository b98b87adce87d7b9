package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * Who is signed in with a browser, for all nodes of the cluster. Who reads this table can be nobody by it: it has no cookie, only its SHA-256, and what
 * renews a session is sealed by whoever keeps it here.
 *
 * <p>A session is renewed by whoever holds its {@link Claim}: one in the whole cluster. A claim lapses by itself after {@value #CLAIM_SECONDS} s, by the
 * database's clock, so that a node which dies with it keeps nobody out for longer.
 */
public final class WebSessions {
  /** Longer than an issuer and its keys are waited for, and the answer is kept. */
  public static final int CLAIM_SECONDS = 20;
  private static final String BEGIN = """
      with ended as (delete from web_session where id in (select id from web_session where ends < now() order by ends limit 100))
      insert into web_session (id, who, until, ends, renewal) values ($1, $2, $3, $4, $5)""";
  private static final String FIND = "select who, until, ends, renewal from web_session where id = $1 and ends > now()";
  private static final String CLAIM = """
      update web_session set renewing = now() + interval '%s seconds'
      where id = $1 and until = $2 and ends > now() and (renewing is null or renewing < now())
      returning who, until, ends, renewal, renewing""".formatted(CLAIM_SECONDS);
  private static final String RENEW = """
      update web_session set who = $3, until = $4, renewal = $5, renewing = null
      where id = $1 and renewing = $2 and ends > now()""";
  private static final String RELEASE = "update web_session set renewing = null where id = $1 and renewing = $2";
  private static final String END = "delete from web_session where id = $1 returning who, until, ends, renewal";
  private static final String END_UNCHANGED = """
      delete from web_session where id = $1 and until = $2 and renewal is not distinct from $3""";
  private static final String AMONG = "select id from web_session where id = any($1) and ends > now()";

  private final Database database;

  public WebSessions(Database database) {
    this.database = database;
  }

  /**
   * One browser's.
   *
   * @param who     as the issuer's token said it; what is in it is its keeper's affair
   * @param until   then the issuer has to be asked again, microseconds
   * @param ends    then whoever it is has to sign in again
   * @param renewal what the issuer is asked with, sealed; null when it gave none
   */
  public record Session(JsonObject who, Instant until, Instant ends, Buffer renewal) {}

  /**
   * The right to renew a session, alone in the cluster.
   *
   * @param session as it was when the claim was given
   * @param lapses  by the database's clock; tells this claim from others
   */
  public record Claim(Session session, Instant lapses) {}

  /** @param id 32 bytes */
  public Future<Void> begin(Buffer id, Session session) {
    return database.ask(BEGIN, Tuple.of(id, session.who(), Version.utc(session.until()), Version.utc(session.ends()),
        session.renewal())).<Void>mapEmpty().recover(Failures::recover);
  }

  /** Null when there is none, or none any more. */
  public Future<Session> find(Buffer id) {
    return database.ask(FIND, Tuple.of(id))
        .map(rows -> rows.size() == 0 ? null : session(rows.iterator().next()))
        .recover(Failures::recover);
  }

  /** Null while somebody else has it, and when the session was renewed, or ended, since {@code before} was read. */
  public Future<Claim> claim(Buffer id, Session before) {
    return database.ask(CLAIM, Tuple.of(id, Version.utc(before.until()))).map(rows -> {
      if (rows.size() == 0) return null;
      Row row = rows.iterator().next();
      return new Claim(session(row), row.getOffsetDateTime("renewing").toInstant());
    }).recover(Failures::recover);
  }

  /** The claim is over with it. @return false when it was over before, or the session has ended */
  public Future<Boolean> renew(Buffer id, Claim claim, Session after) {
    return database.ask(RENEW, Tuple.of(id, Version.utc(claim.lapses()), after.who(), Version.utc(after.until()),
        after.renewal())).map(rows -> rows.rowCount() == 1).recover(Failures::recover);
  }

  /** Gives a claim back, with nothing renewed. */
  public Future<Void> release(Buffer id, Claim claim) {
    return database.ask(RELEASE, Tuple.of(id, Version.utc(claim.lapses()))).<Void>mapEmpty().recover(Failures::recover);
  }

  /** @return as it was; null when there was none */
  public Future<Session> end(Buffer id) {
    return database.ask(END, Tuple.of(id))
        .map(rows -> rows.size() == 0 ? null : session(rows.iterator().next()))
        .recover(Failures::recover);
  }

  /** Unless it was renewed since {@code before} was read. @return false then, and when it had ended */
  public Future<Boolean> end(Buffer id, Session before) {
    return database.ask(END_UNCHANGED, Tuple.of(id, Version.utc(before.until()), before.renewal()))
        .map(rows -> rows.rowCount() == 1)
        .recover(Failures::recover);
  }

  /** Those of these that have not ended. */
  public Future<Set<Buffer>> among(Collection<Buffer> ids) {
    return database.ask(AMONG, Tuple.tuple().addArrayOfBuffer(ids.toArray(Buffer[]::new))).map(rows -> {
      Set<Buffer> there = new HashSet<>();
      for (Row row : rows) there.add(row.getBuffer("id"));
      return there;
    }).recover(Failures::recover);
  }

  public Future<Buffer> secret() {
    return HouseSecret.of(database);
  }

  private static Session session(Row row) {
    return new Session(row.getJsonObject("who"), row.getOffsetDateTime("until").toInstant(),
        row.getOffsetDateTime("ends").toInstant(), row.getBuffer("renewal"));
  }
}
