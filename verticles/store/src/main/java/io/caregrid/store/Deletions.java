package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/**
 * Soft deletions by id. A deletion replaces whatever version is there, so none has to be read before: one statement finds it, keeps it and ends it, and tells what it was, for
 * who asks whose it was and which version. Those of one type that come at once go together ({@link Grouped}), but for large ones ({@link Table#SMALL}).
 */
final class Deletions {
  private final Database database;
  private final Clock clock;
  private final Versioning versioning;
  private final Versions versions;
  private final Function<String, Grouped<Deletion>> deleting;

  /** A soft deletion: what it deletes is known when it is done. */
  private static final class Deletion {
    final String id;
    final OptionalInt ifMatch;
    /** What was there; null: nothing. */
    volatile Row found;

    Deletion(String id, OptionalInt ifMatch) {
      this.id = id;
      this.ifMatch = ifMatch;
    }

    Stored stored(Stored before) {
      return new Stored(before.type(), id, before.version() + 1, found.getOffsetDateTime("gone").toInstant(), true,
          false,
          null);
    }
  }

  Deletions(Database database, Clock clock, Versioning versioning, Versions versions) {
    this.database = database;
    this.clock = clock;
    this.versioning = versioning;
    this.versions = versions;
    this.deleting = Grouped
        .byKey(type -> new Grouped<>(database.vertx(), Database.WRITING_AT_ONCE, database.held(),
            new Together(Definition.of(type))));
  }

  /**
   * Null when there is nothing, or was deleted before. PreconditionFailed 412.
   *
   * @param patients gets whose it was
   */
  Future<Stored> add(Definition definition, String id, OptionalInt ifMatch, List<String> patients) {
    Deletion deletion = new Deletion(id, ifMatch);
    return deleting.apply(definition.type())
        .add(deletion)
        .compose(tried -> deletion.found == null || deletion.found.getBoolean("del")
            ? nothing(ifMatch)
            : before(definition, deletion.found).map(before -> {
              patients.addAll(Whose.patients(List.of(before)));
              Writes.require(before, Demand.match(ifMatch));
              return deletion.stored(before);
            }));
  }

  private static Future<Stored> nothing(OptionalInt ifMatch) {
    Writes.mayFindNothing(ifMatch);
    return Future.succeededFuture();
  }

  private Future<Stored> before(Definition definition, Row row) {
    return isBodyTelling(definition)
        ? versions.inflated(definition.type(), row)
        : Future.succeededFuture(Version.withoutBody(definition.type(), row));
  }

  /** Whose it is stands in its body, and nowhere else. */
  private static boolean isBodyTelling(Definition definition) {
    return definition.patient() != null;
  }

  private final class Together implements Grouped.Ways<Deletion> {
    private final Definition definition;

    Together(Definition definition) {
      this.definition = definition;
    }

    @Override
    public String key(Deletion one) {
      return one.id;
    }

    /** What comes back is known when it is there: at most so much. */
    @Override
    public int bytes(Deletion one) {
      return isBodyTelling(definition) ? Table.SMALL : 1;
    }

    @Override
    public Future<Set<String>> together(List<Deletion> many) {
      List<Deletion> sorted = new ArrayList<>(many);
      sorted.sort(Comparator.comparing(this::key));
      Object ids = sorted.stream().map(this::key).toArray(String[]::new);
      Object versions = sorted.stream().map(Together::version).toArray(Integer[]::new);
      return database.askWriting(Table.of(definition).deleteMany(), values(ids, versions)).map(rows -> {
        Map<String, Row> found = new HashMap<>();
        for (Row row : rows) found.put(row.getString("id"), row);
        many.forEach(one -> one.found = found.get(one.id));
        return found.keySet();
      });
    }

    @Override
    public Future<Boolean> alone(Deletion one) {
      return database.ask(Table.of(definition).delete(), values(one.id, version(one))).map(rows -> {
        for (Row row : rows) one.found = row;
        return true;
      });
    }

    private static Integer version(Deletion one) {
      return one.ifMatch.isEmpty() || Demand.isAny(one.ifMatch) ? null : one.ifMatch.getAsInt();
    }

    private Tuple values(Object ids, Object versions) {
      Postings nothing = Postings.NOTHING;
      return Tuple.tuple()
          .addValue(ids)
          .addValue(Version.utc(clock.instant().truncatedTo(ChronoUnit.MILLIS)))
          .addValue(versions)
          .addValue(versioning.keepsPast(definition.type()))
          .addValue(Version.utc(nothing.date().from()))
          .addValue(Version.utc(nothing.date().to()))
          .addValue(nothing.fingerprint(nothing.hashes()))
          .addValue(isBodyTelling(definition));
    }
  }
}
