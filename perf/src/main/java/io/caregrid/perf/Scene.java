package io.caregrid.perf;

import io.caregrid.store.Database;
import io.caregrid.store.FhirStore;
import io.caregrid.store.ShardStore;
import io.caregrid.templates.observation.FhirMapping;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.PoolOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.hl7.fhir.r4.model.Observation;

/** One node and the rows that are measured on it. Each row ends by reading back all it sent; a value lost or changed fails the run. */
final class Scene implements AutoCloseable {
  /** An hour that does not end while we measure: merges into a period that is over go to the history as well. */
  private static final Instant HOUR = Instant.now().plus(Duration.ofHours(1));
  private static final int HALF = 1800;
  private static final int TENTH = 360;
  private static final long DRAIN_SECONDS = 300;
  private final Node node;
  private final Vertx vertx = Vertx.vertx();
  private final HttpClient http;
  private final Database database;
  private final ShardStore shards;
  private final FhirMapping mapping = FhirMapping.vitals();

  Scene(Node node) {
    this.node = node;
    http = vertx.createHttpClient(
        new HttpClientOptions().setDefaultHost("127.0.0.1").setDefaultPort(node.addresses.http()),
        new PoolOptions().setHttp1MaxSize(256));
    database = await(Database.open(vertx, node.addresses.database()));
    shards = new ShardStore(database);
  }

  /** A paced run at one event per device and second, into hours that are half full. */
  Map<String, Object> kafka(int devices, int warmUp, int seconds) throws Exception {
    Ward ward = new Ward(devices, HOUR);
    Prefill prefill = prefill(ward);
    say("entering " + devices + " devices, each with half an hour of values");
    await(prefill.people());
    await(prefill.observations(HALF));
    List<Map<String, Object>> samples = new ArrayList<>();
    Map<String, Object> row = new LinkedHashMap<>();
    try (Lag lag = new Lag(node.addresses, shards);
        KafkaLoad load = new KafkaLoad(node.addresses.kafka(), node.addresses.deviceData())) {
      say("sending " + devices + " events a second for " + warmUp + " s to warm up, then for " + seconds + " s");
      load.send(ward, HALF, HALF + warmUp);
      Usage before = node.usage();
      long start = System.nanoTime();
      long sent;
      try (Sampler sampler = new Sampler(lag, start, samples)) {
        sent = load.send(ward, HALF + warmUp, HALF + warmUp + seconds);
      }
      double wall = secondsSince(start);
      Lag.Reading atEnd = lag.read();
      double drained = drain(lag);
      Usage used = node.usage().since(before);
      say("checking every value");
      long stored = await(new Check(ward, prefill, http).samples(devices, second -> second < HALF + warmUp + seconds));
      row.put("devices", devices);
      row.put("warm-up, s", warmUp);
      row.put("measured, s", seconds);
      row.put("events sent", sent);
      row.put("events per second", round(sent / wall));
      row.put("samples stored and equal", stored);
      row.put("samples expected", (long) devices * (HALF + warmUp + seconds));
      row.put("behind at the end, events", atEnd.events());
      row.put("behind at the end, seconds", round(atEnd.events() * wall / sent));
      row.put("drained after, s", round(drained));
      cost(row, used, sent);
      row.put("lag", samples);
    }
    return row;
  }

  /** As fast as it goes, closed loop, into empty hours. */
  Map<String, Object> http(int perRequest, int connections, int seconds) throws Exception {
    Ward ward = new Ward(perRequest == 1 ? 2_000 : 20_000, HOUR);
    HttpLoad load = new HttpLoad(vertx, http, ward, perRequest);
    Map<String, Object> row = loaded(ward, connections, seconds,
        () -> load.run(connections, 0, TimeUnit.SECONDS.toNanos(seconds)));
    row.put("requests refused (503) and repeated", load.refused());
    return row;
  }

  /** The same by MQTT with QoS 1. */
  Map<String, Object> mqtt(int clients, int inFlight, int seconds) throws Exception {
    Ward ward = new Ward(20_000, HOUR);
    MqttLoad load = new MqttLoad(vertx, "127.0.0.1", node.addresses.mqtt(), ward, inFlight);
    Map<String, Object> row = loaded(ward, clients, seconds,
        () -> load.run(clients, TimeUnit.SECONDS.toNanos(seconds)));
    row.put("in flight, each", inFlight);
    return row;
  }

  /** Observations on their way to another FHIR server, which knows everybody: each for the first time, and then each with one reading more. */
  Map<String, Object> remote(RemotePeer peer, int devices, int seconds) throws Exception {
    Ward ward = new Ward(devices, HOUR);
    Prefill prefill = prefill(ward);
    say("entering " + devices + " devices, here and there");
    peer.knows(ward);
    await(prefill.people());
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("Observations", devices);
    row.put("samples of each", TENTH);
    Usage before = node.usage();
    double first = arrived(peer, devices, seconds, () -> await(prefill.observations(TENTH)));
    double again = arrived(peer, devices, seconds, () -> {
      try (KafkaLoad load = new KafkaLoad(node.addresses.kafka(), node.addresses.deviceData())) {
        load.send(ward, TENTH, TENTH + 1);
      }
    });
    say("checking every value");
    Map<String, Integer> numbers = new HashMap<>();
    for (int n = 0; n < devices; n++) numbers.put("Patient/p" + n, n);
    if (peer.observations.all().size() != devices)
      throw new IllegalStateException("there are " + peer.observations.all().size() + " Observations there");
    for (Observation one : peer.observations.all()) {
      String[] samples = one.getValueSampledData().getData().split(" ");
      int device = numbers.get(one.getSubject().getReference());
      for (int second = 0; second <= TENTH; second++)
        if (Integer.parseInt(samples[second]) != ward.value(device, second))
          throw new IllegalStateException("a value was lost or changed");
      for (int second = TENTH + 1; second < samples.length; second++)
        if (!samples[second].equals("E")) throw new IllegalStateException("there is a value that nobody sent");
    }
    row.put("for the first time, a second", round(devices / first));
    row.put("again, a second", round(devices / again));
    cost(row, node.usage().since(before), 2L * devices);
    return row;
  }

  private interface Deed {
    void done() throws Exception;
  }

  /** Seconds from the first put there to the last. */
  private static double arrived(RemotePeer peer, int puts, int longest, Deed deed) throws Exception {
    int before = peer.observations.puts.get();
    long start = System.nanoTime();
    deed.done();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(longest);
    long begun = 0;
    int there = 0;
    while (peer.observations.puts.get() - before < puts) {
      if (begun == 0 && peer.observations.puts.get() > before) {
        begun = System.nanoTime();
        there = peer.observations.puts.get() - before;
      }
      if (System.nanoTime() > end)
        throw new IllegalStateException(
            peer.observations.puts.get() - before + " of " + puts + " within " + longest + " s");
      TimeUnit.MILLISECONDS.sleep(2);
    }
    return begun == 0 ? secondsSince(start) : secondsSince(begun) * puts / (puts - there);
  }

  private interface Load {
    /** How many events were accepted: the first ones of the ward, by second and device. */
    Future<Long> run();
  }

  private Map<String, Object> loaded(Ward ward, int connections, int seconds, Load load) throws Exception {
    Prefill prefill = prefill(ward);
    say("entering " + ward.devices() + " devices");
    await(prefill.people());
    Map<String, Object> row = new LinkedHashMap<>();
    try (Lag lag = new Lag(node.addresses, shards)) {
      say("sending over " + connections + " connections for " + seconds + " s");
      Usage before = node.usage();
      long start = System.nanoTime();
      long sent = await(load.run());
      double wall = secondsSince(start);
      double drained = drain(lag);
      Usage used = node.usage().since(before);
      say("checking every value");
      int full = (int) (sent / ward.devices());
      int rest = (int) (sent % ward.devices());
      Check check = new Check(ward, prefill, http);
      long stored = await(check.samples(rest, second -> second <= full)
          .compose(some -> check.samples(rest, ward.devices(), second -> second < full).map(more -> some + more)));
      row.put("events sent", sent);
      row.put("connections", connections);
      row.put("events per second, accepted", round(sent / wall));
      row.put("events per second, stored", round(sent / (wall + drained)));
      row.put("samples stored and equal", stored);
      row.put("drained after, s", round(drained));
      cost(row, used, sent);
    }
    return row;
  }

  /** Latency while {@code devices} others send once a second. */
  Map<String, Object> latency(int devices, int warmUp, int seconds) throws Exception {
    int probes = 20;
    Ward ward = new Ward(devices + probes, HOUR);
    Prefill prefill = prefill(ward);
    await(prefill.people());
    await(prefill.observations(HALF));
    say("sending for " + warmUp + " s to warm up, then for " + seconds + " s");
    long start = System.nanoTime() + TimeUnit.SECONDS.toNanos(warmUp);
    Latency latency = new Latency(vertx, http, ward, new Check(ward, prefill, http), start);
    await(latency.watch());
    Thread background = background(new Ward(devices, HOUR), warmUp + seconds);
    background.start();
    long end = start + TimeUnit.SECONDS.toNanos(seconds);
    List<Future<Void>> loops = new ArrayList<>();
    for (int probe = 0; probe < probes; probe++) loops.add(probes(latency, devices + probe, HALF, end));
    await(Future.all(loops).mapEmpty());
    background.join();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("background events per second", devices);
    row.put("warm-up, s", warmUp);
    row.put("probes", latency.toFhir.getTotalCount());
    put(row, "to the live feed", latency.toLive);
    put(row, "to FHIR", latency.toFhir);
    row.put("probes not seen on the live feed", latency.unseen());
    return row;
  }

  private Future<Void> probes(Latency latency, int device, int second, long end) {
    if (System.nanoTime() >= end || second >= Ward.SECONDS) return Future.succeededFuture();
    long pause = 200 + (long) (Math.random() * 800);
    return vertx.timer(pause)
        .compose(waited -> latency.probe(device, second))
        .compose(done -> probes(latency, device, second + 1, end));
  }

  private Thread background(Ward ward, int seconds) {
    return new Thread(() -> {
      try (KafkaLoad load = new KafkaLoad(node.addresses.kafka(), node.addresses.deviceData())) {
        load.send(ward, HALF, HALF + seconds);
      } catch (Exception failed) {
        throw new IllegalStateException(failed);
      }
    }, "background");
  }

  private Prefill prefill(Ward ward) {
    return new Prefill(ward, mapping, new FhirStore(database, entry -> Future.succeededFuture()), shards);
  }

  /** Seconds until nothing is waiting anywhere. */
  private static double drain(Lag lag) throws Exception {
    long start = System.nanoTime();
    while (lag.read().events() > 0) {
      if (secondsSince(start) > DRAIN_SECONDS)
        throw new IllegalStateException("still behind after " + DRAIN_SECONDS + " s: " + lag.read());
      TimeUnit.MILLISECONDS.sleep(200);
    }
    return secondsSince(start);
  }

  private void cost(Map<String, Object> row, Usage used, long events) throws Exception {
    row.put("node and broker CPU, µs/event", round(used.node() * 1e6 / events));
    row.put("database CPU, µs/event", round(used.database() * 1e6 / events));
    row.put("driver CPU, µs/event (not counted)", round(used.driver() * 1e6 / events));
    row.put("node memory, MB", Usage.bytes(node.pid()) >> 20);
    row.put("database memory, MB", Usage.bytes(node.postmasterPid()) >> 20);
  }

  private static void put(Map<String, Object> row, String name, Histogram micros) {
    row.put(name + " p50, ms", micros.getValueAtPercentile(50) / 1000.0);
    row.put(name + " p99, ms", micros.getValueAtPercentile(99) / 1000.0);
    row.put(name + " max, ms", micros.getMaxValue() / 1000.0);
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static double round(double value) {
    return Double.parseDouble(String.format(Locale.ROOT, value < 100 ? "%.2f" : "%.0f", value));
  }

  private static void say(String what) {
    System.out.println("   " + what);
  }

  static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get();
    } catch (ExecutionException failed) {
      throw new IllegalStateException(failed.getCause());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  @Override
  public void close() {
    await(database.close());
    await(vertx.close());
  }

  /** Notes the lag every ten seconds. */
  private static final class Sampler implements AutoCloseable {
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

    Sampler(Lag lag, long start, List<Map<String, Object>> samples) {
      timer.scheduleAtFixedRate(() -> {
        try {
          Lag.Reading reading = lag.read();
          Map<String, Object> sample = new LinkedHashMap<>();
          sample.put("s", Math.round(secondsSince(start)));
          sample.put("unnormalised", reading.unnormalised());
          sample.put("unapplied", reading.unapplied());
          samples.add(sample);
          say("after " + sample.get("s") + " s behind by " + reading.unnormalised() + " + " + reading.unapplied()
              + " events");
        } catch (Exception failed) {
          say("lag unknown: " + failed);
        }
      }, 10, 10, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws InterruptedException {
      timer.shutdown();
      timer.awaitTermination(5, TimeUnit.SECONDS);
    }
  }
}
