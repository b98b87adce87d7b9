package io.caregrid.perf.fhir;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.caregrid.perf.Perf;
import io.caregrid.perf.Usage;
import io.caregrid.perf.dicom.Machine;
import java.io.IOException;
import java.net.URI;
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

/** FHIR's workloads on our door, on HAPI's server and on any other: rounds in random order, all servers within a minute of each other, a table, and JSON. */
@Command(name = "perf/fhir", mixinStandardHelpOptions = true, sortOptions = false, description = "Creates, reads, updates, deletes, searches and imports on our FHIR door and on HAPI's JPA server, in turn, and compares them per CPU-second.")
public final class FhirPerf implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final int PROBES = 25;
  private static final double UNTIMED = 3_600;

  @Option(names = "--servers", split = ",", paramLabel = "SERVER", description = "Some of: caregrid, hapi, or NAME=http://host:port/base of one that runs already (of which only wall time is known). Default: caregrid,hapi")
  private List<String> wanted = List.of("caregrid", "hapi");
  @Option(names = "--only", split = ",", paramLabel = "WORKLOAD", description = "Some of: create-patient, create-observation, read, update, delete, crud, search-code, search-sort, search-sort-all, search-has, search-identifier, search-name, import. Default: all.")
  private List<String> only = List.of();
  @Option(names = "--observations", defaultValue = "20000", description = "What each server holds beforehand, a hundred for each Patient. Default: ${DEFAULT-VALUE}")
  private int observations;
  @Option(names = "--fill-minutes", defaultValue = "30", description = "Longest time for that, each server; then it has less, and the result says so. Default: ${DEFAULT-VALUE}")
  private int fillMinutes;
  @Option(names = "--synthea", paramLabel = "FOLDER", description = "Bundles of Synthea, as *.json; without it nothing is imported.")
  private Path synthea;
  @Option(names = "--largest", defaultValue = "20", description = "Largest of those bundles, in megabytes: larger ones are left out. Default: ${DEFAULT-VALUE}")
  private int largest;
  @Option(names = "--connections", defaultValue = "16,1", split = ",", description = "Clients at a time, each waiting for its answer: a table for each. Default: ${DEFAULT-VALUE}")
  private List<Integer> connections;
  @Option(names = "--rounds", defaultValue = "5", description = "Each workload on each server once a round. Default: ${DEFAULT-VALUE}")
  private int rounds;
  @Option(names = "--seconds", defaultValue = "8", description = "Length of a turn. Default: ${DEFAULT-VALUE}")
  private double seconds;
  @Option(names = "--warm-up", defaultValue = "15", description = "Seconds of each workload on each server before the first round. Default: ${DEFAULT-VALUE}")
  private double warmUp;
  @Option(names = "--deletes", defaultValue = "2000", description = "Observations that a turn of deletes deletes. Default: ${DEFAULT-VALUE}")
  private int deletes;
  @Option(names = "--settle", defaultValue = "0", description = "Seconds to wait after filling, for PostgreSQL's autovacuum. Default: ${DEFAULT-VALUE}")
  private int settle;
  @Option(names = "--gate", defaultValue = "10", description = "A turn begins when others take less than this percentage of the CPU. Default: ${DEFAULT-VALUE}")
  private double gate;
  @Option(names = "--patience", defaultValue = "20", description = "Longest wait for that, in seconds; then it begins anyway. Default: ${DEFAULT-VALUE}")
  private int patience;
  @Option(names = "--heap", defaultValue = "2g", description = "Heap of each server's JVM. Default: ${DEFAULT-VALUE}")
  private String heap;
  @Option(names = "--shared-buffers", defaultValue = "256MB", description = "shared_buffers of each server's PostgreSQL. Default: ${DEFAULT-VALUE}, as node --dev")
  private String sharedBuffers;
  @Option(names = "--jvm", split = " ", description = "More flags for each server's JVM.")
  private List<String> jvmFlags = List.of();
  @Option(names = "--hapi", paramLabel = "FOLDER", description = "Where perf/hapi was built. Default: perf/hapi/target")
  private Path hapi = Path.of("perf", "hapi", "target");
  @Option(names = "--seed", description = "Of the order and of what is asked for. Default: the time.")
  private long seed = System.currentTimeMillis();
  @Option(names = "--folder", paramLabel = "FOLDER", description = "Where the databases are: a real disk. Default: perf/target/fhir")
  private Path folder = Path.of("perf", "target", "fhir");
  @Option(names = "--out", paramLabel = "FILE", description = "Where the JSON goes. Default: perf/results/<date>-fhir.json")
  private Path out;

  private final List<Server> servers = new ArrayList<>();
  private final List<Ward> wards = new ArrayList<>();
  private final Map<String, Object> result = new LinkedHashMap<>();
  private final List<Load.Result> turns = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();

  public static void main(String[] args) {
    System.exit(new CommandLine(new FhirPerf()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (observations < 1_000) throw new IllegalArgumentException("--observations must be at least 1000");
    result.put("at", Instant.now().toString());
    result.put("machine", Perf.machine());
    result.put("settings", settings());
    Path run = Files.createDirectories(folder.resolve("run-" + ProcessHandle.current().pid())).toAbsolutePath();
    try {
      for (String one : wanted) servers.add(start(one, run));
      measure();
    } finally {
      for (Server server : servers) server.close();
      Perf.remove(run);
    }
    Path file = out != null
        ? out
        : Path.of("perf", "results", Instant.now().toString().substring(0, 10) + "-fhir.json");
    Files.createDirectories(file.toAbsolutePath().getParent());
    JSON.writeValue(file.toFile(), result);
    System.out.println("\nkept in " + file);
    return failures.isEmpty() ? 0 : 1;
  }

  private Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("servers", wanted);
    settings.put("observations", observations);
    settings.put("rounds", rounds);
    settings.put("seconds of a turn", seconds);
    settings.put("seconds of warm-up", warmUp);
    settings.put("connections", connections);
    settings.put("heap", heap);
    settings.put("shared_buffers", sharedBuffers);
    settings.put("flags", jvmFlags);
    settings.put("seed", seed);
    return settings;
  }

  private Server start(String which, Path run) throws IOException {
    say("starting " + which);
    int named = which.indexOf('=');
    if (named > 0) return new Server.Remote(which.substring(0, named), URI.create(which.substring(named + 1)));
    Map<String, String> postgres = Map.of("shared_buffers", sharedBuffers);
    return switch (which) {
      case "caregrid" -> Child.caregrid(run, postgres, heap, jvmFlags);
      case "hapi" -> Child.hapi(run, postgres, heap, jvmFlags, hapi);
      default -> throw new IllegalArgumentException("no server " + which + ": caregrid, hapi or NAME=URL");
    };
  }

  private void measure() throws IOException, InterruptedException {
    for (Server server : servers) fill(server);
    SyntheaImport bundles = synthea == null ? null : SyntheaImport.of(synthea, 4, largest * 1_000_000L);
    if (bundles != null) for (int i = 0; i < servers.size(); i++) firstImport(servers.get(i), wards.get(i), bundles);
    if (settle > 0) Thread.sleep(settle * 1_000L);
    List<Query> queries = Query.all(wards.stream().mapToInt(ward -> ward.patients().size()).min().orElse(1));
    compare(queries);
    List<Workload> workloads = new ArrayList<>(Crud.all(deletes));
    workloads.addAll(queries);
    if (bundles != null) workloads.add(bundles);
    workloads.removeIf(one -> !only.isEmpty() && !only.contains(one.name()));
    if (workloads.isEmpty()) throw new IllegalArgumentException("--only names no workload");
    // whoever writes faster would later be asked among more: all that is asked is asked first, of what all servers hold
    rounds("asking", workloads.stream().filter(one -> !one.writes()).toList());
    rounds("writing", workloads.stream().filter(Workload::writes).toList());
    report(workloads);
  }

  /** Filling is a measurement, too: transactions of 500, on four connections. */
  private void fill(Server server) throws IOException, InterruptedException {
    Usage before = server.usage();
    long began = System.nanoTime();
    Ward ward = new Fill(server, 4).ward(observations, fillMinutes * 60);
    server.settle();
    double took = (System.nanoTime() - began) / 1e9;
    wards.add(ward);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("patients", ward.patients().size());
    row.put("observations", ward.filled());
    row.put("complete", ward.filled() == observations);
    row.put("resources a second", ward.filled() / took);
    if (before != null) {
      Usage used = server.usage().since(before);
      row.put("resources a CPU second", ward.filled() / (used.node() + used.database()));
    }
    if (server.bytes().isPresent()) row.put("database bytes", server.bytes().getAsLong());
    result.put("fill " + server.name(), row);
    say("filled " + server.name() + " " + row);
  }

  /** The first time through is cold, and tells what a resource takes on disk. */
  private void firstImport(Server server, Ward ward, SyntheaImport bundles) throws IOException, InterruptedException {
    bundles.places(server);
    server.settle();
    long before = server.bytes().orElse(0);
    Load.Result first = Load.run(0, server, ward, bundles, bundles.connections(1), UNTIMED, seed);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("bundles", bundles.bundles());
    row.put("resources", bundles.entries());
    row.put("resources a second", first.perSecond());
    row.put("resources a CPU second", first.perCpuSecond());
    if (server.bytes().isPresent())
      row.put("database bytes a resource", (server.bytes().getAsLong() - before) / (double) bundles.entries());
    result.put("first import " + server.name(), row);
    say("imported into " + server.name() + " " + row);
  }

  private void compare(List<Query> queries) throws IOException {
    if (wards.stream().mapToInt(Ward::filled).distinct().count() > 1) {
      result.put("answers compared", "no: the servers hold different numbers of Observations");
      say("answers are not compared: the servers hold different numbers of Observations");
      return;
    }
    if (servers.size() < 2) return;
    List<String> differences = new ArrayList<>();
    for (Query query : queries) differences.addAll(query.differences(servers, wards, PROBES));
    result.put("answers compared", differences.isEmpty() ? "all alike" : differences);
    differences.forEach(one -> failures.add("answers differ: " + one));
    differences.forEach(FhirPerf::say);
  }

  private void rounds(String kind, List<Workload> workloads) throws InterruptedException {
    if (workloads.isEmpty()) return;
    say("warming up, " + kind);
    for (Workload workload : workloads)
      for (int i = 0; i < servers.size() && warmUp > 0; i++) turn(0, i, workload, connections.get(0), warmUp, seed);
    Random order = new Random(seed);
    for (int round = 1; round <= rounds; round++) {
      List<Workload> mixed = new ArrayList<>(workloads);
      Collections.shuffle(mixed, order);
      for (Workload workload : mixed)
        for (int many : connections.stream().map(workload::connections).distinct().toList()) {
          List<Integer> turn = new ArrayList<>();
          for (int i = 0; i < servers.size(); i++) turn.add(i);
          Collections.shuffle(turn, order);
          long asked = order.nextLong();
          for (int i : turn) {
            Machine.quiet(() -> 0, gate, patience);
            turn(round, i, workload, many, seconds, asked);
          }
        }
      say(kind + ", round " + round + " of " + rounds);
    }
  }

  /** A turn that fails is told, and leaves no number. */
  private void turn(int round, int server, Workload workload, int many, double length, long asked)
      throws InterruptedException {
    try {
      double time = workload.timed() ? length : UNTIMED;
      Load.Result done = Load.run(round, servers.get(server), wards.get(server), workload, workload.connections(many),
          time, asked);
      if (round > 0) turns.add(done);
    } catch (IOException failed) {
      failures.add(workload.name() + ", round " + round + ": " + failed.getMessage());
      say("failed: " + failures.get(failures.size() - 1));
    }
  }

  private void report(List<Workload> workloads) {
    Table table = new Table(turns, servers.stream().map(Server::name).toList());
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int many : turns.stream().map(Load.Result::connections).distinct().sorted().toList())
      rows.addAll(table.print(System.out, workloads, many));
    result.put("rows", rows);
    result.put("failures", failures);
    failures.forEach(one -> System.out.println("FAILED " + one));
  }

  private static void say(String what) {
    System.err.println(Instant.now().toString().substring(11, 19) + " " + what);
  }
}
