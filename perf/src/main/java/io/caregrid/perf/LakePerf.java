package io.caregrid.perf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** From the change feed to the lake, and SQL on it: how many resources a second, how late, how fast a query, how large. */
@Command(name = "analytics", mixinStandardHelpOptions = true, sortOptions = false, description = "Puts a node (embedded PostgreSQL included) with role analytics under load on this machine, and compares its lake with DuckDB on the same resources as NDJSON.")
public final class LakePerf implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Option(names = "--devices", defaultValue = "16700", description = "Devices, each with a Patient and one Observation. Default: ${DEFAULT-VALUE}")
  private int devices;
  @Option(names = "--samples", defaultValue = "60", description = "Samples in each Observation, at most 3599. Default: ${DEFAULT-VALUE}")
  private int samples;
  @Option(names = "--writes", defaultValue = "1000", description = "Resources written a second for the freshness row. Default: ${DEFAULT-VALUE}")
  private int writes;
  @Option(names = "--seconds", defaultValue = "60", description = "Length of the freshness row. Default: ${DEFAULT-VALUE}")
  private int seconds;
  @Option(names = "--runs", defaultValue = "20", description = "Of each query, on the lake and on NDJSON in turn. Default: ${DEFAULT-VALUE}")
  private int runs;
  @Option(names = "--heap", defaultValue = "1g", description = "Heap of the node's JVM. Default: ${DEFAULT-VALUE}")
  private String heap;
  @Option(names = "--out", paramLabel = "FILE", description = "Where the JSON goes. Default: perf/results/<date>-analytics.json")
  private Path out;

  public static void main(String[] args) {
    System.exit(new CommandLine(new LakePerf()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("at", Instant.now().toString());
    result.put("machine", Perf.machine());
    result.put("heap", heap);
    Path folder = Files.createTempDirectory("caregrid-perf");
    try (
        Node node = Node.start(folder, Duration.ofSeconds(30), 12, heap, List.of(),
            Set.of("api", "device", "analytics"));
        LakeScene scene = new LakeScene(node, folder, devices, samples)) {
      result.put("follow", shown("from the change feed to the lake", scene.follow()));
      result.put("queries", shown("queries", scene.queries(runs)));
      result.put("size", shown("size", scene.size()));
      result.put("freshness", shown("freshness", scene.freshness(writes, seconds)));
    } finally {
      Perf.remove(folder);
    }
    Path file = out != null
        ? out
        : Path.of("perf", "results", Instant.now().toString().substring(0, 10) + "-analytics.json");
    Files.createDirectories(file.toAbsolutePath().getParent());
    JSON.writeValue(file.toFile(), result);
    System.out.println("\nkept in " + file);
    return 0;
  }

  private static Map<String, Object> shown(String title, Map<String, Object> row) {
    System.out.println("== " + title);
    row.forEach((name, value) -> System.out.printf("  %-48s %s%n", name, value));
    return row;
  }
}
