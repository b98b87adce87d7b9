package io.caregrid.store;

import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.Step.Done;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Tries transactions until one gets through, and tells the audit trail what became of each of their steps. */
final class Transactions {
  private static final int TRIES = 5;
  private static final int RECORDED_AT_ONCE = 1_000;
  /** Characters of what one step asks for that are kept. */
  private static final int MOST_ASKED = 4_000;
  /** Beyond this nothing is committed any more; a little later whoever waits is told so. */
  private static final long MOST_SECONDS = 110;
  /** A transaction is planned while tables are empty, and used when they are not. */
  private static final String SETTINGS = """
      set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off""";

  private final Database database;
  private final Audit audit;
  private final Clock clock;
  private final Versioning versioning;
  private final Writes writes;
  private final Search search;
  private final Function<SqlConnection, Reading> within;

  Transactions(Database database, Audit audit, Clock clock, Versioning versioning, Writes writes, Search search,
      Function<SqlConnection, Reading> within) {
    this.database = database;
    this.audit = audit;
    this.clock = clock;
    this.versioning = versioning;
    this.writes = writes;
    this.search = search;
    this.within = within;
  }

  Future<List<Done>> run(Caller caller, List<Step> steps) {
    return run(caller, steps, connection -> Future.succeededFuture());
  }

  /** @param before done first, in the same database transaction; when it fails nothing is done */
  Future<List<Done>> run(Caller caller, List<Step> steps, Function<SqlConnection, Future<?>> before) {
    if (!audit.isKeeping()) return Future.failedFuture(new Failure.Busy(Audit.CLOSED));
    if (steps.isEmpty()) return Future.succeededFuture(List.of());
    AtomicReference<Prepared> ready = new AtomicReference<>();
    return begun(() -> {
      for (int i = 0; i < steps.size(); i++) require(caller, steps, i);
      return database.offLoop(() -> Prepared.of(steps, clock));
    }).onSuccess(ready::set)
        .compose(prepared -> tried(prepared, before, TRIES,
            System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS)))
        .onSuccess(done -> done.stream().filter(Done::changed).forEach(one -> writes.forget(one.stored())))
        .timeout(MOST_SECONDS + Database.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .recover(cause -> cause instanceof Step.Failed ? Future.failedFuture(cause) : Failures.recover(cause))
        .transform(done -> recorded(caller, steps, ready.get(), done.result(), done.cause()));
  }

  private static <T> Future<T> begun(Supplier<Future<T>> work) {
    return Future.succeededFuture().compose(now -> work.get());
  }

  private static void require(Caller caller, List<Step> steps, int i) {
    Step step = steps.get(i);
    try {
      boolean asks = step instanceof Step.Question || step.where() != null;
      if (asks) FhirStore.require(caller, Access.FHIR_READ);
      if (!(step instanceof Step.Question)) {
        FhirStore.require(caller, Access.FHIR_WRITE);
        Definition.of(step.type());
      }
      if (step instanceof Step.Delete delete && delete.erases()) FhirStore.require(caller, Access.FHIR_HARD_DELETE);
    } catch (Failure refused) {
      throw new Step.Failed(i, refused);
    }
  }

  private Future<List<Done>> tried(Prepared prepared, Function<SqlConnection, Future<?>> before, int tries,
      long deadline) {
    return tried(prepared, before, deadline).recover(cause -> {
      boolean raced = cause instanceof Raced || Failures.lostRace(cause);
      if (raced && tries > 1) return tried(prepared, before, tries - 1, deadline);
      return Future.failedFuture(cause instanceof Raced
          ? new Failure.Conflict("Others keep changing what this transaction changes; try again")
          : cause);
    });
  }

  private Future<List<Done>> tried(Prepared prepared, Function<SqlConnection, Future<?>> before, long deadline) {
    return database.transaction(connection -> connection.query(SETTINGS)
        .execute()
        .compose(set -> before.apply(connection))
        .compose(ready -> new Transaction(database, connection, writes, versioning,
            new Matches(search.on(connection), clock), within.apply(connection), clock, prepared).run())
        .compose(done -> System.nanoTime() > deadline
            ? Future.failedFuture(new Failure.Busy("The transaction took longer than " + MOST_SECONDS
                + " s, and nothing of it was done: send less at once"))
            : Future.succeededFuture(done)));
  }

  /** No answer goes out before all entries are kept. */
  private Future<List<Done>> recorded(Caller caller, List<Step> steps, Prepared ready, List<Done> done,
      Throwable cause) {
    if (cause == Hl7Messages.REPEATED) return Future.failedFuture(cause); // nothing was tried; whoever asked for it once records that
    List<Integer> changes = IntStream.range(0, steps.size())
        .filter(i -> !(steps.get(i) instanceof Step.Question)) // audits itself
        .filter(i -> done == null || !isLeft(steps.get(i), done.get(i)))
        .boxed()
        .toList();
    return kept(changes, i -> asking(entry(caller, steps.get(i), done == null ? null : done.get(i), cause),
        steps.get(i), ready == null ? Set.of() : ready.conditions(i)))
        .transform(all -> cause != null
            ? Future.failedFuture(cause)
            : all.failed() ? Future.failedFuture(all.cause()) : Future.succeededFuture(done));
  }

  /** A condition found it, which is recorded already, and then meant it no longer. */
  private static boolean isLeft(Step step, Done done) {
    return step instanceof Step.Delete delete && delete.isFound() && !done.changed();
  }

  /** Some at a time: the trail has room for so many that wait, and everybody else needs it too. Fails when one of them failed, all the others are kept. */
  private Future<?> kept(List<Integer> changes, IntFunction<Audit.Entry> entry) {
    Future<?> before = Future.succeededFuture();
    for (int from = 0; from < changes.size(); from += RECORDED_AT_ONCE) {
      List<Integer> some = changes.subList(from, Math.min(from + RECORDED_AT_ONCE, changes.size()));
      before = before.transform(last -> Future.join(some.stream().map(i -> audit.record(entry.apply(i))).toList())
          .transform(now -> last.failed() || now.failed()
              ? Future.failedFuture(last.failed() ? last.cause() : now.cause())
              : Future.succeededFuture()));
    }
    return before;
  }

  private static Audit.Entry entry(Caller caller, Step step, Done done, Throwable cause) {
    Stored stored = done == null ? null : done.stored();
    String id = stored != null ? stored.id() : step.id();
    Audit.Entry entry = id == null
        ? Audit.Entry.of(caller, deed(step), step.type())
        : FhirStore.entry(caller, deed(step), step.type(), id);
    if (done != null && !done.patients().isEmpty()) entry = entry.about(done.patients());
    return entry.ended(cause instanceof Step.Failed failed ? failed.getCause() : cause);
  }

  /** Whether something matches tells what is there: conditions, and references by a condition, are questions too. A hard delete is told from others. */
  private static Audit.Entry asking(Audit.Entry entry, Step step, Set<String> conditions) {
    boolean erases = step instanceof Step.Delete delete && delete.erases();
    boolean isAsked = step instanceof Step.Delete delete && delete.isFound(); // and has an entry of its own
    if ((step.where() == null || isAsked) && conditions.isEmpty() && !erases) return entry;
    Stream<String> where = Stream.ofNullable(isAsked ? null : step.where()).map(Criteria::toString);
    String asked = Stream
        .of(where, conditions.stream(), erases ? Stream.of(FhirStore.WITH_HISTORY) : Stream.<String>of())
        .flatMap(some -> some)
        .collect(Collectors.joining(" "));
    return entry.asking(asked.length() > MOST_ASKED ? asked.substring(0, MOST_ASKED) + "…" : asked);
  }

  private static Deed deed(Step step) {
    if (step instanceof Step.Create) return Deed.CREATE;
    if (step instanceof Step.Update) return Deed.UPDATE;
    return step instanceof Step.Patch ? Deed.PATCH : Deed.DELETE;
  }
}
