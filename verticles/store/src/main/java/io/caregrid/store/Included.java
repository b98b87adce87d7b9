package io.caregrid.store;

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
 * Bounded: {@link #MOST} resources and {@link #ROUNDS} steps from the page; a note says when there would be more.
 */
final class Included {
  private static final int MOST = 1_000;
  private static final int ROUNDS = 10;
  /** Ids looked up: of most there may be no resource. */
  private static final int MOST_ASKED = 10_000;
  /** Of JSON; passed by one resource. */
  private static final long BYTES = 64 << 20;
  private static final String CUT = "more than " + MOST
      + " resources, or too large ones, would be included: some are left out";

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
      return round(page.entries(), includes, 0).map(done -> {
        List<String> notes = new ArrayList<>(page.notes());
        if (cut) notes.add(CUT);
        return new Page(page.entries(), page.total(), page.next(), page.unreadable(), List.copyOf(patients),
            List.copyOf(all.values()), notes);
      });
    }

    /** From the page all of them, from what was brought along those that iterate. */
    private Future<Void> round(List<Stored> from, List<Include> by, int round) {
      if (from.isEmpty() || by.isEmpty() || cut || round == ROUNDS) return Future.succeededFuture();
      List<Stored> fresh = new ArrayList<>();
      Future<Void> before = asking.database()
          .offLoop(() -> targets(from, by))
          .compose(targets -> each(targets, fresh));
      for (Include include : by) {
        if (include.reverse()) before = before.compose(done -> reverse(include, from, fresh));
      }
      List<Include> iterating = includes.stream().filter(Include::iterate).toList();
      return before.compose(done -> round(fresh, iterating, round + 1));
    }

    /** Type → ids. */
    private Map<String, Set<String>> targets(List<Stored> from, List<Include> by) {
      Map<String, Set<String>> targets = new LinkedHashMap<>();
      for (Stored stored : from) {
        List<Include> mine = by.stream().filter(one -> !one.reverse() && one.type().equals(stored.type())).toList();
        Values values = mine.isEmpty() ? null : Scan.values(Definition.of(stored.type()), stored, asking.damage());
        if (values == null) continue;
        for (Include include : mine) {
          for (Param param : include.params())
            values.of(param).forEach(found -> target((Found.Link) found, include, targets));
        }
      }
      return targets;
    }

    private void target(Found.Link link, Include include, Map<String, Set<String>> targets) {
      if (!Postings.isLocal(link.target()) || there.contains(link.target())) return;
      String type = link.target().substring(0, link.target().indexOf('/'));
      boolean meant = include.target() == null || include.target().equals(type);
      if (!meant || !Definition.types().contains(type)) return;
      Set<String> ids = targets.computeIfAbsent(type, first -> new LinkedHashSet<>());
      if (asked == MOST_ASKED) cut = true;
      else if (ids.add(link.target().substring(type.length() + 1))) asked++;
    }

    private Future<Void> each(Map<String, Set<String>> targets, List<Stored> fresh) {
      Future<Void> before = Future.succeededFuture();
      for (Map.Entry<String, Set<String>> of : targets.entrySet()) {
        String[] ids = of.getValue().toArray(String[]::new);
        Criterion these = Criterion.sql(bind -> "id = any (" + bind.apply(ids) + ")");
        before = before.compose(done -> take(Definition.of(of.getKey()), these, fresh));
      }
      return before;
    }

    /** What points to these. */
    private Future<Void> reverse(Include include, List<Stored> to, List<Stored> fresh) {
      List<Match> matches = new ArrayList<>();
      Definition definition = Definition.of(include.type());
      Map<Param, List<Match>> byParam = new HashMap<>();
      for (Param param : include.params()) {
        for (Stored stored : to) {
          boolean meant = include.target() == null || include.target().equals(stored.type());
          boolean may = param.target() == null || param.target().equals(stored.type());
          if (meant && may)
            byParam.computeIfAbsent(param, first -> new ArrayList<>()).add(Match.link(param, name(stored)));
        }
      }
      byParam.values().forEach(matches::addAll);
      if (matches.isEmpty()) return Future.succeededFuture();
      Criterion criterion = Criterion.any(Criterion.tokens(matches), false, values -> byParam.entrySet()
          .stream()
          .anyMatch(one -> Criterion.holds(one.getValue(), values.of(one.getKey()))));
      return take(definition, criterion, fresh);
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

  private static String name(Stored stored) {
    return stored.type() + "/" + stored.id();
  }
}
