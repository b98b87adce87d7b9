package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** Finds what {@link Criteria} mean: a search, not audited by itself, on any connection or in a transaction. */
final class Matches {
  private static final int PAGE = 16;
  private static final int FEW = 2;

  private final Search search;
  private final Clock clock;

  /** @param search on the searches' own connections, or on that of a transaction */
  Matches(Search search, Clock clock) {
    this.search = search;
    this.clock = clock;
  }

  /** The one that matches, null for none. PreconditionFailed 412 when several do. */
  Future<Stored> one(Criteria criteria) {
    return upTo(criteria, 2).map(found -> {
      if (found.size() > 1) throw several(criteria);
      return found.isEmpty() ? null : found.get(0);
    });
  }

  static Failure several(Criteria criteria) {
    return Failure.PreconditionFailed.multiple("The condition matches several resources of type " + criteria.type()
        + ": name more of the one that is meant");
  }

  /** At most so many of those that match; when many are asked for, without their bodies. */
  Future<List<Stored>> upTo(Criteria criteria, int most) {
    return more(criteria, most, new ArrayList<>(), null);
  }

  /** A page may hold fewer than it could, since some were found by nothing but the hash of another token: so there may be a next one. */
  private Future<List<Stored>> more(Criteria criteria, int most, List<Stored> found, String page) {
    boolean few = most <= FEW;
    SearchQuery query = few ? criteria.few(PAGE, page) : criteria.query(Math.max(PAGE, most), page);
    return (few ? search.few(query, clock.instant()) : search.run(query, clock.instant())).compose(next -> {
      if (!next.unreadable().isEmpty()) throw unreadable(next.unreadable().get(0));
      if (!next.notes().isEmpty() && !criteria.alwaysIndexed()) throw incomplete(criteria);
      found.addAll(few ? next.entries() : next.entries().stream().map(Stored::withoutBody).toList());
      if (found.size() >= most) return Future.succeededFuture(found.subList(0, most));
      return next.next() == null ? Future.succeededFuture(found) : more(criteria, most, found, next.next());
    });
  }

  /** The same holds for what is not indexed yet ({@link Reindex}). */
  private static Failure incomplete(Criteria criteria) {
    return new Failure.Busy("Those of type " + criteria.type() + " that an older version wrote are still being indexed "
        + "anew, and one of them may be what the condition means: name an identifier, or try again later");
  }

  /** Whether it is meant nobody can tell: to create another one beside it may be to create it twice. */
  private static Failure unreadable(Stored stored) {
    return new Failure.Unreadable("Version " + stored.version() + " of " + stored.type() + "/" + stored.id()
        + " may be what the condition means, and cannot be read any more: bring its row back from a backup, or put the resource anew");
  }
}
