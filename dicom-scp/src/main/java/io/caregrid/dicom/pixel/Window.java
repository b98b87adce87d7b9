package io.caregrid.dicom.pixel;

import java.util.Locale;

/**
 * The values that are told apart on the screen (PS3.3 C.11.2.1.2).
 *
 * @param center of the values after the modality LUT, e.g. HU
 * @param width  at least 1 for LINEAR, above 0 for the others
 */
public record Window(double center, double width, Function function) {
  /** VOI LUT Function (0028,1056). */
  public enum Function {
    LINEAR, LINEAR_EXACT, SIGMOID
  }

  public Window {
    if (!Double.isFinite(center) || !Double.isFinite(width))
      throw new IllegalArgumentException("window must be of finite numbers");
    if (function == Function.LINEAR ? width < 1 : width <= 0)
      throw new IllegalArgumentException(
          "window width must be " + (function == Function.LINEAR ? "at least 1" : "above 0"));
  }

  /**
   * PS3.18 8.3.5.1.4: {@code center,width,function}, the function in small letters with a dash.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static Window parse(String text) {
    String[] parts = text.split(",", -1);
    if (parts.length != 2 && parts.length != 3)
      throw new IllegalArgumentException("window is center,width or center,width,function");
    return new Window(decimal(parts[0]), decimal(parts[1]), parts.length == 2 ? Function.LINEAR : function(parts[2]));
  }

  /** LINEAR for what the standard does not name. */
  static Function named(String text) {
    for (Function one : Function.values()) if (one.name().equals(text)) return one;
    return Function.LINEAR;
  }

  /** Where a value comes to lie between black, 0, and white, 1. */
  double shade(double value) {
    return switch (function) {
      case LINEAR -> width == 1 ? value <= center - 0.5 ? 0 : 1 : clamp((value - (center - 0.5)) / (width - 1) + 0.5);
      case LINEAR_EXACT -> clamp((value - center) / width + 0.5);
      case SIGMOID -> 1 / (1 + Math.exp(-4 * (value - center) / width));
    };
  }

  static double clamp(double shade) {
    return Math.max(0, Math.min(1, shade));
  }

  private static Function function(String text) {
    try {
      return Function.valueOf(text.strip().toUpperCase(Locale.ROOT).replace('-', '_'));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("window function is linear, linear-exact or sigmoid");
    }
  }

  private static double decimal(String text) {
    try {
      return Double.parseDouble(text.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("window center and width must be numbers");
    }
  }
}
