package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.caregrid.store.SearchQuery.Param;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How far one search reaches, over its parameters, its chains and the types it is about. What its links cost is bounded by their number in all
 * ({@link #MOST_WAYS}), before anything is looked up by the number that is written. One thread.
 */
final class Reach {
  /** Ways through links: each looks up resources of its own. */
  private static final int MOST_WAYS = 60;
  /** Values, each once for every type. */
  private static final int MOST_VALUES = 30_000;

  /** Characters of one name. */
  private static final int LONGEST = 4_000;

  private final Map<Param, Known> known = new HashMap<>();
  private int ways;
  private int values;

  /** Whether the parameter is known, of whichever type: what it leads to is looked at once for all of them. */
  Known known(Param param) {
    return known.computeIfAbsent(param, first -> new Known(first.value()));
  }

  /** Before any of them is looked at: each link is a way at least. Invalid 400, TooCostly 422 */
  void requireLinks(List<Param> params) {
    int all = 0;
    for (Param param : params) {
      int links = links(param.name());
      if (links > Known.DEEPEST || links > 0 && param.name().length() > LONGEST)
        throw new Failure.Invalid(
            "A parameter leads through at most " + Known.DEEPEST + " links, and says so in at most "
                + LONGEST + " characters");
      all += links;
    }
    if (all > MOST_WAYS)
      throw new Failure.TooCostly("A search leads through at most " + MOST_WAYS + " links in all: ask less at once");
  }

  /** A dot behind each link of a chain, and {@code _has:} before each that is followed backwards (FHIR R4 search.html#chaining, #has). */
  private static int links(String name) {
    int links = (int) name.chars().filter(c -> c == '.').count();
    for (int at = name.indexOf(Known.HAS); at >= 0; at = name.indexOf(Known.HAS, at + 1)) links++;
    return links;
  }

  /** TooCostly 422 */
  void way(String name) {
    if (++ways > MOST_WAYS)
      throw new Failure.TooCostly(name + " may lead through more than " + MOST_WAYS
          + " ways with all that is asked for: ask less at once, and name the type that each link leads to, as in subject:Patient.name");
  }

  /** TooCostly 422 */
  void values(int more) {
    values += more;
    if (values > MOST_VALUES)
      throw new Failure.TooCostly("A search has at most " + MOST_VALUES
          + " values in all, and one over several types as many times more as there are types: ask for fewer at once, or of one type");
  }
}
