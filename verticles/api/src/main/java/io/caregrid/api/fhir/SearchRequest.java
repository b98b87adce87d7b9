package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.SearchQuery.Param;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a client asked a search for, taken apart: what selects goes to the store, what shapes the answer stays here.
 *
 * @param query     for the store
 * @param asked     everything the client wrote that was understood, without the page token: what the self link repeats
 * @param ignored   names that nobody here knows, in order
 * @param selection which part of each resource is wanted
 */
record SearchRequest(SearchQuery query, List<Param> asked, List<String> ignored, Selection selection) {

  static final String PAGE = "_page";
  static final int DEFAULT_COUNT = 50;
  static final int MAX_COUNT = 1000;
  /** Of JSON on a page, passed by one entry: what it has less than it was asked for is on the next one. */
  static final long PAGE_BYTES = 16 << 20;
  private static final int MOST_PARAMS = 120;
  private static final Set<String> SHAPE = Set.of("_count", "_total", "_format", "_pretty", "_summary", "_elements",
      PAGE);

  /** @throws Failure.Invalid naming the parameter at fault */
  static SearchRequest of(String type, List<Param> params) {
    return of(type, null, params);
  }

  /**
   * @param type   null for a search over several types
   * @param within {@code Type/id} of the compartment it stays in, or null
   */
  static SearchRequest of(String type, String within, List<Param> params) {
    if (params.size() > MOST_PARAMS)
      throw new Failure.TooCostly("A search has at most " + MOST_PARAMS + " parameters");
    List<Param> selecting = new ArrayList<>();
    List<Param> asked = new ArrayList<>();
    for (Param param : params) {
      if (SHAPE.contains(param.name()) || isUsual(param)) {
        if (!param.name().equals(PAGE)) asked.add(param);
      } else {
        selecting.add(param);
      }
    }
    requirePossible(params);
    List<String> ignored = unknown(type, within, selecting);
    if (!ignored.isEmpty()) selecting.removeIf(param -> !unknown(type, within, List.of(param)).isEmpty());
    asked.addAll(selecting);
    String summary = last(params, "_summary");
    boolean countOnly = "count".equalsIgnoreCase(summary);
    int count = countOnly ? 0 : count(last(params, "_count"));
    String total = count == 0 ? "accurate" : total(last(params, "_total"));
    SearchQuery query = new SearchQuery(type, selecting, count, total, last(params, PAGE), PAGE_BYTES, places(within));
    return new SearchRequest(query, List.copyOf(asked), List.copyOf(ignored),
        Selection.of(last(params, "_elements"), summary));
  }

  /** Contained resources are found only as what contains them, which is R4's own way where nobody asks for another (search.html#contained). */
  private static boolean isUsual(Param param) {
    return param.name().equals("_contained") && param.value().equals("false");
  }

  /** What R4 has refused rather than ignored. */
  private static void requirePossible(List<Param> params) {
    String named = last(params, "_query");
    if (named != null && !named.isEmpty())
      throw new Failure.Invalid("_query names a query of the server's own, and this node has none"); // search.html#query
    boolean includes = params.stream()
        .anyMatch(param -> param.name().startsWith("_include") || param.name().startsWith("_revinclude"));
    if (includes && "text".equalsIgnoreCase(last(params, "_summary")))
      throw new Failure.Invalid("_summary=text cannot be asked for together with _include or _revinclude"); // search.html#summary
  }

  static int count(String value) {
    if (value == null) return DEFAULT_COUNT;
    try {
      int count = Integer.parseInt(value.trim());
      if (count < 0) throw new NumberFormatException();
      return Math.min(count, MAX_COUNT);
    } catch (NumberFormatException notANumber) {
      throw new Failure.Invalid("_count must be a whole number, 0.." + MAX_COUNT);
    }
  }

  private static String total(String value) {
    if (value == null) return "none";
    String total = value.toLowerCase(Locale.ROOT); // .NET's clients write Accurate
    if (Set.of("none", "estimate", "accurate").contains(total)) return total;
    throw new Failure.Invalid("_total must be none, estimate or accurate");
  }

  private static List<String> unknown(String type, String within, List<Param> params) {
    return FhirStore.unknown(new SearchQuery(type, params, 1, "none", null, 0, places(within)));
  }

  private static List<String> places(String within) {
    return within == null ? List.of() : List.of(within);
  }

  /** @throws Failure.Invalid when something would be ignored */
  void requireKnown() {
    if (ignored.isEmpty()) return;
    String known = query.type() == null
        ? ""
        : "; it knows " + String.join(", ", FhirStore.searchParams(query.type()).keySet());
    throw new Failure.Invalid("this node does not know as search parameters"
        + (query.type() == null ? "" : " of " + query.type()) + ": " + String.join(", ", ignored) + known);
  }

  /** Below the base, without its parameters. */
  String address() {
    String type = query.type() == null ? "" : query.type();
    return query.within().isEmpty() ? type : query.within().get(0) + "/" + (type.isEmpty() ? "*" : type);
  }

  static String last(List<Param> params, String name) {
    String found = null;
    for (Param param : params) {
      if (param.name().equals(name)) found = param.value();
    }
    return found;
  }
}
