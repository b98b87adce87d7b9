package io.caregrid.store;

import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * A search whose every criterion is known, as SQL over one table: the only place where SQL is put together. Values are always bound, never written into
 * it.
 *
 * <p>Tokens are looked up by hash, so every row found is asked again ({@link #holds}) whether it really is meant; counts are not, where the criteria are
 * {@link #isExact}.
 */
final class SearchPlan {
  private static final String BOUNDED = """
      select * from (
        select p.*, count(*) over () as fetched,
          coalesce(sum(%2$s) over (order by place rows between unbounded preceding and 1 preceding), 0) as before
        from (select l.*, row_number() over (order by %4$s) as place from (%1$s) l) p) q
      where before < %3$s order by place""";
  /**
   * So many tables are joined by the patient in one go. What is deeper is looked up before, and planned by itself: PostgreSQL would think 0.1 s about 32 tables
   * that it may join in any order, and 4 ms about twelve at a time. Fewer would be slower: where most patients are meant, a join stops when
   * the page is full, and an array lists all of them first.
   */
  private static final int JOINED_AT_ONCE = 12;
  private static final String COLUMNS = "select sid, id, ver, upd, d0, key, del, body";

  private final Definition definition;
  private final String table;
  private final List<Criterion> criteria;
  private final Sort sort;
  private final Order order;
  private final long fingerprint;

  /** @param fingerprint of the search as it was asked: its page tokens fit no other */
  SearchPlan(Definition definition, List<Criterion> criteria, Sort sort, long fingerprint) {
    this.definition = definition;
    this.table = "r_" + definition.type().toLowerCase(Locale.ROOT);
    this.criteria = List.copyOf(criteria);
    this.sort = sort;
    this.order = sort.order(definition);
    this.fingerprint = fingerprint;
  }

  Definition definition() {
    return definition;
  }

  Sort sort() {
    return sort;
  }

  /** Null where no index has it. */
  Order order() {
    return order;
  }

  List<Criterion> criteria() {
    return criteria;
  }

  /** What the database finds is what is meant; a row in a million may be found by the hash of another token. */
  boolean isExact() {
    return criteria.stream().allMatch(Criterion::exact);
  }

  /** Hashes of tokens: of each of these a row has one. */
  List<Long[]> musts() {
    return criteria.stream().map(Criterion::any).filter(any -> any != null).map(Criterion::hashes).toList();
  }

  /** Hashes of the patients of whose compartments it must be in one, the fewest of them; null: of anybody's or nobody's. */
  Long[] patients() {
    return criteria.stream()
        .map(Criterion::patients)
        .filter(patients -> patients != null)
        .min(Comparator.comparingInt(patients -> patients.length))
        .orElse(null);
  }

  boolean holds(Values values) {
    for (Criterion criterion : criteria) if (!criterion.holds().test(values)) return false;
    return true;
  }

  /** How a page is found. */
  enum Way {
    /** As the planner thinks best. */
    PLANNED,
    /** All that is meant is looked up by its tokens, and sorted: it is rare. */
    RARE,
    /** All that the patients have is looked at: it is little, and some of the tokens may stand in half of the table. */
    THEIRS
  }

  /**
   * @param otherwise finds the same another way: of a page by looking up all that is meant and sorting it, where {@code sql} may follow an index of the order
   * @param values    of its parameters, in order
   */
  record Statement(String sql, String otherwise, Tuple values) {}

  private static final class Binding implements Function<Object, String> {
    private final List<Object> values = new ArrayList<>();
    /** Only the planner is asked. */
    private final boolean estimates;
    /** Tables around the condition that is being written, each led to by the one inside. */
    private int around = 1;

    Binding() {
      this(false);
    }

    Binding(boolean estimates) {
      this.estimates = estimates;
    }

    @Override
    public String apply(Object value) {
      values.add(value);
      return "$" + values.size();
    }

    Statement statement(String sql) {
      return statement(sql, sql);
    }

    Statement statement(String sql, String otherwise) {
      return new Statement(Database.PLANNED + sql, Database.PLANNED + otherwise, Tuple.wrap(values));
    }
  }

  /**
   * @param after the key of the row before the page, or null
   * @param bytes of JSON, passed by at most one row; 0 for no bound. With a bound each row tells in {@code fetched} how many there would be without
   */
  Statement page(Way way, Order by, int limit, long bytes, PageToken.Key after) {
    Binding bind = new Binding();
    List<Criterion> found = way == Way.THEIRS ? byTokens(false) : criteria;
    List<Criterion> asked = way == Way.THEIRS ? byTokens(true) : List.of();
    String first = condition(found, bind);
    String then = asked.isEmpty() ? "" : " and " + condition(asked, bind);
    String key = after == null ? "" : " and " + by.after(after, bind);
    String limited = " limit " + bind.apply(limit);
    String most = bytes == 0 ? null : bind.apply(bytes);
    String plain = " from " + table + " where " + first + then + key + " order by ";
    String followed = page(plain + by.sql + limited, by, most);
    String lookedUp = page(plain + (criteria.isEmpty() ? by.sql : by.unindexed) + limited, by, most);
    return switch (way) {
      case PLANNED -> bind.statement(followed, lookedUp);
      case RARE -> bind.statement(lookedUp, followed);
      // the tokens are asked of what is found without them: offset 0 keeps PostgreSQL from asking their index, which lists every row that has one
      case THEIRS ->
        bind.statement(page(" from (select * from " + table + " where " + first + " offset 0) theirs where true"
            + then + key + " order by " + by.sql + limited, by, most), followed);
    };
  }

  private List<Criterion> byTokens(boolean are) {
    return criteria.stream().filter(one -> one.any() != null == are).toList();
  }

  /** Its places are given when it has been cut: before, all that is meant would have to be in order, and not its beginning only. */
  private static String page(String found, Order by, String most) {
    return most == null ? COLUMNS + found : BOUNDED.formatted(COLUMNS + found, Body.PLAIN_LENGTH, most, by.columns());
  }

  Statement count() {
    Binding bind = new Binding();
    return bind.statement("select count(*) as found from " + table + " where " + condition(criteria, bind));
  }

  /** Counts no further than {@code most}. */
  Statement countUpTo(int most) {
    Binding bind = new Binding();
    return bind
        .statement("select count(*) as found from (select 1 from " + table + " where " + condition(criteria, bind)
            + " limit " + most + ") counted");
  }

  /** Asks the planner's statistics. */
  Statement estimate() {
    Binding bind = new Binding(true);
    return bind.statement("explain (format json) select 1 from " + table + " where " + condition(criteria, bind));
  }

  Statement ids(int most) {
    Binding bind = new Binding();
    return bind.statement("select id from " + table + " where " + condition(criteria, bind) + " limit " + most);
  }

  /** Being in the compartment of a patient whose compartment has such a resource, as a condition on {@code pat}. */
  String joined(Function<Object, String> bind) {
    boolean isFull = bind instanceof Binding own && own.around % JOINED_AT_ONCE == 0;
    return isFull ? lookedUp(bind) : "pat in (" + patients("", bind) + ")";
  }

  /** Each patient once, however many such resources there are: an array is held outside of work_mem. */
  private String lookedUp(Function<Object, String> bind) {
    return "pat = any (array(" + patients("distinct ", bind) + "))";
  }

  /** The patients whose compartments have such a resource, as a subquery. */
  private String patients(String distinct, Function<Object, String> bind) {
    if (bind instanceof Binding own) own.around++;
    String patients = "select " + distinct + "pat from " + table + " where " + condition(criteria, bind);
    if (bind instanceof Binding own) own.around--;
    return patients;
  }

  /** How Patients are found to whose compartments such resources belong. */
  enum Lead {
    /** Each that such a resource leads to is looked up: they are few beside all Patients. */
    EACH,
    /** Patients are walked through and held against all that such resources lead to, which are looked up once: a page is soon full. */
    ALL,
    /** As the planner thinks best: it asks of one Patient after the other whether there is such a resource. Of few it would do the same, and list all of them for each. */
    JOINED
  }

  /**
   * Whether a Patient's compartment has such a resource, as a condition on {@code pat}. How many those are the planner can tell of a join only: of an array it
   * says ten, of a subquery half of all Patients.
   */
  String leading(Lead lead, Function<Object, String> bind) {
    boolean estimates = bind instanceof Binding own && own.estimates;
    return switch (estimates ? Lead.JOINED : lead) {
      case EACH -> lookedUp(bind);
      // beside an `or` PostgreSQL makes no join of it: joined by nested loops each Patient would be compared with each of them
      case ALL -> "(pat in (" + patients("", bind) + ") or false)";
      case JOINED -> joined(bind);
    };
  }

  /** One array for all tokens that must be there: one visit of the index. */
  private static String condition(List<Criterion> criteria, Function<Object, String> bind) {
    List<String> where = new ArrayList<>(List.of("not del"));
    List<String> musts = new ArrayList<>();
    for (Criterion criterion : criteria) {
      boolean single = criterion.any() != null && criterion.any().size() == 1;
      if (single) musts.addAll(criterion.any());
      Criterion rest = single
          ? new Criterion(null, criterion.none(), criterion.patients(), criterion.sql(), criterion.exact(),
              criterion.holds())
          : criterion;
      String condition = rest.condition(bind);
      if (!condition.equals("true")) where.add(condition);
    }
    if (!musts.isEmpty()) where.add("tok @> " + bind.apply(Criterion.hashes(musts)));
    return String.join(" and ", where);
  }

  private int kind() {
    return order == null ? Order.values().length : order.ordinal();
  }

  /** A token of another search, or of another order, fits nowhere here. */
  PageToken.Key key(String token) {
    return token == null ? null : PageToken.key(token, kind(), fingerprint);
  }

  String token(PageToken.Key key) {
    return PageToken.of(kind(), fingerprint, key);
  }
}
