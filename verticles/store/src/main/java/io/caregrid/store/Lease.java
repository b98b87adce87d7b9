package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.UUID;

/**
 * Lets one node at a time do a piece of work, so that the others save themselves the trouble. It says nothing about a holder that was frozen and wakes up
 * late: what must not happen twice needs a condition of its own, such as the version it replaces.
 */
public final class Lease {
  private static final String TAKE = """
      insert into lease (name, holder, held_until) values ($1, $2, now() + $3 * interval '1 millisecond')
      on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
        where lease.holder = excluded.holder or lease.held_until < now()""";
  private static final String RELEASE = "delete from lease where name = $1 and holder = $2";

  private final Database database;
  private final String name;
  private final UUID holder = UUID.randomUUID();

  /** @param name of the work */
  public Lease(Database database, String name) {
    this.database = database;
    this.name = name;
  }

  /** For so long from now, by the database's clock; again before that to keep it. False: another one holds it. */
  public Future<Boolean> take(Duration length) {
    return database.ask(TAKE, Tuple.of(name, holder, (double) length.toMillis()))
        .map(rows -> rows.rowCount() == 1)
        .recover(Failures::recover);
  }

  /** Lets the next one begin at once. */
  public Future<Void> release() {
    return database.ask(RELEASE, Tuple.of(name, holder)).<Void>mapEmpty().recover(Failures::recover);
  }
}
