package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.caregrid.store.Param.Kind;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A search, read and checked, before anything is looked up: what leads through other resources is still to be resolved. */
final class SearchTerms {
  /** A criterion, or what becomes one when others' resources have been looked up. */
  private interface Term {
    Future<Criterion> resolved(Links links);
  }

  private static final String TYPE = "_type";
  static final Set<String> EVERYWHERE = Set.of(TYPE, "_id", "_lastUpdated", "_sort", "_include", "_revinclude",
      "_list", "_text", "_content");
  /** Targets of one link whose type nobody names. */
  static final int MOST_TARGETS = 12;
  private static final int MOST_PARAMS = 100;
  /** Of one parameter, where each is a token or an id; and where each is more than that. */
  private static final int MOST_TOKENS = 10_000;
  private static final int MOST_ALTERNATIVES = 200;
  private static final int LONGEST = 4_000;
  private static final Set<Kind> TOKENS = Set.of(Kind.TOKEN, Kind.REFERENCE, Kind.URI, Kind.STRING);
  private static final Set<String> PLAIN = Set.of("", ":not", ":exact", ":missing", ":identifier", ":of-type");

  private final Definition definition;
  private final Instant now;
  private final Reach reach;
  private final List<Term> terms = new ArrayList<>();
  private final Set<Include> includes = new LinkedHashSet<>();
  private final long fingerprint;
  private Sort sort = Sort.NONE;

  private SearchTerms(Definition definition, Instant now, Reach reach, long fingerprint) {
    this.definition = definition;
    this.now = now;
    this.reach = reach;
    this.fingerprint = fingerprint;
  }

  /** Invalid 400 names the parameter that cannot be read, or that is unknown. */
  static SearchTerms of(SearchQuery query, Instant now) {
    return of(query, now, new Reach());
  }

  /** @param reach of the whole search, where that is about several types */
  static SearchTerms of(SearchQuery query, Instant now, Reach reach) {
    List<String> unknown = unknown(query, reach);
    if (!unknown.isEmpty())
      throw new Failure.Invalid(
          "This server has no search parameter " + String.join(", ", unknown) + " for " + query.type());
    Definition definition = Definition.of(query.type());
    SearchTerms all = new SearchTerms(definition, now, reach,
        Hash.of(query.type() + query.params() + String.join(",", query.within())));
    for (SearchQuery.Param param : query.params()) all.add(param.name(), param.value(), reach.known(param));
    if (!query.within().isEmpty()) all.plain(Compartment.within(definition, query.within()));
    return all;
  }

  private SearchTerms inner(Definition type, String name, String value, Known known) {
    reach.way(name);
    SearchTerms inner = new SearchTerms(type, now, reach, 0);
    inner.add(name, value, known);
    return inner;
  }

  /**
   * Names of parameters this server does not know for this type, as written, those that do not lead elsewhere without their modifiers. TooCostly 422: they are
   * too many; Invalid 400: one leads too far.
   *
   * @param reach of the whole search
   */
  static List<String> unknown(SearchQuery query, Reach reach) {
    if (query.params().size() > MOST_PARAMS)
      throw new Failure.TooCostly("A search has at most " + MOST_PARAMS + " parameters");
    reach.requireLinks(query.params());
    Definition definition = Definition.of(query.type());
    return query.params()
        .stream()
        .filter(param -> !reach.known(param).knows(definition, param.name()))
        .map(param -> isLink(param.name()) ? param.name() : base(param.name()))
        .distinct()
        .toList();
  }

  private static boolean isLink(String name) {
    return name.startsWith(Known.HAS) || name.indexOf('.') >= 0;
  }

  static String base(String name) {
    int colon = name.indexOf(':');
    return colon < 0 ? name : name.substring(0, colon);
  }

  private void add(String name, String value, Known known) {
    if (name.startsWith(Known.HAS)) {
      has(name, value, known);
    } else if (name.indexOf('.') >= 0) {
      chain(name, value, known);
    } else {
      String base = base(name);
      add(base, name.substring(base.length()), value);
    }
  }

  private void add(String base, String modifier, String value) {
    if (Include.is(base)) {
      includes.add(Include.parse(base, modifier, value));
      return;
    }
    if (base.equals("_sort")) {
      if (!value.isEmpty()) sort = sort.then(Sort.parse(definition, value));
      return;
    }
    List<String> alternatives = SearchValue.alternatives(value);
    if (alternatives.isEmpty()) return;
    Param param = definition.params().get(base);
    require(base, modifier, param, alternatives);
    reach.values(alternatives.size());
    if (base.equals(TYPE)) {
      plain(ofType(modifier, alternatives));
    } else if (base.equals("_list")) {
      Match.requireNone(base, modifier);
      terms.add(links -> links.listed(definition, alternatives));
    } else if (param == null) {
      plain(General.criterion(base, modifier, alternatives, now));
    } else if (modifier.equals(":below") && ParamCriterion.isMime(param)) {
      plain(ParamCriterion.mime(param, alternatives));
    } else if (Set.of(":in", ":not-in", ":above", ":below").contains(modifier) && param.kind() == Kind.TOKEN) {
      terms.add(links -> links.coded(param, base, modifier, alternatives));
    } else if (Set.of(":above", ":below").contains(modifier) && param.kind() == Kind.REFERENCE) {
      Related related = Related.of(param, base + modifier, alternatives);
      related.families().forEach((type, family) -> reach.way(base + modifier));
      terms.add(links -> links.related(param, related));
    } else {
      plain(ParamCriterion.of(definition, param, modifier, alternatives, now));
    }
  }

  /** It is of its type anyhow; behind a chain this tells which one is meant (FHIR R4 search.html#all). Null: it says nothing. */
  private Criterion ofType(String modifier, List<String> alternatives) {
    boolean not = modifier.equals(":not");
    if (!not) Match.requireNone(TYPE, modifier);
    return alternatives.contains(definition.type()) == not ? Criterion.NOTHING : null;
  }

  private static void require(String base, String modifier, Param param, List<String> alternatives) {
    boolean typed = modifier.matches(":[A-Z].*");
    boolean tokens = param == null
        ? base.equals("_id")
        : TOKENS.contains(param.kind()) && (typed || PLAIN.contains(modifier));
    int most = tokens ? MOST_TOKENS : MOST_ALTERNATIVES;
    if (alternatives.stream().anyMatch(one -> one.length() > LONGEST))
      throw new Failure.TooCostly(base + modifier + " has a value of more than " + LONGEST + " characters");
    if (alternatives.size() > most)
      throw new Failure.TooCostly(
          base + modifier + " has " + alternatives.size() + " alternatives, and may have " + most);
  }

  /** @param criterion null: it says nothing */
  private void plain(Criterion criterion) {
    if (criterion != null) terms.add(links -> Future.succeededFuture(criterion));
  }

  /** {@code _has:Type:parameter:rest} (FHIR R4 search.html#has). */
  private void has(String name, String value, Known known) {
    String[] parts = name.split(":", 4);
    Definition by = Definition.of(parts[1]);
    Param link = by.params().get(parts[2]);
    SearchTerms inner = inner(by, parts[3], value, known);
    terms.add(links -> links.pointed(definition, link, inner));
  }

  /** {@code parameter:Type.rest} (FHIR R4 search.html#chaining). */
  private void chain(String name, String value, Known known) {
    int dot = name.indexOf('.');
    String link = name.substring(0, dot);
    String rest = name.substring(dot + 1);
    Param param = definition.params().get(base(link));
    List<String> types = known.targets(definition, link, rest);
    if (types.size() > MOST_TARGETS)
      throw new Failure.Invalid(base(link) + " may lead to " + types.size() + " types: name one, as in " + base(link)
          + ":" + types.get(0) + "." + rest);
    List<SearchTerms> inner = types.stream().map(type -> inner(Definition.of(type), rest, value, known)).toList();
    terms.add(links -> all(inner, one -> links.pointing(definition, param, one)).map(Criterion::or));
  }

  private static <T, R> Future<List<R>> all(List<T> these, Function<T, Future<R>> each) {
    List<Future<R>> futures = these.stream().map(each).toList();
    return Future.all(futures).map(done -> futures.stream().map(Future::result).collect(Collectors.toList()));
  }

  Definition definition() {
    return definition;
  }

  List<Include> includes() {
    return List.copyOf(includes);
  }

  Future<SearchPlan> plan(Links links) {
    return all(terms, term -> term.resolved(links))
        .map(criteria -> new SearchPlan(definition, criteria, sort, fingerprint));
  }
}
