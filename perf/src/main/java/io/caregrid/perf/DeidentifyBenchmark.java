package io.caregrid.perf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.templates.deidentify.Deidentifier;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.caregrid.templates.deidentify.Deidentifier.Origin;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Resources a second on one core, bytes to bytes, by the Safe Harbor configuration that comes with the house. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgs = {"-Xmx1g"})
public class DeidentifyBenchmark {
  @Param({"Patient", "Observation"})
  public String type;
  private byte[] bytes;
  private Deidentifier deidentifier;

  @Setup
  public void read() {
    bytes = (type.equals("Patient") ? RulesBenchmark.PATIENT : RulesBenchmark.OBSERVATION)
        .getBytes(StandardCharsets.UTF_8);
    deidentifier = Deidentifier.read("safe-harbor", Deidentifier.safeHarbor(), new Keys("shift", "hash", null),
        Clock.systemUTC());
    if (new String(deidentify(), StandardCharsets.UTF_8).contains("Gutierrez115"))
      throw new IllegalStateException("a name is left");
  }

  @Benchmark
  public byte[] deidentify() {
    ObjectNode resource = Trees.own(bytes);
    return Trees.write(deidentifier.apply(resource, Origin.NONE, Duration.ofSeconds(10)).resource());
  }
}
