package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a page brings along (FHIR R4 search.html#include): by the ids that its resources' references name, and by the references that name its resources.
 * Bounded: {@link #MOST} resources, {@link #ROUNDS} steps from the page, and the time of its search; a note says when there would be more.
 */
final class Included {
  private static final int MOST = 1_000;
  private static final int ROUNDS = 10;
  /** Ids looked up: of most there may be no resource. */
  private static final int MOST_ASKED = 10_000;
  /** Of JSON; passed by one resource. */
  private static final long BYTES = 64 << 20;
  private static final String CUT = "more than " + MOST
      + " resources, too large ones, or what takes too long to find would be included: some are left out";

  private final Asking asking;

  Included(Asking asking) {
    this.asking = asking;
  }

  Future<Page> with(Page page, List<Include> includes) {
    if (includes.isEmpty() || page.entries().isEmpty()) return Future.succeededFuture(page);
    return new Gathering(page, includes).run();
  }

  private final class Gathering {
    private final Page page;
    private final List<Include> includes;
    private final Map<String, Stored> all = new LinkedHashMap<>();
    private final Set<String> there = new LinkedHashSet<>();
    private final Set<String> patients;
    private boolean cut;
    private int asked;
    private long bytes;

    Gathering(Page page, List<Include> includes) {
      this.page = page;
      this.includes = includes;
      this.patients = new LinkedHashSet<>(page.patients());
      page.entries().forEach(stored -> there.add(name(stored)));
    }

    Future<Page> run() {
      return round(page.entries(), includes, 0).recover(this::late).map(done -> {
        List<String> notes = new ArrayList<>(page.notes());
        if (cut) notes.add(CUT);
        return new Page(page.entries(), page.total(), page.next(), page.unreadable(), List.copyOf(patients),
            List.copyOf(all.values()), notes);
      });
    }

    /** The page is there, and is not lost because of what it would bring along. In a transaction what was ended has undone everything. */
    private Future<Void> late(Throwable cause) {
      if (!(cause instanceof Failure.TooCostly) || asking.client() != null) return Future.failedFuture(cause);
      cut = true;
      return Future.succeededFuture();
    }

    /** From the page all of them, from what was brought along those that iterate. */
    private Future<Void> round(List<Stored> from, List<Include> by, int round) {
      if (from.isEmpty() || by.isEmpty() || cut || round == ROUNDS) return Future.succeededFuture();
      List<Stored> fresh = new ArrayList<>();
      Future<Void> before = asking.database()
          .offLoop(() -> targets(from, by))
          .compose(targets -> each(targets, fresh).compose(done -> named(targets, fresh)));
      for (Include include : by) {
        if (!include.reverse()) continue;
        for (String type : include.types())
          before = before.compose(done -> reverse(include, Definition.of(type), from, fresh));
      }
      List<Include> iterating = includes.stream().filter(Include::iterate).toList();
      return before.compose(done -> round(fresh, iterating, round + 1));
    }

    private Targets targets(List<Stored> from, List<Include> by) {
      Targets targets = new Targets(new LinkedHashMap<>(), new LinkedHashMap<>());
      for (Stored stored : from) {
        List<Include> mine = by.stream().filter(one -> !one.reverse() && one.isOf(stored.type())).toList();
        Values values = mine.isEmpty() ? null : Scan.values(Definition.of(stored.type()), stored, asking.damage());
        if (values == null) continue;
        for (Include include : mine) {
          for (Param param : include.params(values.definition()))
            values.of(param).forEach(found -> target(param, (Found.Link) found, include, targets));
        }
      }
      return targets;
    }

    private void target(Param param, Found.Link link, Include include, Targets targets) {
      if (Canonical.is(link.target())) {
        String only = include.target() == null ? param.target() : include.target();
        if (Canonical.isElsewhere(link.target())) return;
        (only == null ? param.targets() : Set.of(only)).stream()
            .filter(type -> Definition.types().contains(type) && Canonical.isNamed(Definition.of(type)))
            .forEach(type -> target(type, link.target(), targets.urls()));
      } else if (Postings.isLocal(link.target()) && !there.contains(link.target())) {
        String type = link.target().substring(0, link.target().indexOf('/'));
        boolean meant = include.target() == null || include.target().equals(type);
        if (meant && Definition.types().contains(type))
          target(type, link.target().substring(type.length() + 1), targets.ids());
      }
    }

    private void target(String type, String name, Map<String, Set<String>> names) {
      if (asked == MOST_ASKED) cut = true;
      else if (names.computeIfAbsent(type, first -> new LinkedHashSet<>()).add(name)) asked++;
    }

    private Future<Void> named(Targets targets, List<Stored> fresh) {
      Future<Void> before = Future.succeededFuture();
      for (Map.Entry<String, Set<String>> of : targets.urls().entrySet()) {
        Definition definition = Definition.of(of.getKey());
        before = before.compose(done -> take(definition, Canonical.named(definition, of.getValue()), fresh));
      }
      return before;
    }

    private Future<Void> each(Targets targets, List<Stored> fresh) {
      Future<Void> before = Future.succeededFuture();
      for (Map.Entry<String, Set<String>> of : targets.ids().entrySet()) {
        String[] ids = of.getValue().toArray(String[]::new);
        Criterion these = Criterion.sql(bind -> "id = any (" + bind.apply(ids) + ")");
        before = before.compose(done -> take(Definition.of(of.getKey()), these, fresh));
      }
      return before;
    }

    /** What points to these. */
    private Future<Void> reverse(Include include, Definition definition, List<Stored> to, List<Stored> fresh) {
      boolean could = !cut && to.stream()
          .map(Stored::type)
          .distinct()
          .anyMatch(type -> !include.pointing(definition, type).isEmpty());
      if (!could) return Future.succeededFuture();
      return asking.database()
          .offLoop(() -> pointing(include, definition, to))
          .compose(found -> found == null ? Future.succeededFuture() : take(definition, found, fresh));
    }

    /** Null when nothing could. */
    private Criterion pointing(Include include, Definition definition, List<Stored> to) {
      Map<Param, List<Match>> byParam = new HashMap<>();
      for (Stored stored : to) {
        List<Param> params = include.pointing(definition, stored.type());
        Set<String> names = params.isEmpty() ? Set.of() : names(stored);
        for (Param param : params) {
          List<Match> mine = byParam.computeIfAbsent(param, first -> new ArrayList<>());
          mine.add(Match.link(param, name(stored)));
          if (!names.isEmpty()) mine.add(Match.canonical(param, names));
        }
      }
      List<Match> matches = new ArrayList<>();
      byParam.values().forEach(matches::addAll);
      return matches.isEmpty()
          ? null
          : Criterion.any(Criterion.tokens(matches), false, values -> byParam.entrySet()
              .stream()
              .anyMatch(one -> Criterion.holds(one.getValue(), values.of(one.getKey()))));
    }

    private Future<Void> take(Definition definition, Criterion criterion, List<Stored> fresh) {
      SearchPlan plan = new SearchPlan(definition, List.of(criterion), Sort.NONE, 0);
      return new Scan(asking, plan, Order.NEWEST, Scan.MOST, Scan.SECONDS, new Scan.Visitor() {
        @Override
        public boolean meant(Row row, Stored stored, Values values) {
          if (there.contains(name(stored))) return true;
          if (all.size() == MOST || bytes > BYTES) {
            cut = true;
            return false;
          }
          there.add(name(stored));
          bytes += stored.body().length();
          all.put(name(stored), stored);
          fresh.add(stored);
          String patient = Postings.compartment(values);
          if (patient != null) patients.add(patient);
          return true;
        }

        @Override
        public void unreadable(Stored stored) {
          // named where it is found itself
        }
      }).run(null, 200).mapEmpty();
    }
  }

  /** By its url. Reads the whole resource. */
  private Set<String> names(Stored stored) {
    Definition definition = Definition.of(stored.type());
    if (!Canonical.isNamed(definition)) return Set.of();
    Values values = Scan.values(definition, stored, asking.damage());
    return values == null ? Set.of() : Canonical.names(values.resource());
  }

  /** Type → ids, and type → urls with their versions or without. */
  private record Targets(Map<String, Set<String>> ids, Map<String, Set<String>> urls) {}

  private static String name(Stored stored) {
    return stored.type() + "/" + stored.id();
  }
}
