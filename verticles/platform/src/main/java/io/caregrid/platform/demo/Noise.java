package io.caregrid.platform.demo;

/** Smooth randomness that is the same in every run: a curve through points drawn by hashing seed and place. */
final class Noise {
  private Noise() {}

  /**
   * @param t      where, in seconds
   * @param period seconds between two points of the curve
   * @return -1..1, continuous in t
   */
  static double smooth(long seed, double t, double period) {
    double place = t / period;
    long left = (long) Math.floor(place);
    double share = eased(place - left);
    return at(seed, left) * (1 - share) + at(seed, left + 1) * share;
  }

  /** 0..1, evenly spread. */
  static double chance(long seed, long n) {
    return (at(seed, n) + 1) / 2;
  }

  /** 0 below from, 1 above to, a smooth rise between. */
  static double rise(double x, double from, double to) {
    return eased(Math.max(0, Math.min(1, (x - from) / (to - from))));
  }

  private static double eased(double x) {
    return x * x * (3 - 2 * x);
  }

  /** SplitMix64 of both. */
  private static double at(long seed, long n) {
    long z = seed * 0x9E3779B97F4A7C15L + n * 0xD1B54A32D192ED03L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return (z >>> 11) * 0x1.0p-52 - 1;
  }
}
