package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Single writes. Each names the version it replaces; whoever lost a race reads again and tries anew, so no lock is ever held while this node thinks. What this node wrote last it
 * need not read to replace it ({@link Recent}). Those of one resource come one after the other on this node; those of one type that come at once go together ({@link Grouped}).
 */
final class Writes {
  /** Between nodes nobody stands in line: of four that write one resource all the time, somebody loses a dozen races in a row every second. */
  private static final int ATTEMPTS = 100;
  private static final Duration TURN = Duration.ofSeconds(10);
  private static final String OTHERS = "Others keep changing this resource; try again";

  private final Database database;
  private final Clock clock;
  private final Versioning versioning;
  private final Versions versions;
  private final Lines<String> lines;
  private final Function<String, Grouped<Change>> creating;
  private final Function<String, Grouped<Change>> placing;
  private final Function<String, Grouped<Change>> replacing;
  private final Deletions deletions;
  private final Recent recent = new Recent();

  /**
   * @param was     the version it replaces, 0 for none
   * @param keep    that one goes into the history
   * @param content {@link Recent#content} of it
   * @param guessed that was the version is not read
   */
  private record Change(Version version, int was, boolean keep, long content, boolean guessed) {}

  Writes(Database database, Clock clock, Versioning versioning) {
    this.database = database;
    this.clock = clock;
    this.versioning = versioning;
    this.versions = new Versions(database);
    this.lines = new Lines<>(database.vertx(), TURN, OTHERS);
    this.creating = Grouped.byKey(type -> grouped(new Creates(type)));
    this.placing = Grouped.byKey(type -> grouped(new Creates(type)));
    this.replacing = Grouped.byKey(type -> grouped(new Replaces(type)));
    this.deletions = new Deletions(database, clock, versioning, versions);
  }

  private Grouped<Change> grouped(Grouped.Ways<Change> ways) {
    return new Grouped<>(database.vertx(), Database.WRITING_AT_ONCE, database.held(), ways);
  }

  Versions versions() {
    return versions;
  }

  /** What is large is stamped, indexed and deflated off the event loop. */
  Future<Version> versioned(Stored before, Definition definition, String id, ObjectNode resource) {
    return thought(Extent.isLarge(resource), () -> version(before, definition, id, resource));
  }

  private <T> Future<T> thought(boolean isLong, Callable<T> thinking) {
    if (isLong) return database.offLoop(thinking);
    try {
      return Future.succeededFuture(thinking.call());
    } catch (Exception refused) {
      return Future.failedFuture(refused);
    }
  }

  /** Under an id that nobody else can have. */
  Future<Stored> create(Definition definition, String id, ObjectNode resource) {
    return insert(creating, definition, id, resource).map(made -> {
      if (made == null) throw new Failure.Conflict("The id is taken; try again");
      return made;
    });
  }

  /** Null when the id is taken. Whoever chooses ids may wait for somebody who chose the same: apart from those who choose none. */
  Future<Stored> createAt(Definition definition, String id, ObjectNode resource) {
    return insert(placing, definition, id, resource);
  }

  private Future<Stored> insert(Function<String, Grouped<Change>> group, Definition definition, String id,
      ObjectNode resource) {
    return thought(Extent.isLarge(resource),
        () -> new Change(version(null, definition, id, resource), 0, false, Recent.content(resource), false))
        .compose(first -> written(group.apply(definition.type()), first));
  }

  /** Null when somebody else was first. */
  private Future<Stored> written(Grouped<Change> group, Change change) {
    return group.add(change).map(made -> {
      if (!made) return null;
      Stored stored = change.version().stored();
      recent.put(stored, change.content());
      return stored;
    });
  }

  Future<Stored> update(Definition definition, String id, ObjectNode resource, Demand demand) {
    return inLine(definition, id, () -> {
      boolean depends = demand.asksForBefore() || versioning.isUnseen(definition.type(), demand.ifMatch());
      Recent.Entry known = depends ? null : recent.of(definition.type(), id);
      return known == null || !demand.allows(known.version())
          ? updated(definition, id, resource, demand, new Tries())
          : unread(definition, id, known, resource)
              .compose(done -> done != null
                  ? Future.succeededFuture(done)
                  : updated(definition, id, resource, demand, new Tries()));
    });
  }

  /** Null when that is not the current version any more, or says the same perhaps: then nothing is done yet. */
  private Future<Stored> unread(Definition definition, String id, Recent.Entry known, ObjectNode resource) {
    String type = definition.type();
    return thought(Extent.isLarge(resource), () -> {
      long content = Recent.content(resource);
      return content == known.content()
          ? null
          : new Change(version(known.stored(type, id), definition, id, resource), known.version(),
              versioning.keepsPast(type), content, true);
    }).compose(change -> change == null
        ? Future.succeededFuture()
        : written(replacing.apply(type), change).onSuccess(done -> {
          if (done != null) recent.wasRight(type);
          else recent.wasBehind(type, id);
        }));
  }

  private Future<Stored> updated(Definition definition, String id, ObjectNode resource, Demand demand, Tries tries) {
    return versions.find(definition, id).compose(before -> {
      require(before, demand);
      return before == null
          ? createAt(definition, id, resource)
          : replaced(definition, before, resource, demand);
    })
        .compose(done -> done != null
            ? Future.succeededFuture(done)
            : again(tries, () -> updated(definition, id, resource, demand, tries)));
  }

  Future<Stored> patch(Definition definition, String id, Edit edit, Demand demand) {
    return inLine(definition, id, () -> patched(definition, id, edit, demand, new Tries()));
  }

  private Future<Stored> patched(Definition definition, String id, Edit edit, Demand demand, Tries tries) {
    return versions.shown(definition, id)
        .compose(found -> patched(definition, FhirStore.there(found), edit, demand))
        .compose(done -> done != null
            ? Future.succeededFuture(done)
            : again(tries, () -> patched(definition, id, edit, demand, tries)));
  }

  /** Null when {@code before} is no longer the current version. For whoever stands in its line. */
  Future<Stored> patched(Definition definition, Stored before, Edit edit, Demand demand) {
    require(before, demand);
    // how long a patch thinks is for its author to say
    return database.offLoop(() -> edit.apply(Json.read(before.body().getBytes())))
        .compose(next -> replaced(definition, before, next, demand));
  }

  /** The same with the whole resource. */
  Future<Stored> updated(Definition definition, Stored before, ObjectNode resource, Demand demand) {
    require(before, demand);
    return replaced(definition, before, resource, demand);
  }

  /** Null when somebody else was first. */
  private Future<Stored> replaced(Definition definition, Stored before, ObjectNode resource, Demand demand) {
    if (!before.deleted() && !demand.hasSeen()) versioning.requireSeen(definition.type(), demand.ifMatch());
    return thought(Extent.isLarge(before) || Extent.isLarge(resource), () -> {
      Version next = version(before, definition, before.id(), resource);
      return same(before, next.stored())
          ? null
          : new Change(next, before.version(), keeps(definition, before, next, demand), Recent.content(resource),
              false);
    }).compose(change -> change == null
        ? Future.succeededFuture(before.unchanged())
        : written(replacing.apply(definition.type()), change));
  }

  boolean keeps(Definition definition, Stored before, Version next, Demand demand) {
    return versioning.keepsPast(definition.type()) && !(demand.forgetsMeta() && sameButMeta(before, next.stored()));
  }

  /**
   * In one statement, whatever version is there: nothing is read before. Null when there is nothing.
   *
   * @param patients gets whose it was
   */
  Future<Stored> delete(Definition definition, String id, OptionalInt ifMatch, List<String> patients) {
    return inLine(definition, id, () -> {
      recent.forget(definition.type(), id);
      return deletions.add(definition, id, ifMatch, patients);
    });
  }

  /** With all its past; also when it was deleted before. Null when there is nothing. */
  Future<Stored> erase(Definition definition, String id, OptionalInt ifMatch, List<String> patients) {
    return inLine(definition, id, () -> {
      recent.forget(definition.type(), id);
      return erased(definition, id, ifMatch, patients, new Tries());
    });
  }

  private Future<Stored> erased(Definition definition, String id, OptionalInt ifMatch, List<String> patients,
      Tries tries) {
    return versions.shown(definition, id).compose(before -> {
      if (before == null) {
        mayFindNothing(ifMatch);
        return Future.succeededFuture(null);
      }
      if (patients.isEmpty()) patients.addAll(Whose.patients(List.of(before)));
      require(before, Demand.match(ifMatch));
      Version erasure = Version.erasure(before, clock.instant());
      return database.ask(Table.of(definition).erase(), erasure.row().addValue(before.version()))
          .compose(made -> made.rowCount() == 1
              ? Future.succeededFuture(erasure.stored())
              : again(tries, () -> erased(definition, id, ifMatch, patients, tries)));
    });
  }

  /** The versions before it go; gives the current one, as it is. NotFound 404, Gone 410. */
  Future<Stored> forget(Definition definition, String id, OptionalInt ifMatch) {
    return inLine(definition, id, () -> forgotten(definition, id, ifMatch, new Tries()));
  }

  private Future<Stored> forgotten(Definition definition, String id, OptionalInt ifMatch, Tries tries) {
    return versions.shown(definition, id).map(FhirStore::there).compose(current -> {
      require(current, Demand.match(ifMatch));
      return database.ask(Table.of(definition).forget(), Tuple.of(id, current.version()))
          .compose(held -> held.size() == 1
              ? Future.succeededFuture(current)
              : again(tries, () -> forgotten(definition, id, ifMatch, tries)));
    });
  }

  <T> Future<T> inLine(Definition definition, String id, Supplier<Future<T>> work) {
    return lines.pass(definition.type() + "/" + id, work);
  }

  static <T> Future<T> again(Tries tries, Supplier<Future<T>> attempt) {
    return tries.another() ? attempt.get() : Future.failedFuture(new Failure.Conflict(OTHERS));
  }

  /** Of one write. */
  static final class Tries {
    private final long end = System.nanoTime() + TURN.toNanos();
    private int left = ATTEMPTS;

    boolean another() {
      return --left > 0 && System.nanoTime() < end;
    }
  }

  static void require(Stored before, Demand demand) {
    boolean there = before != null && !before.deleted();
    if (demand.ifNone() && there)
      throw new Failure.PreconditionFailed("If-None-Match asks that nothing is there, and version " + before.version()
          + " is");
    OptionalInt ifMatch = demand.ifMatch();
    if (Demand.isAny(ifMatch)) {
      if (!there) throw new Failure.PreconditionFailed("If-Match asks that something is there, and nothing is");
      return;
    }
    if (ifMatch.isEmpty() || before != null && before.version() == ifMatch.getAsInt()) return;
    String is = before == null ? "there is none" : "the current one is " + before.version();
    throw new Failure.PreconditionFailed("If-Match asks for version " + ifMatch.getAsInt() + ", " + is);
  }

  /**
   * Asked of a deletion that finds nothing. It succeeds whatever version was named, since it may have been done already (RFC 9110 section 13.1.1), but not where something
   * had to be there: PreconditionFailed 412.
   */
  static void mayFindNothing(OptionalInt ifMatch) {
    if (Demand.isAny(ifMatch)) require(null, Demand.match(ifMatch));
  }

  /** What cannot be read is never the same: writing it anew is how it is mended. */
  static boolean same(Stored before, Stored next) {
    return compare(before, next, Json::sameContent);
  }

  private static boolean sameButMeta(Stored before, Stored next) {
    return compare(before, next, (one, other) -> {
      one.remove("meta");
      other.remove("meta");
      return Json.sameContent(one, other);
    });
  }

  private static boolean compare(Stored before, Stored next,
      java.util.function.BiPredicate<ObjectNode, ObjectNode> test) {
    if (before.body() == null) return false;
    try {
      return test.test(Json.read(before.body().getBytes()), Json.read(next.body().getBytes()));
    } catch (Body.Damaged damaged) {
      return false;
    }
  }

  /** What was changed by other ways than these. */
  void forget(Stored changed) {
    recent.forget(changed.type(), changed.id());
  }

  Version version(Stored before, Definition definition, String id, ObjectNode resource) {
    Json.requireText(definition.type(), resource);
    try (Body body = new Body()) {
      return Version.after(before, definition, id, resource, clock.instant(), body);
    }
  }

  private abstract class Ways implements Grouped.Ways<Change> {
    final Table table;

    Ways(String type) {
      table = Table.of(Definition.of(type));
    }

    @Override
    public String key(Change one) {
      return one.version().stored().id();
    }

    @Override
    public int bytes(Change one) {
      return one.version().packed() == null ? 0 : one.version().packed().length;
    }

    /** Who is behind reads, and waits for nobody meanwhile. */
    @Override
    public boolean isGuess(Change one) {
      return one.guessed();
    }

    Future<Set<String>> ids(String sql, Tuple values) {
      return database.askWriting(sql, values).map(Writes::ids);
    }

    /** In one order, so that two groups never wait for each other. */
    List<Change> inOrder(List<Change> many) {
      List<Change> sorted = new ArrayList<>(many);
      sorted.sort(Comparator.comparing(this::key));
      return sorted;
    }
  }

  static Set<String> ids(RowSet<Row> rows) {
    Set<String> ids = new HashSet<>();
    for (Row row : rows) ids.add(row.getString("id"));
    return ids;
  }

  private final class Creates extends Ways {
    Creates(String type) {
      super(type);
    }

    @Override
    public Future<Set<String>> together(List<Change> many) {
      return ids(table.createMany(), Version.rows(inOrder(many).stream().map(Change::version).toList()));
    }

    @Override
    public Future<Boolean> alone(Change one) {
      return database.ask(table.create(), one.version().row()).map(made -> made.rowCount() == 1);
    }
  }

  private final class Replaces extends Ways {
    Replaces(String type) {
      super(type);
    }

    @Override
    public Future<Set<String>> together(List<Change> many) {
      List<Change> sorted = inOrder(many);
      Tuple values = Version.rows(sorted.stream().map(Change::version).toList())
          .addValue(sorted.stream().map(Change::was).toArray(Integer[]::new))
          .addValue(sorted.stream().map(Change::keep).toArray(Boolean[]::new));
      return ids(table.replaceMany(), values);
    }

    /** Waits for whoever holds the row. */
    @Override
    public Future<Boolean> alone(Change one) {
      Tuple values = one.version().row().addValue(one.was()).addValue(one.keep());
      return database.ask(table.update(), values).map(made -> made.rowCount() == 1);
    }
  }
}
