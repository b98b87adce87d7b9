package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * People's and programs' way to the resources. Every method is audited, and fails with a {@code Failure}.
 *
 * <p>A write is one statement that names the version it replaces; whoever lost a race reads again and tries anew. So no lock is ever held while this
 * node thinks. What is answered is what is stored, byte for byte.
 */
public final class FhirStore {
  private static final int ATTEMPTS = 10;

  private final Database database;
  private final Audit audit;
  private final Clock clock;
  private final Search search;

  public FhirStore(Database database, Audit audit) {
    this(database, audit, Clock.systemUTC());
  }

  FhirStore(Database database, Audit audit, Clock clock) {
    this.database = database;
    this.audit = audit;
    this.clock = clock;
    this.search = new Search(database);
  }

  /** The resource types this store keeps. */
  public static List<String> types() {
    return List.copyOf(Definition.types());
  }

  /** Gives it an id of the store's own. {@code resource} has been validated; its id and meta.versionId/lastUpdated are ignored. */
  public Future<Stored> create(Caller caller, String type, ObjectNode resource) {
    String id = Ids.next(clock.millis());
    return audited(entry(caller, Deed.CREATE, type, id), Whose::in,
        () -> insert(Definition.of(type), id, resource).map(FhirStore::there));
  }

  /** Creates it under this id unless that is taken: then gives what is there, be it deleted. Safe to repeat and to race. Unreadable 500. */
  public Future<Stored> createIfAbsent(Caller caller, String type, String id, ObjectNode resource) {
    return audited(entry(caller, Deed.CREATE, type, id), Whose::in, () -> {
      Ids.require(type, id);
      Definition definition = Definition.of(type);
      return find(definition, id).compose(found -> found != null
          ? Future.succeededFuture(readable(found))
          : insert(definition, id, resource)
              .compose(
                  made -> made != null ? Future.succeededFuture(made) : find(definition, id).map(FhirStore::readable)));
    });
  }

  /** NotFound 404, Gone 410, Unreadable 500. */
  public Future<Stored> read(Caller caller, String type, String id) {
    return audited(entry(caller, Deed.READ, type, id), Whose::in, () -> {
      Ids.require(type, id);
      return find(Definition.of(type), id).map(FhirStore::there);
    });
  }

  /** NotFound 404, Gone 410 when that version is a deletion, Unreadable 500. */
  public Future<Stored> vread(Caller caller, String type, String id, int version) {
    return audited(entry(caller, Deed.VREAD, type, id).asking("_history/" + version), Whose::in, () -> {
      Ids.require(type, id);
      Table table = Table.of(Definition.of(type));
      return run(table.vread(), Tuple.of(id, version)).map(rows -> there(first(type, rows)));
    });
  }

  /**
   * Creates it under this id when nothing is there. {@code ifMatch}: PreconditionFailed 412 when the current version is another one. The same content
   * again makes no new version and gives the one that is there.
   */
  public Future<Stored> update(Caller caller, String type, String id, ObjectNode resource, OptionalInt ifMatch) {
    return audited(entry(caller, Deed.UPDATE, type, id), Whose::in, () -> {
      Ids.require(type, id);
      return updated(Definition.of(type), id, resource, ifMatch, ATTEMPTS);
    });
  }

  /** Deleting what is deleted, or was never there, changes nothing and succeeds (then the future holds null). */
  public Future<Stored> delete(Caller caller, String type, String id, OptionalInt ifMatch) {
    List<String> patients = new ArrayList<>();
    Audit.Found<Stored> whose = (entry, done) -> patients.isEmpty() ? entry : entry.about(patients);
    return audited(entry(caller, Deed.DELETE, type, id), whose, () -> {
      Ids.require(type, id);
      return deleted(Definition.of(type), id, ifMatch, patients, ATTEMPTS);
    });
  }

  /** Versions of one resource, newest first. NotFound 404 when the id was never there. */
  public Future<Page> history(Caller caller, String type, String id, HistoryQuery query) {
    return audited(entry(caller, Deed.HISTORY, type, id), Whose::in, () -> {
      Ids.require(type, id);
      Table table = Table.of(Definition.of(type));
      int below = query.page() == null ? Integer.MAX_VALUE : PageToken.version(query.page());
      Instant since = query.since() == null ? Span.NONE.from() : query.since();
      return run(table.history(), Tuple.of(id, below, Version.utc(since), query.count() + 1)).compose(
          rows -> rows.size() > 0 || query.page() != null
              ? Future.succeededFuture(versions(type, rows, query.count()))
              : find(Definition.of(type), id).map(found -> {
                if (found == null) throw new Failure.NotFound("There never was a " + type + " with this id");
                return new Page(List.of(), OptionalLong.of(0), null, List.of(), List.of());
              }));
    });
  }

  private Page versions(String type, RowSet<Row> rows, int count) {
    List<Stored> entries = new ArrayList<>();
    long total = 0;
    try (Body body = new Body()) {
      for (Row row : rows) {
        if (entries.size() < count) entries.add(Version.whatever(type, row, body, database.damage()));
        total = row.getLong("versions");
      }
    }
    boolean more = rows.size() > count && count > 0;
    String next = more ? PageToken.below(entries.get(count - 1).version()) : null;
    List<Stored> unreadable = entries.stream().filter(Stored::unreadable).toList();
    return new Page(entries, OptionalLong.of(total), next, unreadable, Whose.patients(entries));
  }

  /** The search parameters of a type: name to FHIR search parameter type, for the CapabilityStatement. NotFound 404 for a type that is not kept. */
  public static Map<String, String> searchParams(String type) {
    Map<String, String> params = new LinkedHashMap<>(
        Map.of("_id", "token", "_lastUpdated", "date", "_text", "string", "_content", "string"));
    for (Param param : Definition.of(type).params().values())
      params.put(param.name(), param.kind().name().toLowerCase(Locale.ROOT));
    return params;
  }

  /** Names of parameters this server does not know for this type, or for one of several, as written; those of one resource without their modifiers. */
  public static List<String> unknown(SearchQuery query) {
    if (query.type() != null) return SearchTerms.unknown(query);
    SearchQuery each = SystemSearch.without(query);
    return SystemSearch.types(query)
        .stream()
        .flatMap(type -> SearchTerms.unknown(each.of(type)).stream())
        .distinct()
        .toList();
  }

  /**
   * Newest created first unless {@code _sort} says otherwise. Invalid 400 when a value cannot be read, a modifier is not supported, or a parameter is
   * {@link #unknown}: whoever wants to be lenient leaves those out before.
   */
  public Future<Page> search(Caller caller, SearchQuery query) {
    return audited(Whose.asked(caller, query), Whose::in,
        () -> search.run(query, clock.instant()));
  }

  private static Audit.Entry entry(Caller caller, Deed deed, String type, String id) {
    Audit.Entry entry = Audit.Entry.of(caller, deed, type + "/" + id);
    return type.equals("Patient") ? entry.about(entry.what()) : entry;
  }

  private <T> Future<T> audited(Audit.Entry entry, Audit.Found<T> whose, Supplier<Future<T>> work) {
    return audit.around(entry, () -> answer(work), whose);
  }

  private Future<Stored> updated(Definition definition, String id, ObjectNode resource, OptionalInt ifMatch,
      int attempts) {
    return find(definition, id).compose(before -> {
      requireMatch(before, ifMatch);
      if (before == null) return insert(definition, id, resource);
      Version next = version(before, definition, id, resource);
      return same(before, next.stored())
          ? Future.succeededFuture(before.unchanged())
          : replace(definition, before, next);
    })
        .compose(done -> done != null
            ? Future.succeededFuture(done)
            : again(attempts, left -> updated(definition, id, resource, ifMatch, left)));
  }

  /** What cannot be read is never the same: writing it anew is how it is mended. */
  private static boolean same(Stored before, Stored next) {
    if (before.body() == null) return false;
    try {
      return Json.sameContent(Json.read(before.body().getBytes()), Json.read(next.body().getBytes()));
    } catch (Body.Damaged damaged) {
      return false;
    }
  }

  /** @param patients gets whose it was */
  private Future<Stored> deleted(Definition definition, String id, OptionalInt ifMatch, List<String> patients,
      int attempts) {
    return find(definition, id).compose(before -> {
      if (before == null || before.deleted()) return Future.succeededFuture(null);
      if (patients.isEmpty()) patients.addAll(Whose.patients(List.of(before)));
      requireMatch(before, ifMatch);
      return replace(definition, before, Version.deletion(before, clock.instant())).compose(
          done -> done != null
              ? Future.succeededFuture(done)
              : again(attempts, left -> deleted(definition, id, ifMatch, patients, left)));
    });
  }

  private static Future<Stored> again(int attempts, java.util.function.IntFunction<Future<Stored>> attempt) {
    if (attempts > 1) return attempt.apply(attempts - 1);
    return Future.failedFuture(new Failure.Conflict("Others keep changing this resource; try again"));
  }

  private static void requireMatch(Stored before, OptionalInt ifMatch) {
    if (ifMatch.isEmpty() || before != null && before.version() == ifMatch.getAsInt()) return;
    String is = before == null ? "there is none" : "the current one is " + before.version();
    throw new Failure.PreconditionFailed("If-Match asks for version " + ifMatch.getAsInt() + ", " + is);
  }

  /** Null when the id is taken. */
  private Future<Stored> insert(Definition definition, String id, ObjectNode resource) {
    Version first = version(null, definition, id, resource);
    return run(Table.of(definition).create(), first.row()).map(made -> made.rowCount() == 1 ? first.stored() : null);
  }

  /** Null when somebody else has replaced {@code before}. */
  private Future<Stored> replace(Definition definition, Stored before, Version next) {
    return run(Table.of(definition).update(), next.row().addValue(before.version())).map(
        made -> made.rowCount() == 1 ? next.stored() : null);
  }

  private Version version(Stored before, Definition definition, String id, ObjectNode resource) {
    Json.requireText(definition.type(), resource);
    try (Body body = new Body()) {
      return Version.after(before, definition, id, resource, clock.instant(), body);
    }
  }

  /** Null when it was never there. */
  private Future<Stored> find(Definition definition, String id) {
    return run(Table.of(definition).read(), Tuple.of(id)).map(rows -> first(definition.type(), rows));
  }

  private Stored first(String type, RowSet<Row> rows) {
    if (rows.size() == 0) return null;
    try (Body body = new Body()) {
      return Version.whatever(type, rows.iterator().next(), body, database.damage());
    }
  }

  private static Stored there(Stored found) {
    if (found == null) throw new Failure.NotFound("There is no such resource");
    if (found.deleted()) throw new Failure.Gone("This resource was deleted");
    return readable(found);
  }

  private static Stored readable(Stored found) {
    if (!found.unreadable()) return found;
    throw new Failure.Unreadable("Version " + found.version() + " of " + found.type() + "/" + found.id()
        + " is kept but cannot be read any more: bring its row back from a backup, or put the resource anew");
  }

  private Future<RowSet<Row>> run(String sql, Tuple values) {
    return database.ask(sql, values);
  }

  private static <T> Future<T> answer(Supplier<Future<T>> work) {
    try {
      return work.get().timeout(Database.PATIENCE_SECONDS, TimeUnit.SECONDS).recover(Failures::recover);
    } catch (RuntimeException cause) {
      return Failures.recover(cause);
    }
  }
}
