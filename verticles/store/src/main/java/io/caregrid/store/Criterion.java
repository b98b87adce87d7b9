package io.caregrid.store;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One thing that a search asks for: how the database finds what may have it, and what tells whether a resource really does.
 *
 * @param any   tokens of which a resource must have one; null: the tokens do not tell
 * @param none  tokens of which it must have none
 * @param patients hashes of the patients of whose compartments it must be in one; null: of anybody's or nobody's
 * @param sql   a condition on the row, given what binds a value; null for none
 * @param exact what the database finds is all that is meant and nothing else, but for two tokens of one hash; otherwise it is too much
 * @param holds asks the resource
 */
record Criterion(List<String> any, List<String> none, Long[] patients, Function<Function<Object, String>, String> sql,
    boolean exact, Predicate<Values> holds) {

  static final Criterion NOTHING = new Criterion(List.of(), List.of(), null, null, true, values -> false);
  private static final Predicate<Values> TRUE = values -> true;

  static Criterion any(List<String> tokens, boolean exact, Predicate<Values> holds) {
    return new Criterion(tokens, List.of(), null, null, exact, holds);
  }

  static Criterion none(List<String> tokens) {
    return new Criterion(null, tokens, null, null, true, TRUE);
  }

  /** The database alone decides. */
  static Criterion sql(Function<Function<Object, String>, String> sql) {
    return new Criterion(null, List.of(), null, sql, true, TRUE);
  }

  static Criterion patients(Long[] hashes, Predicate<Values> holds) {
    return new Criterion(null, List.of(), hashes, null, true, holds);
  }

  static Criterion sql(Function<Function<Object, String>, String> sql, boolean exact, Predicate<Values> holds) {
    return new Criterion(null, List.of(), null, sql, exact, holds);
  }

  /** Whatever of it holds in one of the parameter's values. */
  static Criterion of(Param param, List<Match> alternatives) {
    return any(tokens(alternatives), alternatives.stream().allMatch(Match::exact),
        values -> holds(alternatives, values.of(param)));
  }

  static boolean holds(List<Match> alternatives, List<Found> values) {
    for (Found value : values) {
      for (Match match : alternatives) if (match.holds().test(value)) return true;
    }
    return false;
  }

  /** Null when those of one alternative are not known. */
  static List<String> tokens(List<Match> alternatives) {
    List<String> all = new ArrayList<>();
    for (Match match : alternatives) {
      if (match.tokens() == null) return null;
      all.addAll(match.tokens());
    }
    return all;
  }

  /** One of several: what the database finds is all of them. */
  static Criterion or(List<Criterion> several) {
    if (several.size() == 1) return several.get(0);
    boolean tokens = several.stream()
        .allMatch(one -> one.any != null && one.sql == null && one.patients == null && one.none.isEmpty());
    boolean exact = several.stream().allMatch(Criterion::exact);
    Predicate<Values> holds = values -> several.stream().anyMatch(one -> one.holds.test(values));
    if (tokens) return any(several.stream().flatMap(one -> one.any.stream()).toList(), exact, holds);
    return sql(bind -> "(" + String.join(" or ", several.stream().map(one -> one.condition(bind)).toList()) + ")",
        exact,
        holds);
  }

  /** As SQL, all of it. */
  String condition(Function<Object, String> bind) {
    List<String> all = new ArrayList<>();
    if (any != null) all.add(any.isEmpty() ? "false" : "tok && " + bind.apply(hashes(any)));
    if (!none.isEmpty()) all.add("not tok && " + bind.apply(hashes(none)));
    if (patients != null)
      all.add(patients.length == 1
          ? "pat = " + bind.apply(patients[0])
          : "pat = any (" + bind.apply(patients) + ")");
    if (sql != null) all.add(sql.apply(bind));
    return all.isEmpty() ? "true" : "(" + String.join(" and ", all) + ")";
  }

  static Long[] hashes(List<String> tokens) {
    return tokens.stream().map(Hash::of).toArray(Long[]::new);
  }
}
