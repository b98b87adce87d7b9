package io.caregrid.perf.mapping;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.caregrid.perf.Perf;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What {@link MappingBenchmark} measures, for machines on which others work too: CPU of the one thread in place of time, ours and the stock libraries in turn
 * in every round, ratios within a round. Each mapping in a JVM of its own.
 */
@Command(name = "mapping", mixinStandardHelpOptions = true, sortOptions = false, description = "Normalises messages with our device mappings and with stock libraries, in turn, and compares.")
public final class MappingPerf implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final long TURN_NANOS = Duration.ofMillis(150).toNanos();

  @Option(names = "--warm-up", defaultValue = "25", description = "Rounds that are not counted. Default: ${DEFAULT-VALUE}")
  private int warmUp;
  @Option(names = "--rounds", defaultValue = "15", description = "Rounds that are. Default: ${DEFAULT-VALUE}")
  private int rounds;
  @Option(names = "--out", paramLabel = "FILE", description = "Where the JSON goes. Default: perf/results/<date>-mapping.json")
  private Path out;
  @Option(names = "--one", hidden = true, split = ",")
  private List<String> one;

  private interface Turn {
    Object run() throws IOException;
  }

  public static void main(String[] args) {
    System.exit(new CommandLine(new MappingPerf()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (one != null) {
      System.out.println(JSON.writeValueAsString(measured(MappingBenchmark.of(Integer.parseInt(one.get(0)),
          Integer.parseInt(one.get(1)), one.get(2)))));
      return 0;
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("at", Instant.now().toString());
    result.put("machine", Perf.machine());
    result.put("rounds", rounds);
    result.put("rounds of warm-up, not counted", warmUp);
    result.put("CPU of a turn, ms", TURN_NANOS / 1_000_000);
    for (String language : List.of("JsonPath", "JmesPath")) {
      for (int types : new int[] {6, 17}) {
        for (int bytes : new int[] {250, 2_000}) {
          Object row = child(types + "," + bytes + "," + language);
          result.put(language + ", " + types + " types, " + bytes + " bytes", row);
          System.out.println(language + ", " + types + " types, " + bytes + " bytes: " + row);
        }
      }
    }
    Path file = out != null
        ? out
        : Path.of("perf", "results", Instant.now().toString().substring(0, 10) + "-mapping.json");
    Files.createDirectories(file.toAbsolutePath().getParent());
    JSON.writeValue(file.toFile(), result);
    System.out.println("\nkept in " + file);
    return 0;
  }

  /** Types of calls that one mapping makes would otherwise be in the way of the next. */
  private Object child(String which) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
        "-cp", System.getProperty("java.class.path"), MappingPerf.class.getName(), "--one", which, "--warm-up",
        Integer.toString(warmUp), "--rounds", Integer.toString(rounds)).redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    byte[] said = process.getInputStream().readAllBytes();
    if (process.waitFor() != 0) throw new IllegalStateException("the JVM of " + which + " failed");
    return JSON.readValue(said, Map.class);
  }

  private Map<String, Object> measured(MappingBenchmark benchmark) throws IOException {
    Map<String, Object> row = new LinkedHashMap<>();
    row(row, "bytes in", benchmark::caregrid, benchmark::stockLibraries);
    row(row, "evaluation alone", benchmark::caregridEvaluationAlone, benchmark::stockLibrariesEvaluationAlone);
    return row;
  }

  private void row(Map<String, Object> row, String what, Turn ours, Turn stock) throws IOException {
    List<Double> mine = new ArrayList<>();
    List<Double> theirs = new ArrayList<>();
    List<Double> ratio = new ArrayList<>();
    for (int round = 0; round < warmUp + rounds; round++) {
      double one = perCpuSecond(ours);
      double other = perCpuSecond(stock);
      if (round < warmUp) continue;
      mine.add(one);
      theirs.add(other);
      ratio.add(one / other);
    }
    row.put(what + ": ours, messages per CPU-second, quartiles", quartiles(mine, 1));
    row.put(what + ": stock libraries'", quartiles(theirs, 1));
    row.put(what + ": ours / theirs in the same round", quartiles(ratio, 100));
  }

  /** What is thrown away need not be made. */
  private static volatile Object last;

  private static double perCpuSecond(Turn turn) throws IOException {
    long before = THREADS.getCurrentThreadCpuTime();
    long used = 0;
    long messages = 0;
    while (used < TURN_NANOS) {
      for (int i = 0; i < 500; i++) last = turn.run();
      messages += 500;
      used = THREADS.getCurrentThreadCpuTime() - before;
    }
    return messages * 1e9 / used;
  }

  private static List<Double> quartiles(List<Double> values, int precision) {
    List<Double> sorted = values.stream().sorted().toList();
    return Stream.of(0.25, 0.5, 0.75)
        .map(at -> Math.round(sorted.get((int) Math.round(at * (sorted.size() - 1))) * precision) / (double) precision)
        .toList();
  }
}
