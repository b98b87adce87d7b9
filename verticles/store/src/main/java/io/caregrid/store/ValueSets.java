package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The codes that value sets and code systems in the store mean, for searches: what is expanded, listed, whole systems, value sets within, and what is below
 * a concept. A filter that needs more than the hierarchy is refused aloud, never taken for nothing.
 */
final class ValueSets {
  private static final int MOST = 20_000;
  /** Before some of them are taken out. */
  private static final int GATHERED = 5 * MOST;
  private static final int DEEPEST = 8;

  private final Asking asking;

  ValueSets(Asking asking) {
    this.asking = asking;
  }

  /** The codes asked for by any of the alternatives; Invalid 400: one is not in the store, or cannot be told. TooCostly 422. */
  Future<List<SearchValue.Code>> codes(String name, String modifier, List<String> alternatives) {
    Set<SearchValue.Code> all = new LinkedHashSet<>();
    Future<Void> before = Future.succeededFuture();
    for (String alternative : alternatives) {
      before = before.compose(done -> modifier.endsWith("in")
          ? valueSet(name, SearchValue.unescaped(alternative), 0)
          : hierarchy(name, modifier, SearchValue.code(name, alternative))).map(found -> {
            all.addAll(found);
            if (all.size() > MOST) throw costly(name + modifier);
            return null;
          });
    }
    return before.map(done -> List.copyOf(all));
  }

  private static Failure costly(String what) {
    return new Failure.TooCostly(what + " means more than " + MOST + " codes");
  }

  private Future<Set<SearchValue.Code>> hierarchy(String name, String modifier, SearchValue.Code from) {
    if (from.system() == null || from.system().isEmpty() || from.code().isEmpty())
      throw new Failure.Invalid(name + modifier + " needs a system and a code, as in system|code");
    return resource("CodeSystem", from.system(), name).map(system -> {
      Concepts concepts = new Concepts(system);
      Set<String> codes = modifier.equals(":below") ? concepts.below(from.code()) : concepts.above(from.code());
      Set<SearchValue.Code> found = new LinkedHashSet<>();
      codes.forEach(code -> found.add(new SearchValue.Code(from.system(), code)));
      return found;
    });
  }

  private Future<Set<SearchValue.Code>> valueSet(String name, String canonical, int depth) {
    if (depth > DEEPEST) throw new Failure.Invalid("The value sets within the value set of " + name + " go too deep");
    return resource("ValueSet", canonical, name).compose(set -> {
      Set<SearchValue.Code> found = new LinkedHashSet<>();
      if (set.path("expansion").has("contains")) {
        expanded(set.path("expansion").path("contains"), found);
        return Future.succeededFuture(found);
      }
      Set<SearchValue.Code> without = new HashSet<>();
      return each(name, set.path("compose").path("include"), depth, found)
          .compose(done -> each(name, set.path("compose").path("exclude"), depth, without))
          .map(done -> {
            if (without.stream().anyMatch(code -> code.code().isEmpty()) && !found.isEmpty()
                || !without.isEmpty() && found.stream().anyMatch(code -> code.code().isEmpty()))
              throw new Failure.Invalid(
                  "The value set of " + name + " takes codes out of a whole system: expand it first");
            found.removeAll(without);
            return found;
          });
    });
  }

  private static void expanded(JsonNode contains, Set<SearchValue.Code> found) {
    for (JsonNode one : contains) {
      if (one.has("code") && !one.path("abstract").asBoolean())
        found.add(new SearchValue.Code(one.path("system").asText(), one.path("code").asText()));
      expanded(one.path("contains"), found);
    }
  }

  private Future<Void> each(String name, JsonNode includes, int depth, Set<SearchValue.Code> found) {
    Future<Void> before = Future.succeededFuture();
    for (JsonNode include : includes) {
      before = before.compose(done -> included(name, include, depth)).map(codes -> {
        found.addAll(codes);
        if (found.size() > GATHERED) throw costly(name);
        return null;
      });
    }
    return before;
  }

  /** The codes of its system that are in all of its value sets (FHIR R4 valueset.html#compositions). */
  private Future<Set<SearchValue.Code>> included(String name, JsonNode include, int depth) {
    Future<Set<SearchValue.Code>> own = include.has("system") ? ofSystem(name, include) : Future.succeededFuture(null);
    List<String> sets = new ArrayList<>();
    include.path("valueSet").forEach(set -> sets.add(set.asText()));
    for (String set : sets) {
      own = own.compose(mine -> valueSet(name, set, depth + 1).map(theirs -> {
        if (mine == null) return theirs;
        Set<SearchValue.Code> both = new LinkedHashSet<>(mine);
        both.removeIf(code -> !theirs.contains(code) && !theirs.contains(new SearchValue.Code(code.system(), "")));
        if (mine.stream().anyMatch(code -> code.code().isEmpty()))
          theirs.stream().filter(code -> mine.contains(new SearchValue.Code(code.system(), ""))).forEach(both::add);
        return both;
      }));
    }
    return own.map(found -> found == null ? Set.of() : found);
  }

  private Future<Set<SearchValue.Code>> ofSystem(String name, JsonNode include) {
    String system = include.path("system").asText();
    Set<SearchValue.Code> found = new LinkedHashSet<>();
    if (include.has("concept")) {
      include.get("concept").forEach(concept -> found.add(new SearchValue.Code(system, concept.path("code").asText())));
      return Future.succeededFuture(found);
    }
    if (!include.has("filter")) return Future.succeededFuture(Set.of(new SearchValue.Code(system, "")));
    return resource("CodeSystem", system, name).map(resource -> {
      Set<String> codes = null;
      for (JsonNode filter : include.get("filter")) {
        Set<String> some = new Concepts(resource).filtered(name, filter);
        if (codes == null) codes = some;
        else codes.retainAll(some);
      }
      codes.forEach(code -> found.add(new SearchValue.Code(system, code)));
      return found;
    });
  }

  /** @param canonical its URL, or with a version behind a bar; of a value set its id in the store too */
  private Future<JsonNode> resource(String type, String canonical, String name) {
    Definition definition = Definition.of(type);
    String id = canonical.startsWith(type + "/") ? canonical.substring(type.length() + 1) : null;
    Param url = definition.params().get("url");
    Criterion named = Criterion.of(url, List.of(Match.uri(url, Set.of(canonical.split("\\|")[0]))));
    Criterion criterion = id != null && Ids.legal(id)
        ? Criterion.sql(bind -> "id = " + bind.apply(id))
        : Criterion.any(named.any(), true,
            values -> named.holds().test(values) && version(canonical, values.resource()));
    SearchPlan plan = new SearchPlan(definition, List.of(criterion), Sort.NONE, 0);
    JsonNode[] found = {null};
    return new Scan(asking, plan, Order.NEWEST, 1_000, Scan.SECONDS, new Scan.Visitor() {
      @Override
      public boolean meant(Row row, Stored stored, Values values) {
        found[0] = values.resource();
        return false;
      }

      @Override
      public void unreadable(Stored stored) {
        // another one may be readable; otherwise it is not found
      }
    }).run(null, 10).map(done -> {
      if (found[0] == null) throw new Failure.Invalid("The " + type + " that " + name + " needs is not in this store");
      return found[0];
    });
  }

  private static boolean version(String canonical, JsonNode resource) {
    int bar = canonical.indexOf('|');
    return bar < 0 || resource.path("version").asText().equals(canonical.substring(bar + 1));
  }
}
