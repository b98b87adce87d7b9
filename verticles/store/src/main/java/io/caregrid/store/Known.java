package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.caregrid.store.Param.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who knows one parameter as a client writes it, with all that it leads through. Remembers what it was asked: a chain whose links may lead to any type has a
 * million ways through six of them, but no more than a few hundred places.
 */
final class Known {
  /**
   * Links of one parameter. Each is a statement or two, one after the other, within the time of the whole search ({@link Asking}), and where nobody names its
   * type as many as there are ways ({@link Reach}): this bounds what is thought before the first of them, and how deep one is written within the other.
   */
  static final int DEEPEST = 32;
  static final String HAS = "_has:";

  private final String value;
  private final Map<Place, Boolean> asked = new HashMap<>();

  /** @param left characters of the name */
  private record Place(String type, int left) {}

  /** @param value what is asked of it: only of those that shape the answer it matters */
  Known(String value) {
    this.value = value;
  }

  boolean knows(Definition definition, String name) {
    Place place = new Place(definition.type(), name.length());
    Boolean before = asked.get(place);
    if (before != null) return before;
    boolean known = looked(definition, name);
    asked.put(place, known);
    return known;
  }

  private boolean looked(Definition definition, String name) {
    if (name.startsWith(HAS)) {
      String[] parts = name.split(":", 4);
      if (parts.length < 4 || !Definition.types().contains(parts[1])) return false;
      Param link = Definition.of(parts[1]).params().get(parts[2]);
      return link != null && link.kind() == Kind.REFERENCE && knows(Definition.of(parts[1]), parts[3]);
    }
    int dot = name.indexOf('.');
    if (dot >= 0) return !targets(definition, name.substring(0, dot), name.substring(dot + 1)).isEmpty();
    String base = SearchTerms.base(name);
    if (base.equals("_sort")) return Sort.knows(definition, value);
    if (Include.is(base)) return Include.knows(value);
    return SearchTerms.EVERYWHERE.contains(base) || definition.params().containsKey(base);
  }

  /** The types a chained parameter may lead to that know what comes behind it. */
  List<String> targets(Definition definition, String link, String rest) {
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
        .filter(type -> knows(Definition.of(type), rest))
        .toList();
  }
}
