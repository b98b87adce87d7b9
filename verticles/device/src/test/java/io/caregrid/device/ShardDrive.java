package io.caregrid.device;

import static io.caregrid.device.Readings.heartRate;
import static io.caregrid.device.StoreBench.get;

import io.caregrid.cluster.ShardConfig;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.templates.device.Measurement;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Where the microseconds of an event go, from the log into stored Observations: heart rates at 1 Hz in hourly samples, which are first filled to
 * half an hour. Run by hand: {@code ShardDrive <devices> <seconds measured> <seconds a batch>}. Prints CPU per event by kind of thread; the broker
 * runs in this process and is told apart, PostgreSQL's share is read from {@code /proc}.
 */
public final class ShardDrive {
  private static final int FILLED = 1_800;
  private static final Set<Integer> ALL = Set.of(0, 1, 2, 3);

  private static String postmaster;

  private ShardDrive() {}

  public static void main(String[] args) throws IOException {
    int devices = Integer.parseInt(args[0]);
    int seconds = Integer.parseInt(args[1]);
    int batch = devices / Log.SHARDS * Integer.parseInt(args[2]);
    try (LocalKafka kafka = LocalKafka.temporary();
        LocalPostgres postgres = LocalPostgres.temporary();
        StoreBench bench = new StoreBench(postgres);
        Log log = new Log(kafka)) {
      String backend = String
          .valueOf(bench.count("select pid from pg_stat_activity where backend_type = 'checkpointer'"));
      String stat = Files.readString(Path.of("/proc", backend, "stat"));
      postmaster = stat.substring(stat.lastIndexOf(')') + 2).split(" ")[1];
      send(log, devices, 0, FILLED);
      run(bench, log, 50_000, devices * FILLED, false);
      send(log, devices, FILLED, FILLED + seconds);
      run(bench, log, batch, devices * seconds, true);
    }
    System.exit(0);
  }

  private static void send(Log log, int devices, int from, int to) {
    for (int second = from; second < to; second++) {
      List<Measurement> readings = new ArrayList<>(devices);
      for (int device = 0; device < devices; device++)
        readings.add(heartRate("monitor-" + device, second, String.valueOf(60 + (second + device) % 40)));
      log.send(readings);
    }
  }

  private static void run(StoreBench bench, Log log, int batchEvents, int events, boolean printed) throws IOException {
    ShardConfig config = new ShardConfig(batchEvents, 64 << 20, Duration.ofSeconds(30), batchEvents * 2, 0.5,
        Duration.ofHours(2),
        Duration.ofSeconds(30), Duration.ofSeconds(10));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    ShardMetrics metrics = new ShardMetrics(meters);
    BatchWriter writer = new BatchWriter(bench.vertx, bench.shards, StoreBench.OWNERS,
        FhirMappings.one(() -> StoreBench.VITALS), 2,
        metrics);
    ShardPump pump = new ShardPump(bench.vertx, new ChosenShards(Log.SHARDS, ALL), writer,
        log.topics.measurements().id(), log.kafka, config,
        metrics, () -> ShardPump.consumer(log.kafka));
    Map<String, Long> before = cpu();
    long start = System.nanoTime();
    get(pump.start());
    Await.until("all in", Duration.ofMinutes(5), () -> metrics.events.count() >= events);
    if (printed) print(events, System.nanoTime() - start, before, meters);
    get(pump.stop());
    get(writer.close());
  }

  private static void print(int events, long nanos, Map<String, Long> before, SimpleMeterRegistry meters)
      throws IOException {
    Map<String, Long> after = cpu();
    System.out.printf("%d events in %.1f s = %.0f/s; %.0f Observations written in %d batches%n", events, nanos / 1e9,
        events * 1e9 / nanos,
        meters.get(ShardMetrics.OBSERVATIONS).counter().count(), meters.get(ShardMetrics.PERSIST).timer().count());
    after.forEach((kind, used) -> System.out.printf("  %-22s %6.2f us/event%n", kind,
        (used - before.getOrDefault(kind, 0L)) / 1e3 / events));
  }

  /** CPU nanoseconds used so far, by kind of thread. */
  private static Map<String, Long> cpu() throws IOException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Map<String, Long> used = new TreeMap<>();
    long seen = 0;
    for (long id : threads.getAllThreadIds()) {
      ThreadInfo info = threads.getThreadInfo(id);
      long cpu = threads.getThreadCpuTime(id);
      if (info == null || cpu < 0) continue;
      used.merge(kind(info.getThreadName()), cpu, Long::sum);
      seen += cpu;
    }
    long process = ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
    used.put("jvm: gc, compiler", process - seen);
    used.put("postgres", postgres());
    return used;
  }

  private static String kind(String thread) {
    return Stream.of("shard-pump", "shard-fold", "vert.x-eventloop", "vert.x-worker", "main")
        .filter(thread::startsWith)
        .findFirst()
        .orElse("broker, other");
  }

  private static long postgres() throws IOException {
    long ticks = 0;
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      for (Path process : all.filter(path -> path.getFileName().toString().matches("\\d+")).toList())
        ticks += ticks(process);
    }
    return ticks * 10_000_000;
  }

  /** Of a child of our postmaster; else 0. */
  private static long ticks(Path process) {
    try {
      String stat = Files.readString(process.resolve("stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      if (!fields[1].equals(postmaster)) return 0;
      return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    } catch (IOException gone) {
      return 0;
    }
  }
}
