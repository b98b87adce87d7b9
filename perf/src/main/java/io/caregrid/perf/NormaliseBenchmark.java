package io.caregrid.perf;

import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.device.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** What one message costs between the two topics, without Kafka: bytes to measurements to bytes. The shipped mapping has five templates. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@org.openjdk.jmh.annotations.Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgs = {"-Xmx512m"})
public class NormaliseBenchmark {
  private static final Instant NOW = Instant.parse("2026-11-20T10:00:00.123Z");
  private final DeviceMapping vitals = DeviceMapping.vitals();
  private final byte[] oneReading = bytes("""
      {"deviceId":"monitor-07","patientId":"MRN-1007","time":"2026-11-20T10:00:00.000Z","heartRate":72}""");
  private final byte[] allReadings = bytes("""
      {"deviceId":"monitor-07","patientId":"MRN-1007","time":"2026-11-20T10:00:00.000Z","heartRate":72,"spo2":98,"respiration":15,\
      "temperature":36.8,"systolic":121,"diastolic":79}""");
  private final Measurement measurement = ((Outcome.Measured) vitals.normalise(oneReading, Map.of(), NOW))
      .measurements()
      .get(0);
  private final byte[] written = MeasurementJson.write(measurement);

  /** 92 bytes, one measurement out of five templates asked. */
  @Benchmark
  public Outcome normaliseOneReading() {
    return vitals.normalise(oneReading, Map.of(), NOW);
  }

  /** 168 bytes, five measurements. */
  @Benchmark
  public Outcome normaliseAllReadings() {
    return vitals.normalise(allReadings, Map.of(), NOW);
  }

  /** The whole way: five measurements, each written. */
  @Benchmark
  public void normaliseAndWriteAllReadings(Blackhole hole) {
    for (Measurement one : ((Outcome.Measured) vitals.normalise(allReadings, Map.of(), NOW)).measurements()) {
      hole.consume(MeasurementJson.write(one));
    }
  }

  @Benchmark
  public byte[] writeMeasurement() {
    return MeasurementJson.write(measurement);
  }

  @Benchmark
  public Measurement readMeasurement() {
    return MeasurementJson.read(written);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
