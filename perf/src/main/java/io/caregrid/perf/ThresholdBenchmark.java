package io.caregrid.perf;

import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.rules.Made;
import io.caregrid.templates.rules.Threshold;
import io.caregrid.templates.rules.ThresholdState;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What thresholds over one type cost each of its readings: a device at 1 Hz, now and then past some of the limits. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@org.openjdk.jmh.annotations.Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgs = {"-Xmx512m"})
public class ThresholdBenchmark {
  private static final Instant HOUR = Instant.parse("2026-11-20T10:00:00Z");
  private static final int READINGS = 4_096;

  @Param({"1", "10"})
  public int rules;
  private final List<Threshold> thresholds = new ArrayList<>();
  private final List<Measurement> readings = new ArrayList<>();
  private ThresholdState[] states;
  private int next;

  @Setup
  public void fill() {
    for (int rule = 0; rule < rules; rule++)
      thresholds.add(new Threshold(new Made("r" + rule, "Flag", "High", ""), Set.of("heartrate"), "hr", "",
          BigDecimal.valueOf(100 + 4 * rule), null, BigDecimal.valueOf(90), 600_000_000L, Set.of(), Set.of()));
    for (int second = 0; second < READINGS; second++) {
      Instant at = HOUR.plusSeconds(second).plusMillis(120);
      readings.add(new Measurement("heartrate", at, at.plusMillis(80), "monitor-07", "MRN-1007", null, null,
          List.of(new Property("hr", Integer.toString(60 + second * 7 % 80)))));
    }
  }

  @Setup(Level.Iteration)
  public void begin() {
    states = new ThresholdState[rules];
    next = 0;
  }

  @Benchmark
  public int reading() {
    if (next == READINGS) begin();
    Measurement reading = readings.get(next++);
    int found = 0;
    for (int rule = 0; rule < rules; rule++) {
      Threshold threshold = thresholds.get(rule);
      if (!threshold.looksAt(reading)) continue;
      Threshold.Step step = threshold.next(states[rule], "ada", reading, threshold.number(reading));
      states[rule] = step.state();
      found += step.found().size();
    }
    return found;
  }
}
