package io.caregrid.perf;

import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.GroupKey;
import io.caregrid.templates.observation.Identity;
import io.caregrid.templates.observation.ObservationFold;
import io.caregrid.templates.observation.UnusableEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a batch costs per device and type, without the database: an hourly Observation at 1 Hz (3,600 samples, some 15 kB) is opened, takes 30 samples and
 * is written again.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@org.openjdk.jmh.annotations.Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgs = {"-Xmx512m"})
public class FoldBenchmark {
  private static final Instant HOUR = Instant.parse("2026-11-20T10:00:00Z");
  private static final int NEW_SAMPLES = 30;
  private final FhirMapping vitals = FhirMapping.vitals();
  private final Identity who = new Identity("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "f0e1d2c3b4a5968778695a4b3c2d1e0f",
      null);

  /** Samples that are in the stored Observation already. */
  @Param({"1800", "3570"})
  public int filled;
  private GroupKey key;
  private byte[] stored;
  private List<Measurement> batch;

  @Setup
  public void fill() throws UnusableEvent {
    key = vitals.key(sample(0), who);
    ObservationFold fold = vitals.open(key, null);
    for (int second = 0; second < filled; second++) fold.add(sample(second));
    String json = new String(fold.json(), StandardCharsets.UTF_8);
    stored = json
        .replace("\"identifier\":",
            "\"meta\":{\"versionId\":\"61\",\"lastUpdated\":\"2026-11-20T10:30:00.000Z\"},\"identifier\":")
        .getBytes(StandardCharsets.UTF_8);
    batch = new ArrayList<>();
    for (int i = 0; i < NEW_SAMPLES; i++) batch.add(sample(filled + i));
  }

  @Benchmark
  public byte[] openThirtySamplesWrite() throws UnusableEvent {
    ObservationFold fold = vitals.open(key, stored);
    for (Measurement sample : batch) fold.add(sample);
    return fold.json();
  }

  @Benchmark
  public String keyAndId() throws UnusableEvent {
    return vitals.key(batch.get(0), who).observationId();
  }

  private static Measurement sample(int second) {
    Instant at = HOUR.plusSeconds(second).plusMillis(120);
    return new Measurement("heartrate", at, at.plusMillis(80), "monitor-07", "MRN-1007", null, null,
        List.of(new Property("hr", Integer.toString(60 + second * 7 % 80))));
  }
}
