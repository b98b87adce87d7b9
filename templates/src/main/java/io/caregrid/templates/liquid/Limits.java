package io.caregrid.templates.liquid;

import java.time.Duration;

/**
 * What one conversion may cost. A template that goes beyond ends with {@link ErrorCode#TIMEOUT_ERROR} or {@link ErrorCode#TEMPLATE_RENDERING_ERROR}.
 *
 * @param iterations most items one {@code for} takes, 1..10000000 (DotLiquid's setting; FHIR-Converter runs with 100000)
 * @param time       longest a rendering lasts, regular expressions included, up to 10 minutes
 * @param output     most characters rendered, all captures included
 * @param depth      most templates inside each other, 1..1000
 */
public record Limits(int iterations, Duration time, int output, int depth) {

  public static final Limits DEFAULT = new Limits(100_000, Duration.ofSeconds(30), 128 << 20, 100);

  public Limits {
    require(iterations >= 1 && iterations <= 10_000_000, "iterations must be 1..10000000");
    require(!time.isNegative() && !time.isZero() && time.toMinutes() <= 10, "time must be more than 0, at most 10 min");
    require(output >= 1, "output must be at least 1");
    require(depth >= 1 && depth <= 1000, "depth must be 1..1000");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) throw new IllegalArgumentException(otherwise);
  }
}
