package io.caregrid.perf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What the audit trail costs a read: the same reads of the same store through doors without one, with one that is written, and with one that is forced to disk. */
@Command(name = "audit", mixinStandardHelpOptions = true, sortOptions = false, description = "Reads Observations over HTTP from a node's FHIR door with and without an audit trail, in turn, and compares.")
public final class AuditPerf implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Option(names = "--rounds", defaultValue = "20", description = "Each door once a round, in random order. Default: ${DEFAULT-VALUE}")
  private int rounds;
  @Option(names = "--seconds", defaultValue = "4", description = "Length of one turn. Default: ${DEFAULT-VALUE}")
  private int seconds;
  @Option(names = "--warmup", defaultValue = "20", description = "Seconds of each door before the first round. Default: ${DEFAULT-VALUE}")
  private int warmup;
  @Option(names = "--connections", defaultValue = "1,16", split = ",", description = "Readers at a time, each waiting for its answer. Default: ${DEFAULT-VALUE}")
  private List<Integer> connections;
  @Option(names = "--out", paramLabel = "FILE", description = "Where the JSON goes. Default: perf/results/<date>-audit.json")
  private Path out;

  public static void main(String[] args) {
    System.exit(new CommandLine(new AuditPerf()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("at", Instant.now().toString());
    result.put("machine", Perf.machine());
    Path folder = Files.createTempDirectory("caregrid-perf");
    try (AuditedDoors doors = AuditedDoors.start(folder)) {
      for (String door : AuditedDoors.NAMES)
        new ReadLoad(doors, door, connections.get(connections.size() - 1)).run(warmup);
      for (int many : connections) result.put(many + " connections", rows(doors, many));
    } finally {
      Perf.remove(folder);
    }
    Path file = out != null
        ? out
        : Path.of("perf", "results", Instant.now().toString().substring(0, 10) + "-audit.json");
    Files.createDirectories(file.toAbsolutePath().getParent());
    JSON.writeValue(file.toFile(), result);
    System.out.println("\nkept in " + file);
    return 0;
  }

  private Map<String, Object> rows(AuditedDoors doors, int many) throws IOException, InterruptedException {
    Map<String, List<ReadLoad.Turn>> turns = new LinkedHashMap<>();
    AuditedDoors.NAMES.forEach(name -> turns.put(name, new ArrayList<>()));
    List<Double> load = new ArrayList<>();
    Random random = new Random();
    for (int round = 0; round < rounds; round++) {
      List<String> order = new ArrayList<>(AuditedDoors.NAMES);
      Collections.shuffle(order, random);
      for (String door : order) turns.get(door).add(new ReadLoad(doors, door, many).run(seconds));
      load.add(ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }
    Map<String, Object> rows = new LinkedHashMap<>();
    System.out.printf("== %d connections, load average of the machine %.1f to %.1f%n", many, Collections.min(load),
        Collections.max(load));
    rows.put("load average", List.of(Collections.min(load), Collections.max(load)));
    turns.forEach((door, all) -> rows.put(door, row(door, all, turns.get(AuditedDoors.NAMES.get(0)))));
    return rows;
  }

  /** Each turn is compared with that without a trail in the same round; the quartiles tell how far rounds lie apart. */
  private static Map<String, Object> row(String door, List<ReadLoad.Turn> turns, List<ReadLoad.Turn> without) {
    List<Double> perSecond = turns.stream().map(ReadLoad.Turn::perSecond).toList();
    List<Double> cpu = turns.stream().map(ReadLoad.Turn::cpuMicros).toList();
    List<Double> p50 = turns.stream().map(ReadLoad.Turn::p50Micros).toList();
    List<Double> p99 = turns.stream().map(ReadLoad.Turn::p99Micros).toList();
    List<Double> slower = new ArrayList<>();
    List<Double> dearer = new ArrayList<>();
    for (int i = 0; i < turns.size(); i++) {
      slower.add(100 * (turns.get(i).p50Micros() / without.get(i).p50Micros() - 1));
      dearer.add(100 * (turns.get(i).cpuMicros() / without.get(i).cpuMicros() - 1));
    }
    System.out.printf(
        "  %-8s %8.0f reads/s  p50 %6.0f µs (%+.1f %%, quartiles %+.1f to %+.1f)  p99 %6.0f µs  CPU %5.0f µs a read (%+.1f %%, quartiles %+.1f to %+.1f)%n",
        door, Rounds.middle(perSecond), Rounds.middle(p50), Rounds.middle(slower), Rounds.at(slower, 0.25),
        Rounds.at(slower, 0.75), Rounds.middle(p99),
        Rounds.middle(cpu),
        Rounds.middle(dearer), Rounds.at(dearer, 0.25), Rounds.at(dearer, 0.75));
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("reads a second, median", Rounds.middle(perSecond));
    row.put("p50 µs, median of turns", Rounds.middle(p50));
    row.put("p99 µs, median of turns", Rounds.middle(p99));
    row.put("CPU µs a read, node and PostgreSQL, median", Rounds.middle(cpu));
    row.put("p50 against none in the same round, %, quartiles",
        Rounds.quartiles(slower));
    row.put("CPU against none in the same round, %, quartiles",
        Rounds.quartiles(dearer));
    row.put("rounds", turns.size());
    return row;
  }
}
