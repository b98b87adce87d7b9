package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A search, read and checked, as SQL over one table: the only place where SQL is put together. Values are always bound, never written into it.
 *
 * <p>Tokens are looked up by hash, so every row found is asked again ({@link #holds}) whether it really holds them; counts are not.
 */
final class SearchPlan {
  private static final String BOUNDED = """
      select * from (
        select p.*, count(*) over () as fetched,
          coalesce(sum(%2$s) over (order by place rows between unbounded preceding and 1 preceding), 0) as before
        from (%1$s) p) q
      where before < %3$s order by place""";
  private static final Set<String> EVERYWHERE = Set.of("_id", "_lastUpdated", "_sort");

  private final Definition definition;
  private final String table;
  private final List<Object> values = new ArrayList<>();
  private final List<String> where = new ArrayList<>();
  private final List<Predicate<Postings>> checks = new ArrayList<>();
  /** One array for all tokens that must be there: one visit of the index. */
  private final List<String> musts = new ArrayList<>();
  private final long fingerprint;
  private Sort sort = Sort.NEWEST;

  private SearchPlan(Definition definition, long fingerprint) {
    this.definition = definition;
    this.table = "r_" + definition.type().toLowerCase(Locale.ROOT);
    this.fingerprint = fingerprint;
  }

  /** Invalid 400 names the parameter that cannot be read, or that is unknown. */
  static SearchPlan of(SearchQuery query, Instant now) {
    Definition definition = Definition.of(query.type());
    List<String> unknown = unknown(query);
    if (!unknown.isEmpty())
      throw new Failure.Invalid(
          "This server has no search parameter " + String.join(", ", unknown) + " for " + query.type());
    SearchPlan plan = new SearchPlan(definition, Hash.of(query.type() + query.params()));
    plan.where.add("not del");
    for (SearchQuery.Param param : query.params()) plan.add(param, now);
    plan.require();
    return plan;
  }

  /** Names of parameters this server does not know for this type, as written, without their modifiers. */
  static List<String> unknown(SearchQuery query) {
    Definition definition = Definition.of(query.type());
    return query.params()
        .stream()
        .map(param -> base(param.name()))
        .filter(
            name -> !EVERYWHERE.contains(name) && !definition.params().containsKey(name))
        .distinct()
        .toList();
  }

  private static String base(String name) {
    int colon = name.indexOf(':');
    return colon < 0 ? name : name.substring(0, colon);
  }

  private void add(SearchQuery.Param asked, Instant now) {
    String name = base(asked.name());
    String modifier = asked.name().substring(name.length());
    List<String> alternatives = SearchValue.alternatives(asked.value());
    if (alternatives.isEmpty()) return;
    switch (name) {
      case "_id" -> ids(asked, modifier, alternatives);
      case "_lastUpdated" -> dates(asked, modifier, alternatives, now, DateColumns.UPDATED);
      case "_sort" -> sort = Sort.parse(definition, asked.value());
      default -> add(definition.params().get(name), asked, modifier, alternatives, now);
    }
  }

  private void add(Param param, SearchQuery.Param asked, String modifier, List<String> alternatives, Instant now) {
    if (modifier.equals(":missing")) {
      missing(param, asked);
      return;
    }
    switch (param.kind()) {
      case DATE -> dates(asked, modifier, alternatives, now, DateColumns.PRIMARY);
      case TOKEN -> tokens(param, asked, modifier, alternatives);
      case REFERENCE -> references(param, asked, modifier, alternatives);
      case STRING -> strings(param, asked, modifier, alternatives);
      case URI -> {
        requireNone(asked, modifier);
        any(alternatives.stream().map(value -> Postings.token(param.name(), SearchValue.unescaped(value))).toList());
      }
    }
  }

  private void ids(SearchQuery.Param asked, String modifier, List<String> alternatives) {
    requireNone(asked, modifier);
    String[] legal = alternatives.stream().map(SearchValue::unescaped).filter(Ids::legal).toArray(String[]::new);
    where.add("id = any (" + bind(legal) + ")");
  }

  private void dates(SearchQuery.Param asked, String modifier, List<String> alternatives, Instant now,
      DateColumns columns) {
    requireNone(asked, modifier);
    List<String> any = alternatives.stream()
        .map(value -> columns.sql(SearchValue.date(asked.name(), value, now), this::bind))
        .toList();
    where.add("(" + String.join(" or ", any) + ")");
  }

  private void missing(Param param, SearchQuery.Param asked) {
    boolean missing = switch (asked.value()) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new Failure.Invalid(asked.name() + " is true or false");
    };
    if (missing) none(List.of(Postings.present(param.name())));
    else any(List.of(Postings.present(param.name())));
  }

  private void tokens(Param param, SearchQuery.Param asked, String modifier, List<String> alternatives) {
    List<String> tokens = alternatives.stream().map(value -> SearchValue.token(param, asked.name(), value)).toList();
    if (modifier.equals(":not")) {
      none(tokens);
    } else {
      requireNone(asked, modifier);
      any(tokens);
    }
  }

  private void references(Param param, SearchQuery.Param asked, String modifier, List<String> alternatives) {
    String type = modifier.isEmpty() ? param.target() : modifier.substring(1);
    boolean typed = modifier.isEmpty() || modifier.matches(":[A-Z][A-Za-z]+");
    if (!typed) requireNone(asked, modifier);
    List<String> targets = alternatives.stream().map(value -> SearchValue.reference(type, value)).toList();
    boolean compartment = param.paths().equals(java.util.Arrays.asList(definition.patient()))
        && targets.stream().allMatch(target -> target.startsWith("Patient/"));
    if (compartment) patients(targets);
    else any(targets.stream().map(target -> Postings.token(param.name(), target)).toList());
  }

  private void patients(List<String> targets) {
    Long[] hashes = targets.stream().map(Hash::of).toArray(Long[]::new);
    where.add(hashes.length == 1 ? "pat = " + bind(hashes[0]) : "pat = any (" + bind(hashes) + ")");
    checks.add(postings -> targets.contains(postings.patient()));
  }

  private void strings(Param param, SearchQuery.Param asked, String modifier, List<String> alternatives) {
    List<String> texts = alternatives.stream().map(SearchValue::unescaped).toList();
    if (modifier.equals(":exact")) {
      any(texts.stream().map(text -> Postings.token(param.name(), text)).toList());
      return;
    }
    requireNone(asked, modifier);
    List<String> beginnings = texts.stream().map(Postings::normalised).filter(text -> !text.isEmpty()).toList();
    if (beginnings.isEmpty()) return;
    lookUp(beginnings.stream().map(text -> Postings.beginning(param.name(), text)).toList());
    checks.add(postings -> postings.strings()
        .getOrDefault(param.name(), List.of())
        .stream()
        .anyMatch(
            value -> beginnings.stream().anyMatch(value::startsWith)));
  }

  private static void requireNone(SearchQuery.Param asked, String modifier) {
    if (!modifier.isEmpty())
      throw new Failure.Invalid("The modifier " + modifier + " is not supported for " + base(asked.name()));
  }

  private void any(List<String> tokens) {
    lookUp(tokens);
    checks.add(postings -> tokens.stream().anyMatch(postings.tokens()::contains));
  }

  private void lookUp(List<String> tokens) {
    if (tokens.size() == 1) musts.add(tokens.get(0));
    else where.add("tok && " + bind(hashes(tokens)));
  }

  private void none(List<String> tokens) {
    where.add("not tok && " + bind(hashes(tokens)));
  }

  private void require() {
    if (!musts.isEmpty()) where.add("tok @> " + bind(hashes(musts)));
  }

  private static Long[] hashes(List<String> tokens) {
    return tokens.stream().map(Hash::of).toArray(Long[]::new);
  }

  private String bind(Object value) {
    values.add(value);
    return "$" + values.size();
  }

  Sort sort() {
    return sort;
  }

  /** False for a row that was found by nothing but the hash of another token. */
  boolean holds(Postings postings) {
    return checks.stream().allMatch(check -> check.test(postings));
  }

  Definition definition() {
    return definition;
  }

  /** @param values of its parameters, in order */
  record Statement(String sql, Tuple values) {}

  /** {@code after} is the key of the row before the page, or null. */
  /** @param bytes of JSON, passed by at most one row; 0 for no bound. With a bound each row tells in {@code fetched} how many there would be without. */
  Statement page(int limit, long bytes, PageToken.Key after) {
    List<Object> bound = new ArrayList<>(values);
    Function<Object, String> bind = value -> {
      bound.add(value);
      return "$" + bound.size();
    };
    String behind = after == null ? "" : " and " + sort.after(after, bind);
    String place = bytes == 0 ? "" : ", row_number() over (order by " + sort.order + ") as place";
    String sql = "select sid, id, ver, upd, d0, del, body" + place + matching() + behind + " order by " + sort.order
        + " limit " + bind.apply(limit);
    String bounded = bytes == 0 ? sql : BOUNDED.formatted(sql, Body.PLAIN_LENGTH, bind.apply(bytes));
    return new Statement(Database.PLANNED + bounded, Tuple.wrap(bound));
  }

  Statement count() {
    return statement("select count(*) as found" + matching());
  }

  /** Counts no further than {@code most}. */
  Statement countUpTo(int most) {
    return statement("select count(*) as found from (select 1" + matching() + " limit " + most + ") counted");
  }

  /** Asks the planner's statistics. */
  Statement estimate() {
    return statement("explain (format json) select 1" + matching());
  }

  private String matching() {
    return " from " + table + " where " + String.join(" and ", where);
  }

  private Statement statement(String sql) {
    return new Statement(Database.PLANNED + sql, Tuple.wrap(new ArrayList<>(values)));
  }

  /** A token of another search, or of another order, fits nowhere here. */
  PageToken.Key key(String token) {
    return token == null ? null : PageToken.key(token, sort, fingerprint);
  }

  String token(Instant key, long sid) {
    return PageToken.of(sort, fingerprint, key, sid);
  }
}
