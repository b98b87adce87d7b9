package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Change;
import io.caregrid.contract.Failure;
import io.caregrid.fhirpath.FhirPathException;
import io.caregrid.store.Bodies;
import io.caregrid.store.Bodies.Found;
import io.caregrid.store.Bodies.Piece;
import io.caregrid.store.Bodies.Wanted;
import io.caregrid.store.Deliveries;
import io.caregrid.store.Deliveries.Fit;
import io.caregrid.store.Deliveries.Judged;
import io.caregrid.store.Deliveries.News;
import io.caregrid.store.Deliveries.Pass;
import io.caregrid.store.Demand;
import io.caregrid.store.FhirStore;
import io.caregrid.templates.rules.Made;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which changes concern whom, and what the rules make of them. Run again on the same changes it comes to the same, and writes nothing a second time.
 *
 * <p>An expression that fails is counted and stops nobody: a target whose filter fails is told of the change without what the resource says, a rule that fails
 * finds nothing. Of a device's Observation whose version is gone already, the one that took its place is looked at. Bodies are read some megabytes at a time.
 */
final class Sieve {
  static final Caller CALLER = Caller.system("tell");
  /** Of one answer of the store, packed. */
  private static final long PACKED = 2L << 20;

  private final Vertx vertx;
  private final Deliveries deliveries;
  private final Bodies bodies;
  private final FhirStore store;
  private final List<Target> targets;
  private final List<Rule> rules;
  private final Caller writer;

  /** @param writer as whom the rules write; null where there are none */
  Sieve(Vertx vertx, Deliveries deliveries, Bodies bodies, FhirStore store, List<Target> targets, List<Rule> rules,
      Caller writer) {
    this.vertx = vertx;
    this.deliveries = deliveries;
    this.bodies = bodies;
    this.store = store;
    this.targets = targets;
    this.rules = rules;
    this.writer = writer;
  }

  /** In the feed's order. What rules found is written when this completes. Busy 503: try these again. */
  Future<Pass> sift(List<Change> changes) {
    List<Change> judged = changes.stream()
        .filter(change -> rules.stream().anyMatch(rule -> rule.looksAt(change)))
        .toList();
    return deliveries.fits(CALLER, judged, rules.stream().map(Rule::name).toList()).compose(known -> {
      Sifted sifted = new Sifted(known);
      List<Change> read = new ArrayList<>();
      for (Change change : changes) {
        if (needsBody(change)) read.add(change);
        else sifted.look(change, null, false);
      }
      return read(read, sifted).compose(done -> written(sifted)).map(done -> sifted.pass());
    });
  }

  /** A rule sees all changes of a resource in their order: a deletion must not be looked at before what came ahead of it. */
  private boolean needsBody(Change change) {
    if (rules.stream().anyMatch(rule -> rule.looksAt(change))) return true;
    return change.op() != Change.Op.DELETE
        && targets.stream().anyMatch(target -> target.filter() != null && target.hears(change.type()));
  }

  private Future<?> read(List<Change> changes, Sifted sifted) {
    Map<String, List<Change>> byType = new LinkedHashMap<>();
    changes.forEach(change -> byType.computeIfAbsent(change.type(), type -> new ArrayList<>()).add(change));
    Future<?> done = Future.succeededFuture();
    for (Map.Entry<String, List<Change>> each : byType.entrySet())
      done = done.compose(next -> piece(each.getKey(), each.getValue(), sifted));
    return done;
  }

  /** The first of them, then the others. */
  private Future<?> piece(String type, List<Change> changes, Sifted sifted) {
    if (changes.isEmpty()) return Future.succeededFuture();
    List<Wanted> wanted = changes.stream().map(change -> new Wanted(change.id(), change.version())).toList();
    return bodies.findOrLater(CALLER, type, wanted, PACKED)
        .compose(piece -> vertx.executeBlocking(() -> {
          looked(changes.subList(0, piece.looked()), piece, sifted);
          return piece.looked();
        }))
        .compose(looked -> piece(type, changes.subList(looked, changes.size()), sifted));
  }

  private static void looked(List<Change> changes, Piece piece, Sifted sifted) {
    Map<Wanted, Found> exact = new HashMap<>();
    Map<String, Found> any = new HashMap<>();
    for (Found found : piece.found()) {
      exact.put(new Wanted(found.stored().id(), found.stored().version()), found);
      any.merge(found.stored().id(), found, (one, other) -> one.stored().version() > other.stored().version()
          ? one
          : other);
    }
    for (Change change : changes) {
      Found found = exact.getOrDefault(new Wanted(change.id(), change.version()), any.get(change.id()));
      JsonNode resource = null;
      boolean damaged = found != null && found.damage() != null;
      try {
        if (found != null && found.stored().body() != null) resource = Trees.read(found.stored().body());
      } catch (UncheckedIOException broken) {
        damaged = true;
      }
      sifted.look(change, resource, damaged);
    }
  }

  /** What was found becomes resources. What the store refuses is an error of the rule. */
  private Future<?> written(Sifted sifted) {
    Map<Key, Fit> reached = new HashMap<>();
    Future<?> done = Future.succeededFuture();
    for (Finding finding : sifted.findings) {
      done = done.compose(next -> written(finding)).<Object>map(next -> {
        reached.put(finding.key(), finding.fit());
        sifted.fits.put(finding.key(), finding.fit());
        return null;
      }).recover(cause -> {
        if (cause instanceof Failure.Busy) return Future.failedFuture(cause);
        sifted.error(finding.rule, "what it makes cannot be written: "
            + (cause instanceof Failure failure ? "HTTP " + failure.status : cause.getClass().getSimpleName()));
        if (reached.containsKey(finding.key())) sifted.fits.put(finding.key(), reached.get(finding.key()));
        else sifted.fits.remove(finding.key());
        return Future.succeededFuture();
      });
    }
    return done;
  }

  private Future<?> written(Finding finding) {
    String type = finding.rule.config().makes();
    if (finding.made != null)
      return store.createIfAbsent(writer, type, finding.made.path("id").asText(), finding.made);
    if (!type.equals("Flag")) return Future.succeededFuture();
    return store.patch(writer, type, finding.id, flag -> Made.ended(flag, finding.change.at()),
        Demand.SEEN)
        .<Object>mapEmpty()
        .recover(cause -> cause instanceof Failure.NotFound || cause instanceof Failure.Gone
            ? Future.succeededFuture()
            : Future.failedFuture(cause));
  }

  /** @param made null: what was made under {@code id} ends */
  private record Finding(Rule rule, Change change, ObjectNode made, String id) {
    Key key() {
      return new Key(rule.name(), change.type(), change.id());
    }

    /** How it is when this is written. */
    Fit fit() {
      return new Fit(rule.name(), change.type(), change.id(), made == null ? 0 : change.version());
    }
  }

  private record Key(String rule, String type, String id) {}

  private static final class Count {
    long found;
    long errors;
    String error;
  }

  /** What one pass has come to so far. One thread at a time. */
  private final class Sifted {
    final List<News> news = new ArrayList<>();
    final List<Finding> findings = new ArrayList<>();
    final Map<Key, Fit> fits = new LinkedHashMap<>();
    final Map<String, Long> unfit = new TreeMap<>();
    private final Map<Key, Integer> since = new HashMap<>();
    private final Map<String, Count> counts = new TreeMap<>();

    Sifted(Collection<Fit> known) {
      for (Fit fit : known) since.put(new Key(fit.rule(), fit.type(), fit.id()), fit.version());
    }

    /**
     * @param resource null: it is deleted, gone, unreadable, or nobody needs it
     * @param damaged  it is there, but nobody can read it
     */
    void look(Change change, JsonNode resource, boolean damaged) {
      for (Target target : targets) if (target.hears(change.type())) look(target, change, resource, damaged);
      for (Rule rule : rules) if (rule.looksAt(change)) judge(rule, change, resource);
    }

    private void look(Target target, Change change, JsonNode resource, boolean damaged) {
      boolean deleted = change.op() == Change.Op.DELETE;
      if (deleted && !target.hearsOfDeletions()) return; // what was measured before and waits is sent as it was
      if (deleted || target.filter() == null) {
        news.add(News.of(target.name(), change, false));
      } else if (resource == null) {
        if (damaged) news.add(News.of(target.name(), change, true)); // otherwise it was erased: that is told by another change
      } else {
        wanted(target, change, resource);
      }
    }

    private void wanted(Target target, Change change, JsonNode resource) {
      try {
        if (target.wants(resource)) news.add(News.of(target.name(), change, false));
      } catch (RuntimeException failed) {
        unfit.merge(target.name(), 1L, Long::sum);
        news.add(News.of(target.name(), change, true));
      }
    }

    private void judge(Rule rule, Change change, JsonNode resource) {
      boolean deleted = change.op() == Change.Op.DELETE;
      if (resource == null && !deleted) return;
      Key key = new Key(rule.name(), change.type(), change.id());
      Integer before = since.get(key);
      try {
        boolean fits = !deleted && rule.fits(resource);
        if (fits && before == null) begins(rule, change, rule.made(change, resource), key);
        if (!fits && before != null) ends(rule, change, key, before);
      } catch (FhirPathException | Rule.Unfit failed) {
        error(rule, failed.getMessage());
      } catch (RuntimeException failed) {
        error(rule, failed.getClass().getSimpleName());
      }
    }

    private void begins(Rule rule, Change change, ObjectNode made, Key key) {
      since.put(key, change.version());
      fits.put(key, new Fit(rule.name(), change.type(), change.id(), change.version()));
      findings.add(new Finding(rule, change, made, made.path("id").asText()));
      count(rule).found++;
    }

    private void ends(Rule rule, Change change, Key key, int before) {
      since.remove(key);
      fits.put(key, new Fit(rule.name(), change.type(), change.id(), 0));
      findings.add(new Finding(rule, change, null, rule.id(change.type(), change.id(), before)));
    }

    void error(Rule rule, String why) {
      count(rule).errors++;
      count(rule).error = why;
    }

    private Count count(Rule rule) {
      return counts.computeIfAbsent(rule.name(), name -> new Count());
    }

    Pass pass() {
      List<Judged> judged = counts.entrySet()
          .stream()
          .map(each -> new Judged(each.getKey(), each.getValue().found, each.getValue().errors, each.getValue().error))
          .toList();
      return new Pass(List.copyOf(news), List.copyOf(fits.values()), judged, unfit);
    }
  }
}
