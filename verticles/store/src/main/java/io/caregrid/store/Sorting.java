package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * A page in an order that no index has: all that is meant is looked at, at most {@link #MOST}, and sorted here. Only what may be on the page stays in memory.
 */
final class Sorting implements Scan.Visitor {
  static final int MOST = 50_000;

  private final Asking asking;
  private final SearchPlan plan;
  private final SearchQuery query;
  private final Sort.Sorted before;
  private final Comparator<Sort.Sorted> order;
  /** The first so many of what comes behind the page before, the last of them on top: one more than the page has. */
  private final PriorityQueue<Sort.Sorted> first;
  private final List<Stored> unreadable = new ArrayList<>();
  private int meant;

  Sorting(Asking asking, SearchPlan plan, SearchQuery query, PageToken.Key after) {
    this.asking = asking;
    this.plan = plan;
    this.query = query;
    this.before = plan.sort().sorted(after);
    this.order = plan.sort().comparator();
    this.first = new PriorityQueue<>(order.reversed());
  }

  Future<Page> page() {
    return new Scan(asking, plan, Order.OLDEST, MOST, Scan.SECONDS, this).run(null, 500)
        .compose(done -> filled(onPage()));
  }

  @Override
  public boolean meant(Row row, Stored stored, Values values) {
    if (meant++ == MOST)
      throw new Failure.TooCostly("More than " + MOST + " resources would have to be sorted: name more of what is "
          + "searched for, or sort by _lastUpdated or the type's date");
    Sort.Sorted one = plan.sort().sorted(stored, row.getLong("sid"), values);
    if (before != null && order.compare(one, before) <= 0) return true;
    if (first.size() > query.count() && order.compare(one, first.peek()) >= 0) return true;
    first.add(one);
    if (first.size() > query.count() + 1) first.poll();
    return true;
  }

  @Override
  public void unreadable(Stored stored) {
    if (before == null) unreadable.add(stored);
  }

  /** As many as its bytes allow. */
  private List<Sort.Sorted> onPage() {
    List<Sort.Sorted> all = new ArrayList<>(first);
    all.sort(order);
    List<Sort.Sorted> page = new ArrayList<>();
    long bytes = 0;
    for (Sort.Sorted one : all) {
      if (page.size() == query.count() || query.bytes() > 0 && bytes >= query.bytes()) break;
      page.add(one);
      bytes += one.bytes();
    }
    return page;
  }

  private Future<Page> filled(List<Sort.Sorted> page) {
    String next = page.isEmpty() || page.size() == first.size()
        ? null
        : plan.token(plan.sort().key(page.get(page.size() - 1)));
    String[] ids = page.stream().map(Sort.Sorted::id).toArray(String[]::new);
    SearchPlan these = new SearchPlan(plan.definition(),
        List.of(Criterion.sql(bind -> "id = any (" + bind.apply(ids) + ")")), Sort.NONE, 0);
    Map<String, Stored> still = new HashMap<>();
    Map<String, String> patients = new HashMap<>();
    return new Scan(asking, these, Order.NEWEST, MOST, Scan.SECONDS, new Scan.Visitor() {
      @Override
      public boolean meant(Row row, Stored one, Values values) {
        if (!plan.holds(values)) return true; // changed in between
        still.put(one.id(), one);
        patients.put(one.id(), Postings.compartment(values));
        return true;
      }

      @Override
      public void unreadable(Stored one) {
        unreadable.add(one);
      }
    }).run(null, Math.max(1, ids.length + 1)).map(done -> {
      TypeSearch.Gathered all = new TypeSearch.Gathered();
      all.unreadable.addAll(unreadable);
      for (String id : ids) if (still.containsKey(id)) all.add(still.get(id), patients.get(id));
      return all.page(next);
    });
  }
}
