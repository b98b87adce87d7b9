package io.caregrid.platform.demo;

import java.util.Arrays;

/** A square of values, the patient's middle in its middle: row 0 is the front, column 0 the patient's right. */
final class Slice {
  final int size;
  final double[] values;
  private final double spacing;

  /**
   * @param size    values along a side
   * @param spacing millimetres from one to the next
   * @param filled  with what
   */
  Slice(int size, double spacing, double filled) {
    this.size = size;
    this.spacing = spacing;
    values = new double[size * size];
    Arrays.fill(values, filled);
  }

  /** Where the middle of a row or column is, mm. */
  double place(int index) {
    return place(index, size, spacing);
  }

  static double place(int index, int size, double spacing) {
    return (index - (size - 1) / 2.0) * spacing;
  }

  /** First row or column whose middle is not before this place. */
  int first(double place) {
    return (int) Math.max(0, Math.ceil(place / spacing + (size - 1) / 2.0));
  }

  /** Last one whose middle is not behind it. */
  int last(double place) {
    return (int) Math.min(size - 1, Math.floor(place / spacing + (size - 1) / 2.0));
  }

  /** @param share of {@code value} in what is there afterwards, 0..1 */
  void mix(int row, int column, double value, double share) {
    int i = row * size + column;
    values[i] += share * (value - values[i]);
  }
}
