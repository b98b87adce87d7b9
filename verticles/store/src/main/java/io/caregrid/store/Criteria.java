package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.caregrid.store.SearchQuery.Param;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a conditional interaction asks for: which resources are meant (FHIR R4 http.html#ccreate).
 *
 * @param params that select, as in {@link SearchQuery}; at least one, and each with a value. A search leaves out what has none, but a conditional delete would
 *               then delete too much
 */
public record Criteria(String type, List<Param> params) {
  /** So many locks there are in all: a transaction of ten thousand conditions must not use up the database's. */
  private static final int STRIPES = 1_024;
  /** The first half of the locks' keys says that they are ours ("CGCD"), the second is the stripe. */
  private static final String CLAIM = """
      select pg_advisory_xact_lock(1128743748, k) from (select k from unnest($1::int[]) as k order by k) stripes""";
  private static final String IDENTIFIER = "identifier";
  private static final long PAGE_BYTES = 16 << 20;
  static final long FEW_BYTES = 1 << 20;

  /** @throws Failure.Invalid for a condition that would mean any resource, or that is no condition */
  public Criteria {
    params = List.copyOf(params);
    if (params.isEmpty()) throw new Failure.Invalid("A condition needs at least one search parameter with a value");
    for (Param param : params) {
      if (SearchValue.alternatives(param.value()).stream().allMatch(String::isBlank))
        throw new Failure.Invalid("A search parameter of a condition has no value, so it would mean any: "
            + param.name());
      if (param.name().startsWith("_sort") || param.name().startsWith("_include")
          || param.name().startsWith("_revinclude"))
        throw new Failure.Invalid(param.name() + " is no condition: it says how to answer a search");
      if (param.name().startsWith("_type"))
        throw new Failure.Invalid(param.name() + " is no condition: it would mean any of the type");
    }
  }

  SearchQuery query(int count, String page) {
    return new SearchQuery(type, params, count, "none", page, PAGE_BYTES);
  }

  SearchQuery few(int count, String page) {
    return new SearchQuery(type, params, count, "none", page, FEW_BYTES);
  }

  /** The same, of these alone. */
  Criteria among(Collection<String> ids) {
    List<Param> narrower = new ArrayList<>(params);
    narrower.add(new Param("_id", String.join(",", ids)));
    return new Criteria(type, narrower);
  }

  /**
   * Who wants to create what these criteria do not find yet holds these locks while he looks and creates. Two that name the same identifier have one in common,
   * whatever else they ask for, its system too; without an identifier only the same criteria have.
   */
  List<Integer> stripes() {
    List<String> identifiers = params.stream()
        .filter(param -> param.name().equals(IDENTIFIER))
        .flatMap(param -> SearchValue.alternatives(param.value()).stream())
        .map(token -> token.substring(token.lastIndexOf('|') + 1))
        .filter(value -> !value.isEmpty())
        .toList();
    List<String> keys = identifiers.isEmpty() ? List.of(text()) : identifiers;
    return keys.stream().map(this::stripe).distinct().sorted().toList();
  }

  /** Whether every version of this store has indexed what these ask for. */
  boolean alwaysIndexed() {
    return params.stream().allMatch(param -> param.name().equals(IDENTIFIER) || param.name().equals("_id"));
  }

  /** In one order, for as long as the database transaction lasts. */
  static Future<?> claim(Session session, Collection<Integer> stripes) {
    if (stripes.isEmpty()) return Future.succeededFuture();
    return session.ask(CLAIM, Tuple.of(stripes.toArray(Integer[]::new)));
  }

  private int stripe(String key) {
    return (int) Math.floorMod(Hash.of(type + "?" + key), (long) STRIPES);
  }

  /** In one order, whichever they were written in. */
  private String text() {
    return params.stream().map(param -> param.name() + "=" + param.value()).sorted().collect(Collectors.joining("&"));
  }

  /** As it was written. */
  @Override
  public String toString() {
    return type + "?"
        + params.stream().map(param -> param.name() + "=" + param.value()).collect(Collectors.joining("&"));
  }
}
