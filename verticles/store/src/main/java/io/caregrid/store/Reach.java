package io.caregrid.store;

import io.caregrid.contract.Failure;

/** How far one search reaches, over its parameters, its chains and the types it is about. One thread. */
final class Reach {
  /** Ways through links: each looks up resources of its own. */
  private static final int MOST_WAYS = 60;
  /** Values, each once for every type. */
  private static final int MOST_VALUES = 30_000;

  private int ways;
  private int values;

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
