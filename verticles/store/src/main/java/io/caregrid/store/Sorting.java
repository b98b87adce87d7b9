package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A page in an order that no index has: all that is meant is looked at, at most {@link #MOST}, and its keys sorted here. */
final class Sorting implements Scan.Visitor {
  static final int MOST = 50_000;

  private final Asking asking;
  private final SearchPlan plan;
  private final List<Sort.Sorted> all = new ArrayList<>();
  private final List<Stored> unreadable = new ArrayList<>();

  Sorting(Asking asking, SearchPlan plan) {
    this.asking = asking;
    this.plan = plan;
  }

  Future<Page> page(SearchQuery query, PageToken.Key after) {
    Sort.Sorted before = plan.sort().sorted(after);
    return new Scan(asking, plan, Order.OLDEST, MOST, Scan.SECONDS, this).run(null, 500)
        .compose(done -> asking.database().offLoop(() -> behind(before)))
        .compose(rest -> filled(rest, query, before == null));
  }

  private List<Sort.Sorted> behind(Sort.Sorted before) {
    Comparator<Sort.Sorted> order = plan.sort().comparator();
    if (before != null) all.removeIf(one -> order.compare(one, before) <= 0);
    all.sort(order);
    return all;
  }

  private Future<Page> filled(List<Sort.Sorted> rest, SearchQuery query, boolean first) {
    List<Sort.Sorted> page = rest.subList(0, Math.min(query.count(), rest.size()));
    String[] ids = page.stream().map(Sort.Sorted::id).toArray(String[]::new);
    SearchPlan these = new SearchPlan(plan.definition(),
        List.of(Criterion.sql(bind -> "id = any (" + bind.apply(ids) + ")")), Sort.NONE, 0);
    Map<String, Values> found = new HashMap<>();
    Map<String, Stored> stored = new HashMap<>();
    return new Scan(asking, these, Order.NEWEST, MOST, Scan.SECONDS, new Scan.Visitor() {
      @Override
      public boolean meant(Row row, Stored one, Values values) {
        found.put(one.id(), values);
        stored.put(one.id(), one);
        return true;
      }

      @Override
      public void unreadable(Stored one) {
        unreadable.add(one);
      }
    }).run(null, Math.max(1, ids.length + 1)).map(done -> {
      Search.Gathered all = new Search.Gathered();
      if (first) all.unreadable.addAll(unreadable);
      int last = -1;
      long bytes = 0;
      for (int i = 0; i < page.size() && (query.bytes() == 0 || bytes < query.bytes()); i++) {
        last = i;
        Stored one = stored.get(page.get(i).id());
        if (one == null || !plan.holds(found.get(one.id()))) continue; // changed in between
        all.add(one, found.get(one.id()));
        bytes += one.body().length();
      }
      boolean more = last >= 0 && last < rest.size() - 1;
      return all.page(more ? plan.token(plan.sort().key(page.get(last))) : null);
    });
  }

  @Override
  public boolean meant(Row row, Stored stored, Values values) {
    if (all.size() == MOST)
      throw new Failure.TooCostly("More than " + MOST + " resources would have to be sorted: name more of what is "
          + "searched for, or sort by _lastUpdated or the type's date");
    all.add(plan.sort().sorted(stored, row.getLong("sid"), values));
    return true;
  }

  @Override
  public void unreadable(Stored stored) {
    unreadable.add(stored);
  }
}
