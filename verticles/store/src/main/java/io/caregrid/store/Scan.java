package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.util.concurrent.TimeUnit;

/**
 * Reads on in what the database finds and asks each resource, until somebody has enough, there is no more, or it costs too much: {@link #MOST} resources
 * looked at, or {@link #SECONDS}. One batch is in memory at a time, of at most {@link #BYTES} and one resource.
 */
final class Scan {
  static final int MOST = 200_000;
  static final int SECONDS = 6;
  private static final int BATCH = 1_000;
  /** Of JSON. */
  private static final long BYTES = 16 << 20;

  /** Gets what a plan means, in order, off the event loop. */
  interface Visitor {
    /** @return false: enough */
    boolean meant(Row row, Stored stored, Values values);

    /** Asked after each batch: no more of them are needed. */
    default boolean isFull() {
      return false;
    }

    /** Whether what was found until it costs too much is enough, and somebody goes on behind it. */
    default boolean goesOn() {
      return false;
    }

    /** A resource that nobody can ask. */
    void unreadable(Stored stored);
  }

  private final Asking asking;
  private final SearchPlan plan;
  private final Order order;
  private final Visitor visitor;
  private final int most;
  private final long deadline;
  private int looked;

  /** @param most resources looked at, before it is too costly */
  Scan(Asking asking, SearchPlan plan, Order order, int most, long seconds, Visitor visitor) {
    this.asking = asking;
    this.plan = plan;
    this.order = order;
    this.visitor = visitor;
    this.most = most;
    this.deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  /**
   * @param after the row before, or null
   * @param first rows of the first batch, doubled from then on: few when a page is expected to fill soon
   * @return the last row looked at when there may be more behind it, null at the end. TooCostly 422
   */
  Future<PageToken.Key> run(PageToken.Key after, int first) {
    int batch = Math.min(first, BATCH);
    return asking.page(plan, order, batch, BYTES, after)
        .compose(rows -> asking.database().offLoop(() -> visit(rows)))
        .compose(last -> {
          boolean more = last.looked() < last.fetched() || last.fetched() == batch;
          if (!more) return Future.succeededFuture();
          if (last.enough() || visitor.isFull()) return Future.succeededFuture(last.key());
          boolean costly = looked >= most || System.nanoTime() > deadline;
          if (costly && visitor.goesOn()) return Future.succeededFuture(last.key());
          if (costly) return Future.failedFuture(costly(looked));
          return run(last.key(), batch * 2);
        });
  }

  static Failure costly(int looked) {
    return new Failure.TooCostly(
        "The search has looked at " + looked + " resources of those it may mean and was ended: "
            + "name more of what is searched for, or a narrower range");
  }

  /** @param fetched how many rows there were, more than were given when those are long */
  private record Last(PageToken.Key key, long fetched, int looked, boolean enough) {}

  private Last visit(RowSet<Row> rows) {
    PageToken.Key key = null;
    int seen = 0;
    long fetched = 0;
    try (Body body = new Body()) {
      for (Row row : rows) {
        key = order.key(row);
        fetched = row.getLong("fetched");
        looked++;
        seen++;
        if (!visit(row, body)) return new Last(key, fetched, seen, true);
      }
    }
    return new Last(key, fetched, seen, false);
  }

  private boolean visit(Row row, Body body) {
    Stored stored = Version.whatever(plan.definition().type(), row, body, asking.damage());
    Values values = values(plan.definition(), stored, asking.damage());
    if (values == null) visitor.unreadable(stored);
    return values == null || !plan.holds(values) || visitor.meant(row, stored, values);
  }

  /** Null when its body cannot be read. */
  static Values values(Definition definition, Stored stored, Damage damage) {
    if (stored.unreadable()) return null;
    try {
      return new Values(definition, Json.read(stored.body().getBytes()));
    } catch (Body.Damaged damaged) {
      damage.tell(stored, damaged.getMessage());
      return null;
    }
  }
}
