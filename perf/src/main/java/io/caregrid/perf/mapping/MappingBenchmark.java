package io.caregrid.perf.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Outcome;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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

/** Messages a second on one core: bytes to measurements, and from the parsed tree on. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@org.openjdk.jmh.annotations.Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgs = {"-Xmx512m"})
public class MappingBenchmark {
  private static final Instant NOW = Instant.parse("2026-11-20T10:00:00.5Z");
  private static final ObjectMapper JSON = new ObjectMapper();
  @Param({"6", "17"})
  private int types;
  @Param({"250", "2000"})
  private int bytes;
  @Param({"JsonPath", "JmesPath"})
  private String language;
  private DeviceMapping ours;
  private Stock stock;
  private byte[] payload;
  private ObjectNode root;

  static MappingBenchmark of(int types, int bytes, String language) throws IOException {
    MappingBenchmark benchmark = new MappingBenchmark();
    benchmark.types = types;
    benchmark.bytes = bytes;
    benchmark.language = language;
    benchmark.prepare();
    return benchmark;
  }

  /** A small message has one reading, a large one of every second type. */
  @Setup
  public void prepare() throws IOException {
    String mapping = Feed.mapping(types, language);
    ours = DeviceMapping.parse(mapping);
    stock = new Stock(mapping);
    payload = Feed.message(bytes, bytes < 1_000 ? 1 : types / 2);
    root = JSON.createObjectNode();
    root.set("Body", JSON.readTree(payload));
    root.putObject("Properties");
    root.putObject("SystemProperties");
    List<Measurement> mine = measured(ours.normalise(payload, Map.of(), NOW));
    requireSame(mine, stock.normalise(payload, NOW));
    requireSame(mine, stock.normalise(root, NOW));
    requireSame(mine, measured(ours.normalise(root, NOW)));
  }

  private static List<Measurement> measured(Outcome outcome) {
    return ((Outcome.Measured) outcome).measurements();
  }

  /** In this order, every member: what is not equal is not compared. */
  private static void requireSame(List<Measurement> mine, List<Measurement> theirs) {
    if (mine.isEmpty() || !mine.equals(theirs))
      throw new IllegalStateException("not the same measurements: " + mine + ", " + theirs);
  }

  @Benchmark
  public Outcome caregrid() {
    return ours.normalise(payload, Map.of(), NOW);
  }

  @Benchmark
  public List<Measurement> stockLibraries() throws IOException {
    return stock.normalise(payload, NOW);
  }

  @Benchmark
  public Outcome caregridEvaluationAlone() {
    return ours.normalise(root, NOW);
  }

  @Benchmark
  public List<Measurement> stockLibrariesEvaluationAlone() {
    return stock.normalise(root, NOW);
  }

  @Benchmark
  public JsonNode parseAlone() throws IOException {
    return JSON.readTree(payload);
  }
}
