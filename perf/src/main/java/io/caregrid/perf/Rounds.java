package io.caregrid.perf;

import java.util.Collection;
import java.util.List;

/**
 * What several rounds of one measurement gave, told by their middle and by how far they lie apart. Between two rounds a value lies between them, in proportion: taken for
 * one of them, the median of two would be the better one, and that of any even number one of the upper half.
 */
public final class Rounds {
  private Rounds() {}

  /**
   * The value below which that share of the rounds lies (linear interpolation between the neighbours, as in Hyndman and Fan's definition 7).
   *
   * @param values in any order; those that are not a number are no rounds
   * @param share  from 0, the least, to 1, the greatest
   * @return NaN when there are none
   */
  public static double at(Collection<Double> values, double share) {
    double[] sorted = values.stream()
        .mapToDouble(Double::doubleValue)
        .filter(one -> !Double.isNaN(one))
        .sorted()
        .toArray();
    if (sorted.length == 0) return Double.NaN;
    double place = share * (sorted.length - 1);
    double below = sorted[(int) Math.floor(place)];
    double above = sorted[(int) Math.ceil(place)];
    return below + (above - below) * (place - Math.floor(place));
  }

  public static double middle(Collection<Double> values) {
    return at(values, 0.5);
  }

  /** Lower quartile, middle, upper quartile; empty when there are no rounds. */
  public static List<Double> quartiles(Collection<Double> values) {
    double middle = middle(values);
    return Double.isNaN(middle) ? List.of() : List.of(at(values, 0.25), middle, at(values, 0.75));
  }
}
