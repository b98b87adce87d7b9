package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * A search over several types, or over all (FHIR R4 http.html#search): one type after the other by name, each newest first, or as {@code _sort} says for each.
 * Only what all of them know can be asked for.
 */
final class SystemSearch {
  private static final String TYPE = "_type";
  private static final String NOT = "_type:not";

  private static final String UNKNOWN = "_type names what is no type of resource here: nothing is found of it";
  private static final String UNKNOWN_NOT = "_type:not names what is no type of resource here";
  private static final Page NOTHING = new Page(List.of(), OptionalLong.of(0), null, List.of(), List.of());

  private final TypeSearch search;

  SystemSearch(TypeSearch search) {
    this.search = search;
  }

  /** Where a page ended: in this type, after that key of it; null at its beginning. */
  private record Place(String type, String page) {
    String token() {
      String text = type + (page == null ? "" : " " + page);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static Place of(String token, List<String> types) {
      if (token == null) return new Place(types.get(0), null);
      try {
        String[] parts = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8).split(" ", 2);
        if (types.contains(parts[0])) return new Place(parts[0], parts.length == 2 ? parts[1] : null);
      } catch (IllegalArgumentException unreadable) {
        throw PageToken.foreign();
      }
      throw PageToken.foreign();
    }
  }

  /** The types that are asked for; those that a compartment can have. None when all that are named are no types, or are not wanted. */
  static List<String> types(SearchQuery query) {
    Set<String> named = named(query, TYPE);
    Set<String> left = named(query, NOT);
    Set<String> all = named.isEmpty() ? Definition.types() : named;
    if (all.stream().noneMatch(Definition.types()::contains)) return List.of();
    String of = query.compartment();
    List<String> types = all.stream()
        .filter(type -> Definition.types().contains(type) && !left.contains(type)
            && (of == null || Compartment.has(of, type)))
        .sorted()
        .toList();
    if (types.isEmpty() && of != null)
      throw new Failure.NotFound("Nothing of these types is in a compartment of a " + of);
    return types;
  }

  private static Set<String> named(SearchQuery query, String name) {
    Set<String> named = new TreeSet<>();
    for (SearchQuery.Param param : query.params()) {
      if (param.name().equals(name)) named.addAll(Arrays.asList(param.value().split(",")));
    }
    named.removeIf(String::isEmpty);
    return named;
  }

  static SearchQuery without(SearchQuery query) {
    List<SearchQuery.Param> others = query.params()
        .stream()
        .filter(param -> !param.name().equals(TYPE) && !param.name().equals(NOT))
        .toList();
    return new SearchQuery(query.type(), others, query.count(), query.total(), query.page(), query.bytes(),
        query.within());
  }

  Future<Page> run(SearchQuery query, Instant now) {
    List<String> types = types(query);
    return (types.isEmpty() ? Future.succeededFuture(NOTHING) : run(query, types, now))
        .map(page -> noted(page, query, TYPE, UNKNOWN))
        .map(page -> noted(page, query, NOT, UNKNOWN_NOT));
  }

  private static Page noted(Page page, SearchQuery query, String name, String note) {
    return Definition.types().containsAll(named(query, name)) ? page : page.noting(note);
  }

  private Future<Page> run(SearchQuery query, List<String> types, Instant now) {
    SearchQuery each = without(query);
    Reach reach = new Reach();
    List<SearchTerms> terms = types.stream().map(type -> SearchTerms.of(each.of(type), now, reach)).toList();
    Place from = Place.of(query.page(), types);
    Gathering all = new Gathering(types, each, terms);
    return all.total()
        .compose(total -> query.count() == 0
            ? Future.succeededFuture(new Page(List.of(), total, null, List.of(), List.of()))
            : all.run(types.indexOf(from.type()), from.page(), total))
        .compose(page -> search.included(page, includes(terms)));
  }

  private static List<Include> includes(List<SearchTerms> terms) {
    Set<Include> all = new LinkedHashSet<>();
    terms.forEach(one -> all.addAll(one.includes()));
    return List.copyOf(all);
  }

  private final class Gathering {
    private final List<String> types;
    private final SearchQuery query;
    private final List<SearchTerms> terms;
    private final List<Stored> entries = new ArrayList<>();
    private final List<Stored> unreadable = new ArrayList<>();
    private final Set<String> patients = new LinkedHashSet<>();
    private long bytes;
    private long begun;

    Gathering(List<String> types, SearchQuery query, List<SearchTerms> terms) {
      this.types = types;
      this.query = query;
      this.terms = terms;
    }

    Future<OptionalLong> total() {
      boolean wanted = query.count() == 0 || !query.total().equals("none");
      if (!wanted) return Future.succeededFuture(OptionalLong.empty());
      Future<Long> before = Future.succeededFuture(0L);
      for (int i = 0; i < types.size(); i++) {
        int at = i;
        SearchQuery counting = new SearchQuery(types.get(at), query.params(), 0, query.total(), null, 0,
            query.within());
        before = before.compose(sum -> search.plan(terms.get(at))
            .compose(plan -> search.run(plan, counting))
            .map(page -> sum + page.total().orElse(0)));
      }
      return before.map(OptionalLong::of);
    }

    private Future<Page> run(int at, String token, OptionalLong total) {
      if (begun == 0) begun = System.nanoTime();
      int left = query.count() - entries.size();
      if (at == types.size()) return done(null, total);
      if (left == 0 || query.bytes() > 0 && bytes >= query.bytes() || isEndedEarly())
        return done(new Place(types.get(at), token), total);
      SearchQuery one = new SearchQuery(types.get(at), query.params(), left, "none", token, query.bytes(),
          query.within());
      return search.plan(terms.get(at)).compose(plan -> search.run(plan, one)).compose(page -> {
        entries.addAll(page.entries());
        unreadable.addAll(page.unreadable());
        patients.addAll(page.patients());
        page.entries().forEach(stored -> bytes += stored.body().length());
        return page.next() != null ? done(new Place(types.get(at), page.next()), total) : run(at + 1, null, total);
      });
    }

    /** After the first type of a page: what one of them costs is bounded by itself, all of them together cost less than a search may. */
    private boolean isEndedEarly() {
      return query.isOfEveryPatient()
          && System.nanoTime() - begun > TimeUnit.SECONDS.toNanos(TypeSearch.SHORT_SECONDS);
    }

    private Future<Page> done(Place next, OptionalLong total) {
      return Future.succeededFuture(new Page(entries, total, next == null ? null : next.token(), unreadable,
          List.copyOf(patients)));
    }
  }
}
