package io.caregrid.perf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.templates.deidentify.Deidentifier;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.caregrid.templates.deidentify.Deidentifier.Origin;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

/**
 * Resources a second on one core, bytes to bytes, by the Safe Harbor configuration that comes with the house. Under JMH by the clock; as a program
 * ({@link #main}) by the CPU time of its thread, which others on the machine take nothing from.
 */
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

  private static final int ROUNDS = 7;
  private static final long WARM_UP_NANOS = 6_000_000_000L;
  private static final long ROUND_NANOS = 1_000_000_000L;

  /** Prints JSON: resources per second of the thread's CPU, quartiles of seven rounds of a second. */
  public static void main(String[] args) throws IOException {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("at", Instant.now().toString());
    result.put("machine", Perf.machine());
    result.put("load average of a minute, before", load());
    for (String type : List.of("Patient", "Observation")) {
      DeidentifyBenchmark benchmark = new DeidentifyBenchmark();
      benchmark.type = type;
      benchmark.read();
      benchmark.perCpuSecond(WARM_UP_NANOS);
      long[] rounds = new long[ROUNDS];
      for (int n = 0; n < ROUNDS; n++) rounds[n] = Math.round(benchmark.perCpuSecond(ROUND_NANOS));
      Arrays.sort(rounds);
      result.put(type + ", " + benchmark.bytes.length + " bytes, a second of CPU, quartiles",
          List.of(rounds[1], rounds[3], rounds[5]));
    }
    result.put("load average of a minute, after", load());
    System.out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(result));
  }

  private static double load() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }

  private double perCpuSecond(long nanos) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long from = threads.getCurrentThreadCpuTime();
    long until = from;
    long done = 0;
    while (until - from < nanos) {
      for (int n = 0; n < 50; n++) if (deidentify().length > 0) done++;
      until = threads.getCurrentThreadCpuTime();
    }
    return done * 1e9 / (until - from);
  }
}
