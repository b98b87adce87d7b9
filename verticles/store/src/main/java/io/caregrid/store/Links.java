package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What leads through other resources, as criteria. Where the link is the patient's compartment the database joins by it, whatever the number; else the
 * resources in between are looked up first, at most {@link #MOST} of them.
 */
final class Links {
  /** Resources in between, or ids of them. */
  static final int MOST = 10_000;
  /** Steps up or down in what is part of what. */
  private static final int GENERATIONS = 50;

  private final Asking asking;
  private final ValueSets valueSets;

  Links(Asking asking) {
    this.asking = asking;
    this.valueSets = new ValueSets(asking);
  }

  /** Whose {@code link} points to what {@code inner} means: {@code link:Type.inner}. */
  Future<Criterion> pointing(Definition from, Param link, SearchTerms inner) {
    return inner.plan(this).compose(plan -> {
      boolean patient = plan.definition().type().equals("Patient") && from.isPatient(link);
      return patient && plan.isExact()
          ? asking.isRare(plan).compose(rare -> rare ? each(plan) : joined(plan))
          : Canonical.isNamed(plan.definition())
              ? names(plan).map(names -> pointing(link, plan.definition().type(), names))
              : ids(plan).map(ids -> pointing(link, plan.definition().type(), local(plan.definition().type(), ids)));
    });
  }

  private static Set<String> local(String type, Set<String> ids) {
    Set<String> names = new LinkedHashSet<>();
    ids.forEach(id -> names.add(type + "/" + id));
    return names;
  }

  /** All that a reference to what the plan means may say. */
  private Future<Set<String>> names(SearchPlan plan) {
    Set<String> names = new LinkedHashSet<>();
    return scanned(plan, (stored, values) -> {
      names.add(stored.type() + "/" + stored.id());
      names.addAll(Canonical.names(values.resource()));
    }).map(names);
  }

  private static Future<Criterion> joined(SearchPlan plan) {
    return Future.succeededFuture(Criterion.sql(plan::joined));
  }

  /** Few patients, each by itself. */
  private Future<Criterion> each(SearchPlan patients) {
    return ids(patients).map(ids -> ids.isEmpty()
        ? Criterion.NOTHING
        : ParamCriterion.patients(ids.stream().map(id -> "Patient/" + id).toList()));
  }

  /** @param names {@code Type/id}, or a url with its version or without */
  private static Criterion pointing(Param link, String type, Set<String> names) {
    Set<String> tokens = new LinkedHashSet<>();
    link.under()
        .stream()
        .filter(under -> under.type() == null || under.type().equals(type))
        .forEach(under -> names.forEach(name -> tokens.add(Postings.token(under.name(), name))));
    boolean exact = names.stream().allMatch(Postings::isLocal); // a url's token is that of all its versions
    return Criterion.any(List.copyOf(tokens), exact,
        values -> values.of(link).stream().anyMatch(found -> Canonical.isOf(names, ((Found.Link) found).target())));
  }

  /** To which the {@code link} of what {@code inner} means points: {@code _has:Type:link:inner}. */
  Future<Criterion> pointed(Definition to, Param link, SearchTerms inner) {
    return inner.plan(this).compose(plan -> {
      if (to.type().equals("Patient") && plan.definition().isPatient(link) && plan.isExact())
        return asking.lead(plan).map(lead -> Criterion.sql(bind -> plan.leading(lead, bind)));
      return targets(plan, link, to.type())
          .map(targets -> Canonical.isNamed(to)
              ? Criterion.or(List.of(among(targets.ids()), Canonical.named(to, targets.urls())))
              : among(targets.ids()));
    });
  }

  private static Criterion among(Collection<String> ids) {
    String[] all = ids.toArray(String[]::new);
    Set<String> meant = Set.copyOf(ids);
    return Criterion.sql(bind -> "id = any (" + bind.apply(all) + ")", true,
        values -> meant.contains(values.resource().path("id").asText()));
  }

  /** The ids of all that a plan means. */
  private Future<Set<String>> ids(SearchPlan plan) {
    if (!plan.isExact()) {
      Set<String> ids = new LinkedHashSet<>();
      return scanned(plan, (stored, values) -> ids.add(stored.id())).map(ids);
    }
    return asking.find(plan.ids(MOST + 1)).map(rows -> {
      if (rows.size() > MOST) throw costly(plan);
      Set<String> ids = new LinkedHashSet<>();
      for (Row row : rows) ids.add(row.getString("id"));
      return ids;
    });
  }

  /** What the links of all that a plan means point to, of one type. */
  private Future<Targets> targets(SearchPlan plan, Param link, String type) {
    Set<String> ids = new LinkedHashSet<>();
    Set<String> urls = new LinkedHashSet<>();
    String begin = type + "/";
    return scanned(plan, (stored, values) -> {
      for (Found found : values.of(link)) {
        String target = ((Found.Link) found).target();
        if (target.startsWith(begin)) ids.add(target.substring(begin.length()));
        else if (Canonical.is(target)) urls.add(target);
      }
    }).map(new Targets(ids, urls));
  }

  private record Targets(Set<String> ids, Set<String> urls) {}

  private interface Take {
    void take(Stored stored, Values values);
  }

  private Future<Void> scanned(SearchPlan plan, Take take) {
    int[] taken = {0};
    Scan.Visitor visitor = new Scan.Visitor() {
      @Override
      public boolean meant(Row row, Stored stored, Values values) {
        if (++taken[0] > MOST) throw costly(plan);
        take.take(stored, values);
        return true;
      }

      @Override
      public void unreadable(Stored stored) {
        // whatever it points to cannot be told
      }
    };
    return new Scan(asking, plan, Order.NEWEST, Scan.MOST, Scan.SECONDS, visitor).run(null, 500).mapEmpty();
  }

  private static Failure costly(SearchPlan plan) {
    return new Failure.TooCostly("The search leads through more than " + MOST + " resources of type "
        + plan.definition().type() + ": name more of what is searched for there");
  }

  /** {@code _list}: the entries of Lists in the store (FHIR R4 search.html#list). */
  Future<Criterion> listed(Definition definition, List<String> alternatives) {
    String[] lists = alternatives.stream()
        .map(SearchValue::unescaped)
        .map(value -> value.startsWith("List/") ? value.substring(5) : value)
        .filter(Ids::legal)
        .toArray(String[]::new);
    Definition list = Definition.of("List");
    SearchPlan plan = new SearchPlan(list, List.of(Criterion.sql(bind -> "id = any (" + bind.apply(lists) + ")")),
        Sort.NONE, 0);
    return targets(plan, list.params().get("item"), definition.type())
        .map(targets -> among(targets.ids()));
  }

  /** What points to these, or to what is below or above them. */
  Future<Criterion> related(Param link, Related related) {
    List<Future<Criterion>> each = new ArrayList<>();
    if (!related.urls().isEmpty())
      each.add(Future.succeededFuture(
          Criterion.of(link, related.urls().stream().map(url -> Match.below(link, url)).toList())));
    related.families()
        .forEach((type, family) -> each.add(family(family, related.down())
            .map(ids -> pointing(link, type, local(type, ids)))));
    return Future.all(each).map(done -> Criterion.or(each.stream().map(Future::result).toList()));
  }

  /** They and all below them, or above them: at most {@link #MOST} together. Who is part of himself is met once. */
  private Future<Set<String>> family(Related.Family family, boolean down) {
    Set<String> all = new LinkedHashSet<>(family.ids());
    return generation(family.hierarchy(), family.ids(), down, all, 0).map(all);
  }

  private Future<Void> generation(Hierarchy hierarchy, Collection<String> last, boolean down, Set<String> all,
      int steps) {
    if (last.isEmpty()) return Future.succeededFuture();
    SearchPlan plan = new SearchPlan(hierarchy.definition(),
        List.of(down ? hierarchy.childrenOf(last) : among(last)), Sort.NONE, 0);
    if (all.size() > MOST) throw costly(plan);
    if (steps == GENERATIONS)
      throw new Failure.TooCostly("What is part of what among resources of type " + hierarchy.type()
          + " goes on for more than " + GENERATIONS + " steps: name what is nearer");
    Future<Set<String>> next = down
        ? ids(plan)
        : targets(plan, hierarchy.parent(), hierarchy.type()).map(Targets::ids);
    return next.compose(found -> {
      List<String> fresh = found.stream().filter(all::add).toList();
      return generation(hierarchy, fresh, down, all, steps + 1);
    });
  }

  /** {@code :in}, {@code :not-in}, {@code :above} and {@code :below} of a token parameter. */
  Future<Criterion> coded(Param param, String name, String modifier, List<String> alternatives) {
    return valueSets.codes(name, modifier, alternatives).map(codes -> {
      List<Match> matches = codes.stream().map(code -> Match.code(param, code)).toList();
      List<String> tokens = Criterion.tokens(matches);
      if (modifier.equals(":not-in")) return Criterion.none(tokens);
      Set<SearchValue.Code> meant = Set.copyOf(codes);
      return Criterion.any(tokens, true, values -> values.of(param).stream().anyMatch(found -> {
        Found.Code code = (Found.Code) found;
        return meant.contains(new SearchValue.Code(code.system(), code.code()))
            || meant.contains(new SearchValue.Code(code.system(), ""));
      }));
    });
  }
}
