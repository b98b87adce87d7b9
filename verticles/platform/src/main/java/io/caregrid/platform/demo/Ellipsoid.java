package io.caregrid.platform.demo;

/**
 * A part of a body. Millimetres in the patient's directions (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the head.
 *
 * @param turn  degrees about z, from x towards y
 * @param from  lowest z that is there, whatever the ellipsoid says; {@code to} likewise the highest
 * @param value Hounsfield units
 */
record Ellipsoid(double x, double y, double z, double rx, double ry, double rz, double turn, double from, double to,
    double value) {

  /** Width of an edge in a picture, mm: what a scanner's optics make of a sharp one. */
  private static final double SOFT = 1.3;
  /** Height over which a part's flat end is blurred, mm: a slice is not thin. */
  private static final double SLAB = 5;
  static final double ENDLESS = 1000;

  Ellipsoid(double x, double y, double z, double rx, double ry, double rz, double value) {
    this(x, y, z, rx, ry, rz, 0, -ENDLESS, ENDLESS, value);
  }

  Ellipsoid turned(double degrees) {
    return new Ellipsoid(x, y, z, rx, ry, rz, degrees, from, to, value);
  }

  Ellipsoid within(double lowest, double highest) {
    return new Ellipsoid(x, y, z, rx, ry, rz, turn, lowest, highest, value);
  }

  /** Covers what the slice at this height has shown so far. */
  void paint(Slice slice, double height) {
    double share = share(height);
    double w = (height - z) / rz;
    if (share == 0 || Math.abs(height - z) > rz + SOFT) return;
    double cos = Math.cos(Math.toRadians(turn));
    double sin = Math.sin(Math.toRadians(turn));
    double halfWidth = Math.hypot(rx * cos, ry * sin) + SOFT;
    double halfHeight = Math.hypot(rx * sin, ry * cos) + SOFT;
    double edge = edge();
    int right = slice.last(x + halfWidth);
    for (int row = slice.first(y - halfHeight), bottom = slice.last(y + halfHeight); row <= bottom; row++)
      for (int column = slice.first(x - halfWidth); column <= right; column++) {
        double dx = slice.place(column) - x;
        double dy = slice.place(row) - y;
        double covers = covers((dx * cos + dy * sin) / rx, (dy * cos - dx * sin) / ry, w, edge);
        if (covers > 0) slice.mix(row, column, value, covers * share);
      }
  }

  /** How much of what is around the given height lies between the flat ends. */
  private double share(double height) {
    return clamped((to - height) / SLAB + 0.5) * clamped((height - from) / SLAB + 0.5);
  }

  /** 0 outside, 1 inside, and between them over the edge's width; u, v and w are 1 away where the surface is. */
  private double covers(double u, double v, double w, double edge) {
    double square = u * u + v * v + w * w;
    if (square <= (1 - edge) * (1 - edge)) return 1;
    if (square >= (1 + edge) * (1 + edge)) return 0;
    double distance = Math.sqrt(square);
    double steep = Math.sqrt(u * u / (rx * rx) + v * v / (ry * ry) + w * w / (rz * rz)) / distance;
    return clamped(0.5 - (distance - 1) / steep / SOFT);
  }

  /** As far from the surface, in these terms, nothing of the edge is seen anywhere; 1 for what is all edge. */
  private double edge() {
    return Math.min(1, SOFT / 2 / Math.min(rx, Math.min(ry, rz)));
  }

  private static double clamped(double value) {
    return Math.max(0, Math.min(1, value));
  }
}
