package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.store.Step.Create;
import io.caregrid.store.Step.Delete;
import io.caregrid.store.Step.Done;
import io.caregrid.store.Step.Failed;
import io.caregrid.store.Step.Patch;
import io.caregrid.store.Step.Question;
import io.caregrid.store.Step.Update;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One try of a transaction bundle, on a connection whose database transaction its caller commits or rolls back. In FHIR's order (R4 http.html#trules): deletes,
 * then creates, updates and patches, then questions, which see all of it.
 *
 * <p>First it takes the locks of all conditions under which something may be created, then it holds the rows it will change, by type and id: so two transactions
 * wait for each other in one direction only, and where they do not, PostgreSQL ends one, which is tried again. What conditions mean is looked up when those
 * locks are held and the deletes are done. A resource that refers by a condition is written after those that the condition might mean. Thinking about
 * resources happens off the event loop, a chunk at a time.
 */
final class Transaction {
  private static final int CHUNK = 500;
  private static final int AT_ONCE = 128;

  private final Database database;
  private final Session session;
  private final Writes writes;
  private final Versioning versioning;
  private final Matches matches;
  private final Reading within;
  private final Clock clock;
  private final Prepared prepared;
  private final List<Step> steps;

  private final String[] ids;
  private final Done[] done;
  /** Of a conditional create: the step before it that has the same condition, and nothing was found for either. */
  private final int[] sameAs;
  private final HeldRows held;
  private final Set<String> identities = new HashSet<>();
  /** fullUrls and conditional references → {@code Type/id}. */
  private final Map<String, String> named = new HashMap<>();
  private final Set<Integer> open = new TreeSet<>();
  /** Those whose condition found one, and in which version. */
  private final Map<Integer, Integer> matched = new HashMap<>();

  Transaction(Database database, SqlConnection connection, Writes writes, Versioning versioning, Matches matches,
      Reading within, Clock clock, Prepared prepared) {
    this.database = database;
    this.session = Session.on(connection);
    this.held = new HeldRows(database, session);
    this.writes = writes;
    this.versioning = versioning;
    this.matches = matches;
    this.within = within;
    this.clock = clock;
    this.prepared = prepared;
    this.steps = prepared.steps();
    this.ids = new String[steps.size()];
    this.done = new Done[steps.size()];
    this.sameAs = new int[steps.size()];
  }

  Future<List<Done>> run() {
    List<Integer> deletes = these(step -> step instanceof Delete);
    List<Integer> changes = these(step -> !(step instanceof Delete || step instanceof Question));
    Arrays.fill(sameAs, -1);
    return guarded(() -> {
      steps().forEach(this::identify);
      return claim();
    }).compose(claimed -> resolve(deletes))
        .compose(resolved -> hold(these(step -> step.id() != null || step instanceof Delete)))
        .compose(held -> delete(deletes))
        .compose(deleted -> resolve(changes))
        .compose(resolved -> hold(these(step -> step instanceof Update || step instanceof Patch)))
        .compose(held -> guarded(() -> {
          changes.forEach(this::name);
          changes.stream().filter(i -> done[i] == null && sameAs[i] < 0).forEach(open::add);
          return write();
        }))
        .compose(written -> recheck(changes))
        .compose(checked -> {
          changes.stream().filter(i -> sameAs[i] >= 0).forEach(this::finishSame);
          return ask(these(step -> step instanceof Question));
        })
        .map(asked -> List.of(done));
  }

  private static <T> Future<T> guarded(Supplier<Future<T>> work) {
    return Future.succeededFuture().compose(now -> work.get());
  }

  private IntStream steps() {
    return IntStream.range(0, steps.size());
  }

  private List<Integer> these(Predicate<Step> which) {
    return steps().filter(i -> which.test(steps.get(i))).boxed().toList();
  }

  private String type(int i) {
    return steps.get(i).type();
  }

  /** Those that name an id know who they mean from the start. */
  private void identify(int i) {
    Step step = steps.get(i);
    if (step.id() != null) own(i, step.id());
    if (step instanceof Delete delete && delete.isFound()) matched.put(i, delete.found());
    if (step instanceof Create create && create.where() == null) own(i, prepared.fresh().get(i));
  }

  /** FHIR R4 http.html#trules: if any resource identities overlap, the transaction fails. */
  private void own(int i, String id) {
    step(i, () -> Ids.require(type(i), id));
    if (!identities.add(type(i) + "/" + id))
      throw new Failed(i, new Failure.Invalid("Two entries of the transaction change the same " + type(i)));
    ids[i] = id;
  }

  private static void step(int i, Runnable work) {
    try {
      work.run();
    } catch (Failure failure) {
      throw new Failed(i, failure);
    }
  }

  private Future<?> claim() {
    Set<Integer> stripes = new TreeSet<>();
    for (Step step : steps) {
      boolean mayCreate = step instanceof Create || step instanceof Update;
      if (mayCreate && step.where() != null) stripes.addAll(step.where().stripes());
    }
    return Criteria.claim(session, stripes);
  }

  /** What the conditions of these mean now. */
  private Future<?> resolve(List<Integer> which) {
    Map<Criteria, Integer> first = new LinkedHashMap<>();
    for (int i : which) {
      Criteria where = unresolved(i);
      if (where != null) first.putIfAbsent(where, i);
    }
    Map<Criteria, List<Stored>> found = new ConcurrentHashMap<>();
    return slices(List.copyOf(first.keySet()),
        where -> failing(first.get(where), () -> matches.upTo(where, 2)).map(some -> {
          some.forEach(held::take);
          return found.put(where, some);
        }))
        .map(all -> {
          Map<Criteria, Integer> creating = new HashMap<>();
          for (int i : which) {
            Criteria where = unresolved(i);
            if (where != null) resolved(i, where, found.get(where), creating);
          }
          return null;
        });
  }

  /** Null when the step has no condition, or brings what that has found. */
  private Criteria unresolved(int i) {
    Step step = steps.get(i);
    return step.id() == null ? step.where() : null;
  }

  /** So many at once on their way to the database, and the next ones when these are back: each has a deadline of its own. */
  private static <T> Future<?> slices(List<T> all, Function<T, Future<?>> work) {
    Future<?> before = Future.succeededFuture();
    for (int from = 0; from < all.size(); from += AT_ONCE) {
      List<T> slice = all.subList(from, Math.min(from + AT_ONCE, all.size()));
      before = before.compose(done -> Future.all(slice.stream().map(work).toList()));
    }
    return before;
  }

  private static <T> Future<T> failing(int i, Supplier<Future<T>> work) {
    return guarded(work).recover(cause -> Future.failedFuture(
        cause instanceof Failure ? new Failed(i, cause) : cause));
  }

  private void resolved(int i, Criteria where, List<Stored> found, Map<Criteria, Integer> creating) {
    if (found.size() > 1) throw new Failed(i, Matches.several(where));
    Stored one = found.isEmpty() ? null : found.get(0);
    if (one != null) matched.put(i, one.version());
    Step step = steps.get(i);
    if (step instanceof Create) {
      if (one != null) done[i] = Done.of(one.unchanged(), false);
      else if (creating.putIfAbsent(where, i) == null) own(i, prepared.fresh().get(i));
      else sameAs[i] = creating.get(where);
    } else if (step instanceof Update update) {
      step(i, () -> own(i, FhirStore.meant(one, update.resource(), prepared.fresh().get(i))));
    } else if (one != null) {
      own(i, one.id());
    } else if (step instanceof Patch) {
      throw new Failed(i, new Failure.NotFound("No " + where.type() + " matches the condition"));
    } else {
      step(i, () -> Writes.mayFindNothing(((Delete) step).ifMatch()));
      done[i] = Done.NOTHING;
    }
  }

  private Future<?> hold(List<Integer> which) {
    Map<String, Set<String>> wanted = new TreeMap<>();
    for (int i : which) {
      if (ids[i] != null) wanted.computeIfAbsent(type(i), type -> new TreeSet<>()).add(ids[i]);
    }
    return held.hold(wanted).compose(holding -> {
      List<Integer> moved = which.stream().filter(this::hasMoved).toList();
      Map<Criteria, List<Integer>> found = new LinkedHashMap<>();
      moved.stream()
          .filter(i -> steps.get(i).id() != null)
          .forEach(i -> found.computeIfAbsent(steps.get(i).where(), first -> new ArrayList<>()).add(i));
      return slices(moved.stream().filter(i -> steps.get(i).id() == null).toList(), this::requireMeant)
          .compose(meant -> slices(List.copyOf(found.keySet()), where -> leaveOthers(where, found.get(where))));
    });
  }

  /** Whoever changed it before we held it may have made it another one than the condition means. */
  private boolean hasMoved(int i) {
    Integer version = matched.get(i);
    return version != null && before(i) != null && before(i).version() != version;
  }

  /** From now on nobody else changes it: so the condition is asked once more, and who writes the row all the time keeps nobody from his turn. */
  private Future<?> requireMeant(int i) {
    return failing(i, () -> matches.upTo(steps.get(i).where(), 2)).map(found -> {
      boolean same = found.size() == 1 && found.get(0).id().equals(ids[i]);
      if (!same) throw new Raced();
      return matched.put(i, found.get(0).version());
    });
  }

  /** Of those that a condition has found before, what it means no longer stays as it is. */
  private Future<?> leaveOthers(Criteria where, List<Integer> moved) {
    List<String> all = moved.stream().map(i -> ids[i]).toList();
    return failing(moved.get(0), () -> matches.upTo(where.among(all), all.size())).map(found -> {
      Set<String> meant = found.stream().map(Stored::id).collect(Collectors.toSet());
      moved.stream().filter(i -> !meant.contains(ids[i])).forEach(i -> done[i] = Done.NOTHING);
      return null;
    });
  }

  private Stored before(int i) {
    return held.stored(type(i), ids[i]);
  }

  private boolean erased(int i) {
    return held.erased(type(i), ids[i]);
  }

  private Future<?> delete(List<Integer> which) {
    List<Packed> deletions = new ArrayList<>();
    Future<?> erased = Future.succeededFuture();
    for (int i : which) {
      Delete delete = (Delete) steps.get(i);
      Stored before = before(i);
      boolean nothing = done[i] != null || before == null || erased(i) || before.deleted() && !delete.erases();
      if (nothing) {
        if (done[i] == null) step(i, () -> Writes.mayFindNothing(delete.ifMatch()));
        done[i] = Done.NOTHING;
      } else {
        step(i, () -> Writes.require(before, Demand.match(delete.ifMatch())));
        if (delete.erases()) erased = erased.compose(last -> erase(i, before));
        else
          deletions.add(new Packed(i, Version.deletion(before, clock.instant()), before.version(),
              versioning.keepsPast(type(i))));
      }
    }
    return erased.compose(all -> sendAll(deletions));
  }

  private Future<?> erase(int i, Stored before) {
    Version erasure = Version.erasure(before, clock.instant());
    Tuple values = erasure.row().addValue(before.version());
    return session.ask(Table.of(Definition.of(type(i))).erase(), values).map(made -> {
      if (made.rowCount() != 1) throw new Raced();
      return done[i] = new Done(erasure.stored(), true, null, Whose.patients(List.of(before)));
    });
  }

  /** By what others call it. */
  private void name(int i) {
    String url = steps.get(i).fullUrl();
    int self = sameAs[i] < 0 ? i : sameAs[i];
    String id = ids[self] != null ? ids[self] : done[self].stored().id();
    if (url != null) named.put(url, type(i) + "/" + id);
  }

  /** Round by round: what refers to nothing that is not there yet; what then can be told for sure, and so on. */
  private Future<?> write() {
    if (open.isEmpty()) return Future.succeededFuture();
    Set<String> coming = new HashSet<>();
    open.forEach(i -> coming.add(type(i)));
    Set<String> unknown = unknown();
    List<String> sure = unknown.stream().filter(text -> !coming.contains(criteria(text).type())).toList();
    return look(sure).compose(told -> round());
  }

  private Future<?> round() {
    List<Integer> ready = open.stream().filter(this::isReady).toList();
    if (!ready.isEmpty()) return store(ready).compose(stored -> write());
    List<String> rest = List.copyOf(unknown());
    return look(rest).compose(guessed -> store(List.copyOf(open)))
        .compose(stored -> look(rest)); // fails when what was written just now matches, too
  }

  private Set<String> unknown() {
    Set<String> unknown = new LinkedHashSet<>();
    for (int i : open) {
      for (String text : prepared.conditions(i)) if (!named.containsKey(text)) unknown.add(text);
    }
    return unknown;
  }

  private boolean isReady(int i) {
    return named.keySet().containsAll(prepared.conditions(i));
  }

  private Future<?> look(List<String> conditions) {
    Map<String, List<Stored>> found = new ConcurrentHashMap<>();
    return slices(conditions, text -> failing(stepOf(text), () -> matches.upTo(criteria(text), 2))
        .onSuccess(some -> found.put(text, some.stream().map(Stored::withoutBody).toList()))).map(all -> {
          for (String text : conditions) means(text, found.get(text));
          return null;
        });
  }

  private void means(String text, List<Stored> found) {
    if (found.size() == 1) {
      Stored one = found.get(0);
      named.put(text, one.type() + "/" + one.id());
      return;
    }
    String type = criteria(text).type();
    throw new Failed(stepOf(text), found.isEmpty()
        ? new Failure.Invalid("A conditional reference to a " + type + " matches none")
        : Failure.PreconditionFailed.multiple("A conditional reference to a " + type + " matches several"));
  }

  private Criteria criteria(String condition) {
    try {
      return References.criteria(condition);
    } catch (Failure unreadable) {
      throw new Failed(stepOf(condition), unreadable);
    }
  }

  private int stepOf(String condition) {
    return prepared.first().get(condition);
  }

  /** Chunk by chunk, by type and id: so others who write the same wait in one direction. */
  private Future<?> store(List<Integer> ready) {
    List<Integer> inOrder = new ArrayList<>(ready);
    inOrder.sort(Comparator.comparing(this::type).thenComparing(i -> ids[i]));
    Future<?> before = Future.succeededFuture();
    for (int from = 0; from < inOrder.size(); from += CHUNK) {
      List<Integer> chunk = inOrder.subList(from, Math.min(from + CHUNK, inOrder.size()));
      before = before.compose(stored -> database.offLoop(() -> pack(chunk))).compose(this::sendAll);
    }
    return before.onSuccess(stored -> ready.forEach(open::remove)); // removeAll of a list takes quadratic time
  }

  private List<Packed> pack(List<Integer> chunk) {
    List<Packed> packed = new ArrayList<>(chunk.size());
    for (int i : chunk) {
      step(i, () -> {
        Packed one = pack(i);
        if (one != null) packed.add(one);
      });
    }
    return packed;
  }

  /** Null when nothing changes. */
  private Packed pack(int i) {
    Step step = steps.get(i);
    References references = prepared.references().get(i);
    if (references != null) references.set(named);
    if (step instanceof Create create)
      return new Packed(i, writes.version(null, Definition.of(create.type()), ids[i], create.resource()), 0, false);
    if (step instanceof Patch patch) {
      Stored before = FhirStore.there(erased(i) ? null : before(i));
      ObjectNode next = patch.edit().apply(Json.read(before.body().getBytes()));
      new References(next, null, prepared.known()).set(named); // what is there is not the bundle's: "Patient/7" is ours
      return pack(i, before, next, patch.demand());
    }
    Update update = (Update) step;
    return pack(i, before(i), update.resource(), update.demand());
  }

  private Packed pack(int i, Stored before, ObjectNode resource, Demand demand) {
    Definition definition = Definition.of(type(i));
    Writes.require(before, demand);
    boolean there = before != null && !before.deleted();
    if (there && steps.get(i).where() != null && !matched.containsKey(i)) throw FhirStore.taken();
    if (there && !demand.hasSeen()) versioning.requireSeen(type(i), demand.ifMatch());
    Version next = writes.version(before, definition, ids[i], resource);
    if (before == null) return new Packed(i, next, 0, false);
    if (Writes.same(before, next.stored())) {
      done[i] = Done.of(before.unchanged(), false);
      return null;
    }
    return new Packed(i, next, before.version(), writes.keeps(definition, before, next, demand));
  }

  private Future<?> sendAll(List<Packed> packed) {
    return Packed.send(session, packed)
        .onSuccess(sent -> packed
            .forEach(one -> done[one.step()] = new Done(one.version().stored(), true, null, patients(one))));
  }

  /** A deletion's version tells no longer whose it was. */
  private List<String> patients(Packed one) {
    Stored stored = one.version().stored();
    return Whose.patients(List.of(stored.deleted() ? before(one.step()) : stored));
  }

  /** Nobody else could create what a condition means while its lock is held; the other entries of this transaction could. */
  private Future<?> recheck(List<Integer> changes) {
    Map<String, Long> written = new HashMap<>();
    for (int i : changes) if (done[i] != null && done[i].changed()) written.merge(type(i), 1L, Long::sum);
    List<Integer> doubtful = changes.stream()
        .filter(i -> sameAs[i] < 0 && steps.get(i).where() != null && done[i].changed() && done[i].stored().created()
            && written.get(type(i)) > 1)
        .toList();
    return slices(doubtful, i -> failing(i, () -> matches.one(steps.get(i).where())));
  }

  private void finishSame(int i) {
    done[i] = Done.of(done[sameAs[i]].stored().unchanged(), false);
  }

  private Future<?> ask(List<Integer> questions) {
    Future<?> before = Future.succeededFuture();
    for (int i : questions) {
      Function<Reading, Future<?>> question = ((Question) steps.get(i)).question();
      before = before.compose(asked -> failing(i, () -> question.apply(within).map(answer -> {
        return done[i] = new Done(null, false, answer, List.of());
      })));
    }
    return before;
  }
}
