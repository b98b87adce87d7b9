package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;

/**
 * Who is signed in with a browser, for all nodes of the cluster. Who reads this table can be nobody by it: it has no cookie, only its SHA-256, and what
 * renews a session is sealed by whoever keeps it here.
 */
public final class WebSessions {
  private static final String BEGIN = """
      with ended as (delete from web_session where id in (select id from web_session where ends < now() order by ends limit 100))
      insert into web_session (id, who, until, ends, renewal) values ($1, $2, $3, $4, $5)""";
  private static final String FIND = "select who, until, ends, renewal from web_session where id = $1 and ends > now()";
  private static final String RENEW = """
      update web_session set who = $3, until = $4, renewal = $5 where id = $1 and until = $2 and ends > now()""";
  private static final String END = "delete from web_session where id = $1 returning who, until, ends, renewal";

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

  /** @return false when it was renewed, or ended, by somebody else since {@code before} was read */
  public Future<Boolean> renew(Buffer id, Session before, Session after) {
    return database.ask(RENEW, Tuple.of(id, Version.utc(before.until()), after.who(), Version.utc(after.until()),
        after.renewal())).map(rows -> rows.rowCount() == 1).recover(Failures::recover);
  }

  /** @return as it was; null when there was none */
  public Future<Session> end(Buffer id) {
    return database.ask(END, Tuple.of(id))
        .map(rows -> rows.size() == 0 ? null : session(rows.iterator().next()))
        .recover(Failures::recover);
  }

  private static Session session(Row row) {
    return new Session(row.getJsonObject("who"), row.getOffsetDateTime("until").toInstant(),
        row.getOffsetDateTime("ends").toInstant(), row.getBuffer("renewal"));
  }
}
