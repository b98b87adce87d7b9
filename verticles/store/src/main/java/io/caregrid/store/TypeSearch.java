package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * One search over one type. Where the database finds exactly what is meant, a page is one statement; where it finds too much, {@link Scan} reads on until
 * the page is full; where the order follows no index, {@link Sorting} takes all of it.
 */
final class TypeSearch {
  /** Up to here an estimate is exact. */
  private static final int COUNTED = 1_000;
  /** Of an accurate total. */
  private static final int COUNTING_SECONDS = 5;

  /** Of a page that ends early rather than not at all. */
  static final int SHORT_SECONDS = 2;

  private final Asking asking;
  private final int most;
  private final Links links;
  private final Included included;

  TypeSearch(Asking asking) {
    this(asking, Scan.MOST);
  }

  /** @param most resources looked at for a page */
  TypeSearch(Asking asking, int most) {
    this.asking = asking;
    this.most = most;
    this.links = new Links(asking);
    this.included = new Included(asking);
  }

  Future<Page> run(SearchQuery query, Instant now) {
    SearchTerms terms = SearchTerms.of(query, now);
    return terms.plan(links).compose(plan -> run(plan, query)).compose(page -> included.with(page, terms.includes()));
  }

  Future<SearchPlan> plan(SearchTerms terms) {
    return terms.plan(links);
  }

  Future<Page> included(Page page, List<Include> includes) {
    return included.with(page, includes);
  }

  Future<Page> run(SearchPlan plan, SearchQuery query) {
    PageToken.Key after = plan.key(query.page());
    Future<OptionalLong> total = total(plan, query);
    if (query.count() == 0) return total.map(found -> new Page(List.of(), found, null, List.of(), List.of()));
    return total.compose(found -> page(plan, query, after).map(page -> totalled(page, found)));
  }

  private static Page totalled(Page page, OptionalLong total) {
    return new Page(page.entries(), total, page.next(), page.unreadable(), page.patients(), page.included(),
        page.notes());
  }

  private Future<Page> page(SearchPlan plan, SearchQuery query, PageToken.Key after) {
    if (plan.order() == null) return new Sorting(asking, plan, query, after).page();
    if (!plan.isExact()) return new Filling(plan, query).run(after);
    return asking.page(plan, plan.order(), query.count() + 1, query.bytes(), after)
        .compose(rows -> asking.database().offLoop(() -> page(plan, rows, query, asking.damage())));
  }

  /** Inflates the bodies and asks each whether it was really meant, off the event loop. */
  private static Page page(SearchPlan plan, RowSet<Row> rows, SearchQuery query, Damage damage) {
    Gathered all = new Gathered();
    String next = null;
    int seen = 0;
    int last = Math.min(query.count(), rows.size());
    try (Body body = new Body()) {
      for (Row row : rows) {
        if (seen++ == last) break;
        Stored stored = Version.whatever(plan.definition().type(), row, body, damage);
        Values values = Scan.values(plan.definition(), stored, damage);
        if (values == null) all.unreadable.add(stored);
        else if (plan.holds(values)) all.add(stored, values);
        if (seen == last && fetched(row, rows, query) > last) next = plan.token(plan.order().key(row));
      }
    }
    return all.page(next);
  }

  private static long fetched(Row row, RowSet<Row> rows, SearchQuery query) {
    return query.bytes() == 0 ? rows.size() : row.getLong("fetched");
  }

  /** A page in the making. */
  static final class Gathered {
    final List<Stored> entries = new ArrayList<>();
    final List<Stored> unreadable = new ArrayList<>();
    private final Set<String> patients = new LinkedHashSet<>();

    void add(Stored stored, Values values) {
      add(stored, Postings.compartment(values));
    }

    /** @param patient whose compartment it is in, or null */
    void add(Stored stored, String patient) {
      entries.add(stored);
      if (patient != null) patients.add(patient);
    }

    Page page(String next) {
      return new Page(entries, OptionalLong.empty(), next, unreadable, List.copyOf(patients));
    }
  }

  /** Fills a page from more rows than it has entries. */
  private final class Filling implements Scan.Visitor {
    private final SearchPlan plan;
    private final SearchQuery query;
    private final Gathered all = new Gathered();
    private PageToken.Key last;
    private boolean more;
    private long bytes;

    Filling(SearchPlan plan, SearchQuery query) {
      this.plan = plan;
      this.query = query;
    }

    Future<Page> run(PageToken.Key after) {
      int seconds = goesOn() ? SHORT_SECONDS : Scan.SECONDS;
      return new Scan(asking, plan, plan.order(), most, seconds, this)
          .run(after, Math.min(2 * query.count() + 50, most))
          .map(behind -> all.page(next(behind)));
    }

    private String next(PageToken.Key behind) {
      if (more || isFull() && behind != null) return plan.token(last);
      return behind == null ? null : plan.token(behind);
    }

    /** Nobody can name more of what is in the compartments of all: the page ends, perhaps with nothing on it, and the next one begins there. */
    @Override
    public boolean goesOn() {
      return query.isOfEveryPatient();
    }

    @Override
    public boolean meant(Row row, Stored stored, Values values) {
      if (isFull()) {
        more = true;
        return false;
      }
      all.add(stored, values);
      last = plan.order().key(row);
      bytes += stored.body().length();
      return true;
    }

    @Override
    public void unreadable(Stored stored) {
      if (!isFull()) all.unreadable.add(stored);
    }

    @Override
    public boolean isFull() {
      return all.entries.size() == query.count() || query.bytes() > 0 && bytes >= query.bytes();
    }
  }

  private Future<OptionalLong> total(SearchPlan plan, SearchQuery query) {
    return switch (query.total()) {
      case "accurate" -> accurate(plan).map(OptionalLong::of);
      case "estimate" -> estimate(plan).map(OptionalLong::of);
      case "none" ->
        query.count() > 0 ? Future.succeededFuture(OptionalLong.empty()) : accurate(plan).map(OptionalLong::of);
      default -> throw new Failure.Invalid("_total is none, estimate or accurate");
    };
  }

  private Future<Long> accurate(SearchPlan plan) {
    if (plan.isExact()) return asking.findWithin(COUNTING_SECONDS, plan.count()).map(TypeSearch::found);
    long[] found = {0};
    return new Scan(asking, plan, Order.NEWEST, Integer.MAX_VALUE, COUNTING_SECONDS, new Scan.Visitor() {
      @Override
      public boolean meant(Row row, Stored stored, Values values) {
        found[0]++;
        return true;
      }

      @Override
      public void unreadable(Stored stored) {
        // whether it is meant nobody can tell: the page names it
      }
    }).run(null, 1_000).map(done -> found[0]);
  }

  /** What the database finds, which may be too much. */
  private Future<Long> estimate(SearchPlan plan) {
    return asking.find(plan.countUpTo(COUNTED))
        .map(TypeSearch::found)
        .compose(found -> found < COUNTED
            ? plan.isExact() ? Future.succeededFuture(found) : accurate(plan)
            : asking.find(plan.estimate()).map(rows -> Math.max(planned(rows), found)));
  }

  private static long found(RowSet<Row> rows) {
    return rows.iterator().next().getLong("found");
  }

  private static long planned(RowSet<Row> rows) {
    JsonArray explained = (JsonArray) rows.iterator().next().getValue(0);
    return explained.getJsonObject(0).getJsonObject("Plan").getLong("Plan Rows");
  }
}
