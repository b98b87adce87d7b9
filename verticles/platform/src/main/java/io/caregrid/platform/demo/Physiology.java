package io.caregrid.platform.demo;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;

/**
 * What the body in a bed does at a moment: a pure function, so that the past can be loaded and the present streamed from the same curve.
 *
 * <p>A resting baseline per person, the day's rhythm (lowest at four in the morning), a shared restlessness that moves heart rate, breathing and pressure
 * together, small noise of its own for each, and on top the bed's story. Plausible to a nurse's eye; a model of nothing.
 */
final class Physiology {
  /** The story of the operated patient begins again every hour. */
  private static final Duration CYCLE = Duration.ofMinutes(60);
  private static final double NIGHT_EPISODE = 420;
  private static final double DAY_EPISODE = 1500;

  private final ZoneId zone;
  private final Instant storyStart;

  /**
   * @param zone       whose night it is
   * @param storyStart when the first story may begin; before it, all are as well as they get
   */
  Physiology(ZoneId zone, Instant storyStart) {
    this.zone = zone;
    this.storyStart = storyStart;
  }

  /**
   * @param heartRate   beats a minute
   * @param respiration breaths a minute
   * @param spo2        percent
   * @param temperature °C
   * @param systolic    mmHg, likewise diastolic
   */
  record State(double heartRate, double respiration, double spo2, double temperature, double systolic,
      double diastolic) {}

  State at(Bed bed, Instant time) {
    State healthy = steady(bed, time);
    return switch (bed.story()) {
      case STEADY -> healthy;
      case SEPSIS -> septic(healthy, severity(time));
      case COPD -> breathless(healthy, dip(bed, time));
    };
  }

  private State steady(Bed bed, Instant time) {
    double t = time.toEpochMilli() / 1000.0;
    long seed = bed.number() * 1000L;
    double day = Math.cos((hour(time) - 16) / 24 * 2 * Math.PI);
    double restless = Noise.smooth(seed + 1, t, 240);
    double heart = 62 + 24 * Noise.chance(seed, 2) + 5 * day + 4 * restless + 2 * Noise.smooth(seed + 3, t, 20)
        + Noise.smooth(seed + 4, t, 4);
    double breath = 13 + 4 * Noise.chance(seed, 5) + 0.5 * day + 1.2 * restless + Noise.smooth(seed + 6, t, 45);
    double oxygen = 96.6 + 1.6 * Noise.chance(seed, 7) - 0.5 * restless + 0.7 * Noise.smooth(seed + 8, t, 60);
    double heat = 36.5 + 0.5 * Noise.chance(seed, 9) + 0.25 * day + 0.06 * Noise.smooth(seed + 10, t, 900);
    double systolic = 112 + 24 * Noise.chance(seed, 11) + 4 * day + 6 * restless + 4 * Noise.smooth(seed + 12, t, 300);
    double diastolic = systolic * 0.6 + 4 + 2 * Noise.smooth(seed + 13, t, 300);
    return new State(heart, breath, Math.min(100, oxygen), heat, systolic, diastolic);
  }

  private static State septic(State well, double severity) {
    return new State(well.heartRate + 46 * severity, well.respiration + 13 * severity, well.spo2 - 5 * severity,
        well.temperature + 2.3 * severity, well.systolic - 40 * severity, well.diastolic - 24 * severity);
  }

  /** 0..1: two quiet minutes, ten minutes of getting worse, a while at the worst, then antibiotics and fluids help. */
  private double severity(Instant time) {
    double seconds = Duration.between(storyStart, time).toMillis() / 1000.0;
    if (seconds < 0) return 0;
    double minute = seconds % CYCLE.toSeconds() / 60;
    return Noise.rise(minute, 2, 12) - Noise.rise(minute, 25, 50);
  }

  private static State breathless(State well, double dip) {
    return new State(well.heartRate + 10 + 9 * dip, well.respiration + 5 + 4 * dip, well.spo2 - 6 - 8 * dip,
        well.temperature,
        well.systolic + 8, well.diastolic + 4);
  }

  /** 0..1: how deep in a dip of saturation; often and deep at night, seldom and shallow by day. */
  private double dip(Bed bed, Instant time) {
    double hour = hour(time);
    boolean night = hour >= 22 || hour < 6;
    double period = night ? NIGHT_EPISODE : DAY_EPISODE;
    double t = time.toEpochMilli() / 1000.0;
    long episode = (long) Math.floor(t / period);
    double into = t - episode * period;
    double begins = 60 + (period - 240) * Noise.chance(bed.number() * 1000L + 20, episode);
    double depth = (night ? 0.6 : 0.25) + 0.4 * Noise.chance(bed.number() * 1000L + 21, episode);
    return depth * (Noise.rise(into, begins, begins + 40) - Noise.rise(into, begins + 70, begins + 130));
  }

  private double hour(Instant time) {
    return time.atZone(zone).toLocalTime().toSecondOfDay() / 3600.0;
  }
}
