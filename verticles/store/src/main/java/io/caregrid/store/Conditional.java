package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Single writes under a condition. Who finds nothing and so would create looks again and creates while he holds the condition's lock in the database
 * ({@link Criteria#stripes}): whoever else wants to create the same waits, here or on another node, and then finds it. On this node they stand in line for it
 * without a connection. Who changes what he found replaces the version that he found, which matched, or looks again.
 */
final class Conditional {
  /** With the turn on a connection less than {@link Database#PATIENCE_SECONDS}. */
  private static final Duration TURN = Duration.ofSeconds(8);

  private final Database database;
  private final Clock clock;
  private final Writes writes;
  private final Search search;
  private final Matches matches;
  private final Lines<Integer> lines;

  Conditional(Database database, Clock clock, Writes writes, Search search) {
    this.database = database;
    this.clock = clock;
    this.writes = writes;
    this.search = search;
    this.matches = new Matches(search, clock);
    this.lines = new Lines<>(database.vertx(), TURN, "Many ask for the same condition; try again shortly");
  }

  Future<Stored> one(Criteria where) {
    return matches.one(where);
  }

  Future<List<Stored>> upTo(Criteria where, int most) {
    return matches.upTo(where, most);
  }

  Future<Stored> create(Criteria ifNoneExist, Definition definition, String id, ObjectNode resource) {
    return one(ifNoneExist).compose(found -> found != null
        ? Future.succeededFuture(found.unchanged())
        : alone(ifNoneExist, connection -> within(connection).one(ifNoneExist)
            .compose(now -> now != null
                ? Future.succeededFuture(now.unchanged())
                : insert(connection, definition, id, resource))));
  }

  Future<Stored> update(Criteria where, Definition definition, String fresh, ObjectNode resource, Demand demand) {
    return update(where, definition, fresh, resource, demand, new Writes.Tries());
  }

  private Future<Stored> update(Criteria where, Definition definition, String fresh, ObjectNode resource, Demand demand,
      Writes.Tries tries) {
    return one(where).compose(found -> found != null
        ? Future.succeededFuture(new Found(found, false))
        : alone(where, connection -> within(connection).one(where)
            .compose(now -> now != null
                ? Future.succeededFuture(new Found(now, false))
                : place(connection, definition, FhirStore.meant(null, resource, fresh), resource, demand)
                    .map(made -> new Found(made, true)))))
        .compose(there -> there.made()
            ? Future.succeededFuture(there.stored())
            : changed(where, definition, there.stored(), tries, before -> {
              FhirStore.meant(before, resource, null);
              return writes.updated(definition, before, resource, demand);
            }, () -> update(where, definition, fresh, resource, demand, tries)));
  }

  private record Found(Stored stored, boolean made) {}

  /** NotFound 404 when nothing matches. */
  Future<Stored> patch(Criteria where, Definition definition, Edit edit, Demand demand) {
    return patch(where, definition, edit, demand, new Writes.Tries());
  }

  private Future<Stored> patch(Criteria where, Definition definition, Edit edit, Demand demand, Writes.Tries tries) {
    return one(where).compose(found -> {
      if (found == null) throw new Failure.NotFound("No " + where.type() + " matches the condition");
      return changed(where, definition, found, tries, before -> writes.patched(definition, before, edit, demand),
          () -> patch(where, definition, edit, demand, tries));
    });
  }

  /**
   * Changes what the condition means in the very version that it means. Whoever changes it in between makes us look again, in its line.
   *
   * @param work gives null when that version is no longer the current one
   * @param anew when the condition means another one by now, or none
   */
  private Future<Stored> changed(Criteria where, Definition definition, Stored found, Writes.Tries tries,
      Function<Stored, Future<Stored>> work, Supplier<Future<Stored>> anew) {
    return writes.inLine(definition, found.id(), () -> turn(where, found, tries, work))
        .compose(done -> done.isPresent() ? Future.succeededFuture(done.get()) : Writes.again(tries, anew));
  }

  /** Empty when the condition means something else. */
  private Future<Optional<Stored>> turn(Criteria where, Stored found, Writes.Tries tries,
      Function<Stored, Future<Stored>> work) {
    return work.apply(found)
        .compose(done -> done != null
            ? Future.succeededFuture(Optional.of(done))
            : Writes.again(tries, () -> one(where).compose(now -> now != null && now.id().equals(found.id())
                ? turn(where, now, tries, work)
                : Future.succeededFuture(Optional.empty()))));
  }

  private Future<Stored> place(SqlConnection connection, Definition definition, String id, ObjectNode resource,
      Demand demand) {
    Ids.require(definition.type(), id);
    return new Versions(connection, database).find(definition, id).compose(before -> {
      Writes.require(before, demand);
      if (before != null && !before.deleted()) throw FhirStore.taken();
      return before == null
          ? insert(connection, definition, id, resource)
          : bring(connection, definition, before, resource);
    });
  }

  /** Back to life, what was deleted under the id that its writer chose. */
  private Future<Stored> bring(SqlConnection connection, Definition definition, Stored before, ObjectNode resource) {
    return writes.versioned(before, definition, before.id(), resource).compose(next -> {
      boolean keep = writes.keeps(definition, before, next, Demand.NONE);
      return changed(connection, Table.of(definition).update(),
          next.row().addValue(before.version()).addValue(keep), next);
    });
  }

  private Future<Stored> insert(SqlConnection connection, Definition definition, String id, ObjectNode resource) {
    return writes.versioned(null, definition, id, resource)
        .compose(first -> changed(connection, Table.of(definition).create(), first.row(), first));
  }

  private static Future<Stored> changed(SqlConnection connection, String sql, io.vertx.sqlclient.Tuple values,
      Version version) {
    return connection.preparedQuery(sql).execute(values).map((RowSet<Row> made) -> {
      if (made.rowCount() != 1) throw FhirStore.taken();
      return version.stored();
    });
  }

  private Matches within(SqlConnection connection) {
    return new Matches(search.on(connection), clock);
  }

  private <T> Future<T> alone(Criteria criteria, Function<SqlConnection, Future<T>> work) {
    List<Integer> stripes = criteria.stripes();
    return lines.pass(stripes.get(0),
        () -> database.conditional(connection -> Criteria.claim(Session.on(connection), stripes)
            .compose(claimed -> work.apply(connection))));
  }
}
