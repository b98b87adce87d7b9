package io.caregrid.perf.dicom;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.caregrid.perf.dicom.Phantom.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** C-STORE against our node, Orthanc and storescp: rounds of all loads in random order, a table, and everything measured as JSON. */
@Command(name = "perf/dicom", mixinStandardHelpOptions = true, sortOptions = false, description = "Sends pictures by C-STORE to our node, Orthanc and DCMTK's storescp, in the same run and in random order, and checks what they kept.")
public final class DicomPerf implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Option(names = "--only", split = ",", paramLabel = "SERVER", description = "Some of: caregrid, orthanc, orthanc-postgresql, storescp. Default: all.")
  private List<String> only = List.of("caregrid", "orthanc", "orthanc-postgresql", "storescp");
  @Option(names = "--kinds", split = ",", paramLabel = "KIND", description = "Some of: large (525 kB), small (52 kB). Default: both.")
  private List<String> kinds = List.of("large", "small");
  @Option(names = "--associations", split = ",", paramLabel = "N", description = "Default: 1,4,16")
  private List<Integer> associations = List.of(1, 4, 16);
  @Option(names = "--images", defaultValue = "3000", description = "Pictures of a load. Default: ${DEFAULT-VALUE}")
  private int images;
  @Option(names = "--rounds", defaultValue = "4", description = "How often everything is done. Default: ${DEFAULT-VALUE}")
  private int rounds;
  @Option(names = "--warm-up", defaultValue = "36000", description = "Small pictures, and a sixth as many large ones, that each server gets first in a round. Default: ${DEFAULT-VALUE}")
  private int warmUp;
  @Option(names = "--warm-up-seconds", defaultValue = "30", description = "Longest warm-up with small pictures, and again with large ones. Default: ${DEFAULT-VALUE}")
  private int warmUpSeconds;
  @Option(names = "--sample", defaultValue = "50", description = "Pictures read back from each server after a load and compared byte for byte. Default: ${DEFAULT-VALUE}")
  private int sample;
  @Option(names = "--gate", defaultValue = "10", description = "A load begins when others take less than this percentage of the CPU. Default: ${DEFAULT-VALUE}")
  private double gate;
  @Option(names = "--patience", defaultValue = "60", description = "Longest wait for that, in seconds; then it begins anyway, and says so. Default: ${DEFAULT-VALUE}")
  private int patience;
  @Option(names = "--heap", defaultValue = "1g", description = "Heap of our node's JVM. Default: ${DEFAULT-VALUE}")
  private String heap;
  @Option(names = "--jvm", split = " ", description = "More flags for our node's JVM.")
  private List<String> jvmFlags = List.of();
  @Option(names = "--seed", description = "Of the order. Default: the time.")
  private long seed = System.currentTimeMillis();
  @Option(names = "--folder", paramLabel = "FOLDER", description = "Where the servers keep their pictures: a real disk. Default: perf/target/dicom")
  private Path folder = Path.of("perf", "target", "dicom");
  @Option(names = "--out", paramLabel = "FILE", description = "Where the JSON goes. Default: perf/results/<date>-dicom.json")
  private Path out;

  private final List<Row> rows = new ArrayList<>();
  private int run;

  /**
   * One load on one server.
   *
   * @param cpu     milliseconds of the server's CPU for one picture
   * @param foreign percent of the machine that others took meanwhile
   * @param gated   it began when the machine was quiet
   */
  record Row(int round, String server, String kind, int associations, int images, double seconds,
      double imagesPerSecond,
      double megabytesPerSecond, double p50, double p99, double max, double cpu, double foreign, boolean gated,
      String checked) {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new DicomPerf()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Random order = new Random(seed);
    System.out.println("order by seed " + seed);
    for (int round = 1; round <= rounds; round++) round(round, order);
    System.out.println();
    Summary summary = Summary.of(rows);
    System.out.print(summary.table());
    Path file = out != null
        ? out
        : Path.of("perf", "results", Instant.now().toString().substring(0, 10) + "-dicom.json");
    keep(file, summary);
    System.out.println("\nkept in " + file);
    return 0;
  }

  private void keep(Path file, Summary summary) throws IOException {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("at", Instant.now().toString());
    result.put("machine", io.caregrid.perf.Perf.machine());
    result.put("seed", seed);
    result.put("gate, percent of the CPU", gate);
    result.put("medians", summary.cells());
    result.put("runs", rows);
    Files.createDirectories(file.toAbsolutePath().getParent());
    JSON.writeValue(file.toFile(), result);
  }

  /** All servers are fresh in a round, and gone after it: a round's pictures are several gigabytes. */
  private void round(int round, Random order) throws Exception {
    Path place = Files.createDirectories(folder).toAbsolutePath().resolve("round-" + round);
    List<Archive> archives = new ArrayList<>();
    Map<Archive, Long> stored = new LinkedHashMap<>();
    try {
      for (String server : only) archives.add(start(server, Files.createDirectories(place.resolve(server))));
      for (Archive archive : archives) stored.put(archive, warm(archive));
      List<Callable<Row>> loads = new ArrayList<>();
      for (Archive archive : archives)
        for (String kind : kinds)
          for (int several : associations)
            loads.add(() -> measure(round, archive, Kind.valueOf(kind.toUpperCase(Locale.ROOT)), several, stored));
      Collections.shuffle(loads, order);
      for (Callable<Row> load : loads) print(load.call());
      for (Archive archive : archives) {
        String checked = archive.checkAll(stored.get(archive));
        if (!checked.isEmpty()) System.out.println("round " + round + "  " + archive.name() + "  " + checked);
      }
    } finally {
      for (Archive archive : archives) archive.close();
      Children.remove(place);
    }
  }

  private Archive start(String server, Path place) throws IOException {
    return switch (server) {
      case "caregrid" -> Caregrid.start(place, heap, jvmFlags, sample);
      case "orthanc" -> Orthanc.onSqlite(place, sample);
      case "orthanc-postgresql" -> Orthanc.onPostgres(place, sample);
      case "storescp" -> Storescp.start(place, sample);
      default -> throw new IllegalArgumentException("no server " + server);
    };
  }

  private long warm(Archive archive) throws Exception {
    return warm(archive, Kind.SMALL, warmUp) + warm(archive, Kind.LARGE, warmUp / 6);
  }

  private long warm(Archive archive, Kind kind, int most) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(warmUpSeconds);
    long sent = 0;
    while (sent < most && System.nanoTime() < deadline)
      sent += new Load(run++, kind, 4, Math.min(1000, most)).send(archive.address(), archive.aeTitle()).images();
    return sent;
  }

  private Row measure(int round, Archive archive, Kind kind, int several, Map<Archive, Long> stored) throws Exception {
    Load load = new Load(run++, kind, several, images);
    settle();
    boolean quiet = Machine.quiet(archive::cpuSeconds, gate, patience);
    Machine.Reading before = Machine.read(archive::cpuSeconds);
    double cpu = archive.cpuSeconds();
    Load.Outcome outcome = load.send(archive.address(), archive.aeTitle());
    cpu = archive.cpuSeconds() - cpu;
    double foreign = Machine.read(archive::cpuSeconds).foreignSince(before);
    stored.merge(archive, (long) outcome.images(), Long::sum);
    String checked = archive.check(load, stored.get(archive));
    Row row = new Row(round, archive.name(), kind.name().toLowerCase(Locale.ROOT), several, outcome.images(),
        outcome.seconds(), outcome.imagesPerSecond(), outcome.imagesPerSecond() * outcome.bytes() / 1e6,
        outcome.micros().getValueAtPercentile(50) / 1e3, outcome.micros().getValueAtPercentile(99) / 1e3,
        outcome.micros().getMaxValue() / 1e3, cpu * 1e3 / outcome.images(), foreign, quiet, checked);
    rows.add(row);
    return row;
  }

  /** What the load before left unwritten is not this one's to write. */
  private static void settle() throws IOException, InterruptedException {
    new ProcessBuilder("sync").start().waitFor();
  }

  private static void print(Row row) {
    System.out.printf(Locale.ROOT,
        "round %d  %-36s %-5s %2d assoc  %7.0f img/s  p50 %6.2f ms  p99 %7.2f ms  CPU %5.2f ms/img  others %4.1f %%%s  %s%n",
        row.round, row.server, row.kind, row.associations, row.imagesPerSecond, row.p50, row.p99, row.cpu, row.foreign,
        row.gated ? "" : " (never quiet)", row.checked);
  }
}
