package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.FhirConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * People's and programs' way to the resources. Every method is audited, and fails with a {@code Failure}; what changes something asks the caller's roles too.
 *
 * <p>A single write names the version it replaces ({@link Writes}), one under a condition takes that condition's lock ({@link Conditional}), and a bundle is one
 * database transaction ({@link Transaction}). What is answered is what is stored, byte for byte.
 */
public final class FhirStore implements Reading {
  /** How the trail tells a hard delete. */
  static final String WITH_HISTORY = "with its history";
  /** And how it tells that the current version stayed. */
  static final String HISTORY_ONLY = "its versions before the current one";

  private static final int LABELS_WAITING = 16;
  private static final String LABELS_BUSY = "Others ask for labels of whole types here; try again shortly";

  private final Database database;
  private final Audit audit;
  private final Clock clock;
  private final Versioning versioning;
  private final Search search;
  private final Versions versions;
  private final Writes writes;
  private final Conditional conditional;
  private final Transactions transactions;
  /** One after the other: each reads for seconds, and no page shall wait for them. */
  private final Turnstile labelling;

  public FhirStore(Database database, Audit audit) {
    this(database, audit, FhirConfig.DEFAULT);
  }

  public FhirStore(Database database, Audit audit, FhirConfig config) {
    this(database, audit, config, Clock.systemUTC());
  }

  FhirStore(Database database, Audit audit, Clock clock) {
    this(database, audit, FhirConfig.DEFAULT, clock);
  }

  FhirStore(Database database, Audit audit, FhirConfig config, Clock clock) {
    this.database = database;
    this.audit = audit;
    this.clock = clock;
    this.versioning = new Versioning(config);
    this.search = new Search(database);
    this.writes = new Writes(database, clock, versioning);
    this.versions = writes.versions();
    this.conditional = new Conditional(database, clock, writes, search);
    this.transactions = new Transactions(database, audit, clock, versioning, writes, search, this::within);
    this.labelling = new Turnstile(database.vertx(), 1, LABELS_WAITING, Database.SEARCH_TURN, LABELS_BUSY);
  }

  /** The same store, read on one connection. */
  private FhirStore(FhirStore store, SqlConnection connection) {
    this.database = store.database;
    this.audit = store.audit;
    this.clock = store.clock;
    this.versioning = store.versioning;
    this.search = store.search.on(connection);
    this.versions = new Versions(connection, database);
    this.writes = null;
    this.conditional = null;
    this.transactions = null;
    this.labelling = store.labelling;
  }

  private Reading within(SqlConnection connection) {
    return new FhirStore(this, connection);
  }

  /** The resource types this store keeps. */
  public static List<String> types() {
    return List.copyOf(Definition.types());
  }

  /** What becomes of the versions before. */
  public Versioning versioning() {
    return versioning;
  }

  /** Gives it an id of the store's own. {@code resource} has been validated; its id and meta.versionId/lastUpdated are ignored. */
  public Future<Stored> create(Caller caller, String type, ObjectNode resource) {
    String id = Ids.next(clock.millis());
    return changing(caller, entry(caller, Deed.CREATE, type, id), Whose::in,
        () -> writes.create(Definition.of(type), id, resource));
  }

  /**
   * The same unless something matches already: then gives that ({@link Stored#created} is false). Whoever asks for the same at once, here or on another node, gets
   * the same one. PreconditionFailed 412 when several match.
   */
  public Future<Stored> create(Caller caller, Criteria ifNoneExist, ObjectNode resource) {
    String id = Ids.next(clock.millis());
    Audit.Entry entry = Audit.Entry.of(caller, Deed.CREATE, ifNoneExist.type());
    return changing(caller, ifNoneExist, entry, FhirStore::named,
        () -> conditional.create(ifNoneExist, Definition.of(ifNoneExist.type()), id, resource));
  }

  /** Creates it under this id unless that is taken: then gives what is there, be it deleted. Safe to repeat and to race. Unreadable 500. */
  public Future<Stored> createIfAbsent(Caller caller, String type, String id, ObjectNode resource) {
    return changing(caller, entry(caller, Deed.CREATE, type, id), Whose::in, () -> {
      Ids.require(type, id);
      Definition definition = Definition.of(type);
      return versions.find(definition, id)
          .compose(found -> found != null
              ? Future.succeededFuture(readable(found))
              : writes.createAt(definition, id, resource)
                  .compose(made -> made != null
                      ? Future.succeededFuture(made)
                      : versions.find(definition, id).map(FhirStore::readable)));
    });
  }

  @Override
  public Future<Stored> read(Caller caller, String type, String id) {
    return audited(entry(caller, Deed.READ, type, id), Whose::in, () -> {
      Ids.require(type, id);
      return versions.shown(Definition.of(type), id).map(FhirStore::there);
    });
  }

  @Override
  public Future<Stored> vread(Caller caller, String type, String id, int version) {
    return audited(entry(caller, Deed.VREAD, type, id).asking("_history/" + version), Whose::in, () -> {
      Ids.require(type, id);
      return versions.find(Definition.of(type), id, version).map(FhirStore::there);
    });
  }

  /**
   * Creates it under this id when nothing is there. {@code ifMatch}: PreconditionFailed 412 when the current version is another one. The same content
   * again makes no new version and gives the one that is there.
   */
  public Future<Stored> update(Caller caller, String type, String id, ObjectNode resource, OptionalInt ifMatch) {
    return update(caller, type, id, resource, Demand.match(ifMatch));
  }

  public Future<Stored> update(Caller caller, String type, String id, ObjectNode resource, Demand demand) {
    return changing(caller, entry(caller, Deed.UPDATE, type, id), Whose::in, () -> {
      Ids.require(type, id);
      return writes.update(Definition.of(type), id, resource, demand);
    });
  }

  /**
   * Updates what matches, and creates it when nothing does: under the resource's own id if it has one. Invalid 400 when that is not the id of what matches,
   * Conflict 409 when something else is there under it, PreconditionFailed 412 when several match.
   */
  public Future<Stored> update(Caller caller, Criteria where, ObjectNode resource, Demand demand) {
    String id = Ids.next(clock.millis());
    Audit.Entry entry = Audit.Entry.of(caller, Deed.UPDATE, where.type());
    return changing(caller, where, entry, FhirStore::named,
        () -> conditional.update(where, Definition.of(where.type()), id, resource, demand));
  }

  /** NotFound 404, Gone 410; whatever {@code edit} throws. */
  public Future<Stored> patch(Caller caller, String type, String id, Edit edit, Demand demand) {
    return changing(caller, entry(caller, Deed.PATCH, type, id), Whose::in, () -> {
      Ids.require(type, id);
      return writes.patch(Definition.of(type), id, edit, demand);
    });
  }

  /** NotFound 404 when nothing matches, PreconditionFailed 412 when several do. */
  public Future<Stored> patch(Caller caller, Criteria where, Edit edit, Demand demand) {
    Audit.Entry entry = Audit.Entry.of(caller, Deed.PATCH, where.type());
    return changing(caller, where, entry, FhirStore::named,
        () -> conditional.patch(where, Definition.of(where.type()), edit, demand));
  }

  /** Deleting what is deleted, or was never there, changes nothing and succeeds (then the future holds null), but for {@link Demand#ANY}. */
  public Future<Stored> delete(Caller caller, String type, String id, OptionalInt ifMatch) {
    List<String> patients = new ArrayList<>();
    return changing(caller, entry(caller, Deed.DELETE, type, id), whose(patients), () -> {
      Ids.require(type, id);
      return writes.delete(Definition.of(type), id, ifMatch, patients);
    });
  }

  /** With its whole history: from now on it was never there, but that its versions go on where they ended if somebody takes the id again. */
  public Future<Stored> erase(Caller caller, String type, String id, OptionalInt ifMatch) {
    List<String> patients = new ArrayList<>();
    Audit.Entry entry = entry(caller, Deed.DELETE, type, id).asking(WITH_HISTORY);
    return changing(caller, entry, whose(patients), () -> {
      require(caller, Access.FHIR_HARD_DELETE);
      Ids.require(type, id);
      return writes.erase(Definition.of(type), id, ifMatch, patients);
    });
  }

  /**
   * All its versions but the current one go, for good; that one stays as it is, and no change is made. Needs FHIR_HARD_DELETE too. NotFound 404, Gone 410: where
   * the current version is a deletion, {@link #erase} is meant. Unreadable 500: the current version is damaged, and those before are all there is of it.
   *
   * @return the current version
   */
  public Future<Stored> forgetPast(Caller caller, String type, String id, OptionalInt ifMatch) {
    return changing(caller, entry(caller, Deed.DELETE, type, id).asking(HISTORY_ONLY), Whose::in, () -> {
      require(caller, Access.FHIR_HARD_DELETE);
      Ids.require(type, id);
      return writes.forget(Definition.of(type), id, ifMatch);
    });
  }

  private static Audit.Found<Stored> whose(List<String> patients) {
    return (entry, done) -> patients.isEmpty() ? entry : entry.about(patients);
  }

  /**
   * Deletes what matches, all of it or nothing. PreconditionFailed 412 when more than {@code most} match and {@code most} is 1; otherwise the rest stays. What
   * others change meanwhile is deleted too if it still matches, and left if it does not.
   *
   * @param erases with their whole history
   * @return those that are deleted now
   */
  public Future<List<Stored>> delete(Caller caller, Criteria where, int most, OptionalInt ifMatch, boolean erases) {
    Audit.Entry entry = Audit.Entry.of(caller, Deed.DELETE, where.type());
    Future<List<Stored>> found = changing(caller, where, entry, (asked, meant) -> asked, () -> {
      if (erases) require(caller, Access.FHIR_HARD_DELETE);
      Definition.of(where.type());
      return conditional.upTo(where, most == 1 ? 2 : most).map(meant -> {
        if (most == 1 && meant.size() > 1) throw Matches.several(where);
        if (meant.isEmpty()) Writes.mayFindNothing(ifMatch);
        meant.forEach(one -> Writes.require(one, Demand.match(ifMatch)));
        return meant;
      });
    });
    return found.compose(meant -> {
      List<Step> steps = meant.stream()
          .<Step>map(one -> Step.Delete.of(one, where, ifMatch, erases))
          .toList();
      return transaction(caller, steps)
          .map(done -> done.stream().filter(Step.Done::changed).map(Step.Done::stored).toList())
          .recover(cause -> Future.failedFuture(cause instanceof Step.Failed step ? step.getCause() : cause));
    });
  }

  /**
   * All of it or nothing, in one database transaction, and in FHIR's order (R4 http.html#trules). References to entries and by conditions are resolved; the trees
   * of the resources are changed on the way. {@link Step.Failed} names the step whose fault it is, other {@code Failure}s are nobody's. Each step has its entry in
   * the audit trail.
   *
   * @return what became of each step, in the order they were given
   */
  public Future<List<Step.Done>> transaction(Caller caller, List<Step> steps) {
    return transactions.run(caller, steps);
  }

  /**
   * The same, once for each message that brings it, whoever brings it again and however late: that it is done is noted in the same database transaction.
   *
   * @param known by which the message is known
   * @param steps at least one
   * @return false: it was done before, under whichever id, and nothing was done now
   */
  public Future<Boolean> once(Caller caller, Hl7Known known, List<Step> steps) {
    if (steps.isEmpty()) throw new IllegalArgumentException("nothing to do once");
    return answer(() -> Hl7Messages.isDone(database, known))
        .compose(done -> done
            ? Future.succeededFuture(false)
            : transactions.run(caller, steps, connection -> Hl7Messages.mark(connection, known)).map(true))
        .recover(cause -> cause == Hl7Messages.REPEATED ? Future.succeededFuture(false) : Future.failedFuture(cause))
        .compose(now -> now
            ? Future.succeededFuture(true)
            : answer(() -> audit.around(
                Audit.Entry.of(caller, Deed.REQUEST, "urn:sha256:" + known.id())
                    .asking("stored before, changes nothing"),
                () -> Hl7Messages.settle(database, known.all()).map(false))));
  }

  @Override
  public Future<Page> history(Caller caller, String type, String id, HistoryQuery query) {
    return audited(entry(caller, Deed.HISTORY, type, id), Whose::in, () -> {
      Ids.require(type, id);
      return versions.history(Definition.of(type), id, query);
    });
  }

  @Override
  public Future<Page> history(Caller caller, String type, HistoryQuery query) {
    Deed deed = type == null ? Deed.HISTORY_SYSTEM : Deed.HISTORY_TYPE;
    return audited(Audit.Entry.of(caller, deed, type), Whose::in, () -> {
      if (type != null) Definition.of(type);
      return versions.history(type, query);
    });
  }

  /** The search parameters of a type: name to FHIR search parameter type, for the CapabilityStatement. NotFound 404 for a type that is not kept. */
  public static Map<String, String> searchParams(String type) {
    Map<String, String> params = new LinkedHashMap<>(
        Map.of("_id", "token", "_lastUpdated", "date", "_text", "string", "_content", "string"));
    for (Param param : Definition.of(type).params().values())
      params.put(param.name(), param.kind().name().toLowerCase(Locale.ROOT));
    return params;
  }

  /** {@code Type:parameter} of every reference parameter that may point to this type and says so: what {@code _revinclude} takes. */
  public static List<String> pointing(String type) {
    List<String> all = new ArrayList<>();
    for (String from : types()) {
      for (Param param : Definition.of(from).params().values()) {
        boolean may = param.kind() == Param.Kind.REFERENCE && param.mayPoint(type);
        if (may) all.add(from + ":" + param.name());
      }
    }
    return all;
  }

  /** Names of parameters this server does not know for this type, or for one of several, as written; those of one resource without their modifiers. */
  public static List<String> unknown(SearchQuery query) {
    Reach reach = new Reach();
    if (query.type() != null) return SearchTerms.unknown(query, reach);
    SearchQuery each = SystemSearch.without(query);
    return SystemSearch.types(query)
        .stream()
        .flatMap(type -> SearchTerms.unknown(each.of(type), reach).stream())
        .distinct()
        .toList();
  }

  @Override
  public Future<Page> search(Caller caller, SearchQuery query) {
    return audited(Whose.asked(caller, query), Whose::in,
        () -> search.run(query, clock.instant()));
  }

  /**
   * Which profiles, security labels and tags current resources have (FHIR R4 resource-operation-meta.html). Nobody's data but the labels is told. NotFound 404 for a type that is not
   * kept; TooCostly 422 when so many have labels that they cannot all be looked at in time: never a part of them. Crowded 503 when others ask at the same time.
   *
   * @param type null for all
   */
  public Future<Labels> labels(Caller caller, String type) {
    Audit.Entry entry = Audit.Entry.of(caller, Deed.VIEW, type).asking("$meta");
    return audited(entry, (asked, labels) -> asked, () -> {
      require(caller, Access.FHIR_READ);
      List<String> types = type == null ? types() : List.of(Definition.of(type).type());
      return labelling.pass(() -> search.labels(types));
    });
  }

  static Audit.Entry entry(Caller caller, Deed deed, String type, String id) {
    Audit.Entry entry = Audit.Entry.of(caller, deed, type + "/" + id);
    return type.equals("Patient") ? entry.about(entry.what()) : entry;
  }

  /** Of what a condition has found or made: which one that is, only the answer tells. */
  private static Audit.Entry named(Audit.Entry entry, Stored stored) {
    return Whose.in(entry.to(List.of(stored.type() + "/" + stored.id())), stored);
  }

  private <T> Future<T> audited(Audit.Entry entry, Audit.Found<T> whose, Supplier<Future<T>> work) {
    return audit.around(entry, () -> answer(work), whose);
  }

  /** Whether something matches tells what is there. */
  private <T> Future<T> changing(Caller caller, Criteria where, Audit.Entry entry, Audit.Found<T> whose,
      Supplier<Future<T>> work) {
    return changing(caller, entry.asking(where.toString()), whose, () -> {
      require(caller, Access.FHIR_READ);
      return work.get();
    });
  }

  private <T> Future<T> changing(Caller caller, Audit.Entry entry, Audit.Found<T> whose, Supplier<Future<T>> work) {
    return audited(entry, whose, () -> {
      require(caller, Access.FHIR_WRITE);
      return work.get();
    });
  }

  static void require(Caller caller, Access access) {
    if (!caller.may(access))
      throw new Failure.Forbidden(
          "this needs " + access + " (" + access.meaning + "), which your roles do not give");
  }

  /** The id under which an update by a condition goes. Invalid 400. */
  static String meant(Stored found, ObjectNode resource, String fresh) {
    String own = resource.path("id").asText();
    if (found == null) return own.isEmpty() ? fresh : own;
    if (own.isEmpty() || own.equals(found.id())) return found.id();
    throw new Failure.Invalid("The condition matches another resource than the one whose id stands in the body", "id");
  }

  static Failure taken() {
    return new Failure.Conflict("The condition matches nothing, but there is a resource under the id in the body");
  }

  static Stored there(Stored found) {
    if (found == null) throw new Failure.NotFound("There is no such resource");
    if (found.deleted()) throw new Failure.Gone("This resource was deleted", found.version());
    return readable(found);
  }

  private static Stored readable(Stored found) {
    if (!found.unreadable()) return found;
    throw new Failure.Unreadable("Version " + found.version() + " of " + found.type() + "/" + found.id()
        + " is kept but cannot be read any more: bring its row back from a backup, or put the resource anew");
  }

  static <T> Future<T> answer(Supplier<Future<T>> work) {
    try {
      return work.get().timeout(Database.PATIENCE_SECONDS, TimeUnit.SECONDS).recover(Failures::recover);
    } catch (RuntimeException cause) {
      return Failures.recover(cause);
    }
  }
}
