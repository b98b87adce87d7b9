package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.caregrid.store.Param.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who knows a parameter as a client writes it, with all that it leads through. Remembers what it was asked: a chain whose links may lead to any type has a
 * million ways through six of them, but no more than a few hundred places.
 */
final class Known {
  static final int DEEPEST = 6;
  static final String HAS = "_has:";

  private final String value;
  /** Type and what is left of the name → it is known. */
  private final Map<String, Boolean> asked = new HashMap<>();

  /** @param value what is asked of it: only of those that shape the answer it matters */
  Known(String value) {
    this.value = value;
  }

  boolean knows(Definition definition, String name) {
    return knows(definition, name, 0);
  }

  /** What is deeper than it may be is refused by another name. */
  private boolean knows(Definition definition, String name, int depth) {
    if (depth > DEEPEST) return true;
    String place = definition.type() + " " + name;
    Boolean before = asked.get(place);
    if (before != null) return before;
    boolean known = looked(definition, name, depth);
    asked.put(place, known);
    return known;
  }

  private boolean looked(Definition definition, String name, int depth) {
    if (name.startsWith(HAS)) {
      String[] parts = name.split(":", 4);
      if (parts.length < 4 || !Definition.types().contains(parts[1])) return false;
      Param link = Definition.of(parts[1]).params().get(parts[2]);
      return link != null && link.kind() == Kind.REFERENCE && knows(Definition.of(parts[1]), parts[3], depth + 1);
    }
    int dot = name.indexOf('.');
    if (dot >= 0) return !targets(definition, name.substring(0, dot), name.substring(dot + 1), depth).isEmpty();
    String base = SearchTerms.base(name);
    if (base.equals("_sort")) return Sort.knows(definition, value);
    if (Include.is(base)) return Include.knows(value);
    return SearchTerms.EVERYWHERE.contains(base) || definition.params().containsKey(base);
  }

  /** The types a chained parameter may lead to that know what comes behind it. */
  List<String> targets(Definition definition, String link, String rest, int depth) {
    Param param = definition.params().get(SearchTerms.base(link));
    if (param == null || param.kind() != Kind.REFERENCE) return List.of();
    String named = link.substring(SearchTerms.base(link).length());
    if (!named.isEmpty() && !Match.mayBe(param, named.substring(1)))
      throw new Failure.Invalid("The modifier " + named + " of " + param.name() + " is no type of resource");
    List<String> may = !named.isEmpty()
        ? List.of(named.substring(1))
        : param.target() != null ? List.of(param.target()) : List.copyOf(param.targets());
    return may.stream()
        .filter(Definition.types()::contains)
        .filter(type -> knows(Definition.of(type), rest, depth + 1))
        .toList();
  }
}
