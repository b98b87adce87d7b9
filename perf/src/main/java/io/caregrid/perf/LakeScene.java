package io.caregrid.perf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Caller;
import io.caregrid.store.Database;
import io.caregrid.store.FhirStore;
import io.caregrid.store.ShardStore;
import io.caregrid.templates.observation.FhirMapping;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/** One node with a lake, and what is measured on it. What is asked is asked over HTTP, as analysts do; a wrong count or mean fails the run. */
final class LakeScene implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Caller CALLER = Caller.system("perf");
  private static final Instant HOUR = Instant.now().plus(Duration.ofHours(1));
  private static final int AT_ONCE = 64;
  private static final long PATIENCE_SECONDS = 300;

  private final HttpClient http = HttpClient.newHttpClient();
  private final Vertx vertx = Vertx.vertx();
  private final Node node;
  private final Path folder;
  private final Ward ward;
  private final int samples;
  private final Database database;
  private final FhirStore store;

  LakeScene(Node node, Path folder, int devices, int samples) {
    this.node = node;
    this.folder = folder;
    this.ward = new Ward(devices, HOUR);
    this.samples = samples;
    this.database = Scene.await(Database.open(vertx, node.addresses.database()));
    this.store = new FhirStore(database, entry -> Future.succeededFuture());
  }

  /** Devices, Patients and filled Observations go into the store as fast as it takes them, and the lake follows. */
  Map<String, Object> follow() throws Exception {
    Prefill prefill = new Prefill(ward, FhirMapping.vitals(), store, new ShardStore(database));
    Usage before = node.usage();
    long start = System.nanoTime();
    Scene.await(prefill.people());
    Scene.await(prefill.observations(samples));
    double written = secondsSince(start);
    until("select count(*) from vitals", (long) ward.devices() * samples);
    until("select count(*) from \"Patient\"", ward.devices());
    until("select count(*) from \"Device\"", ward.devices());
    double there = secondsSince(start);
    Usage used = node.usage().since(before);
    long resources = 3L * ward.devices();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("resources", resources);
    row.put("written to the store, resources/s", round(resources / written));
    row.put("in the lake and counted, resources/s", round(resources / there));
    row.put("in the lake after the last write, s", round(there - written));
    row.put("node CPU, µs/resource", round(used.node() * 1e6 / resources));
    row.put("node memory, MB", Usage.bytes(node.pid()) >> 20);
    return row;
  }

  /** The same questions to the lake over HTTP and to DuckDB on NDJSON, in turn. */
  Map<String, Object> queries(int runs) throws Exception {
    Path ndjson = export("Observation");
    Map<String, Object> rows = new LinkedHashMap<>();
    try (Connection duck = DriverManager.getConnection("jdbc:duckdb:"); Statement peer = duck.createStatement()) {
      peer.execute("set threads = 1");
      for (LakeQuestion question : LakeQuestion.of(ward, samples)) {
        Histogram ours = new Histogram(3);
        Histogram theirs = new Histogram(3);
        for (int run = 0; run < runs; run++) {
          String lake = timed(ours, () -> sql(question.lake()));
          String lines = timed(theirs, () -> ask(peer, question.ndjson(ndjson)));
          if (!lake.equals(question.answer()) || !lines.equals(question.answer()))
            throw new IllegalStateException(
                question.name() + ": " + lake + ", " + lines + ", not " + question.answer());
        }
        rows.put(question.name() + ", lake p50, ms", ours.getValueAtPercentile(50) / 1000.0);
        rows.put(question.name() + ", lake p99, ms", ours.getValueAtPercentile(99) / 1000.0);
        rows.put(question.name() + ", NDJSON p50, ms", theirs.getValueAtPercentile(50) / 1000.0);
        rows.put(question.name() + ", NDJSON : lake",
            round((double) theirs.getValueAtPercentile(50) / ours.getValueAtPercentile(50)));
      }
    }
    return rows;
  }

  /** Bytes on disk beside the same resources as NDJSON. */
  Map<String, Object> size() throws IOException {
    long lines = 0;
    for (String type : List.of("Patient", "Device", "Observation")) lines += Files.size(export(type));
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("NDJSON, bytes", lines);
    row.put("current tables and vitals, bytes", bytes(folder.resolve("lake/fhir"), false));
    row.put("with history and all logs, bytes", bytes(folder.resolve("lake"), true));
    return row;
  }

  /** New Patients at a steady rate; each is fresh when a count over HTTP has it. */
  Map<String, Object> freshness(int writes, int seconds) throws Exception {
    int all = writes * seconds;
    AtomicLongArray acknowledged = new AtomicLongArray(all);
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failed = new AtomicReference<>();
    Thread writer = new Thread(() -> write(writes, acknowledged, next, failed), "writer");
    Histogram late = new Histogram(3);
    long start = System.nanoTime();
    writer.start();
    int seen = 0;
    while (seen < all) {
      int count = Integer.parseInt(sql("select count(*) from \"Patient\" where id like 'fresh-%'"));
      long now = System.nanoTime();
      for (int i = seen; i < count; i++) late.recordValue(late(now, acknowledged.get(i)));
      seen = count;
      if (failed.get() != null) throw new IllegalStateException(failed.get());
      if (now - start > TimeUnit.SECONDS.toNanos(seconds + PATIENCE_SECONDS))
        throw new IllegalStateException("after " + PATIENCE_SECONDS + " s more " + seen + " of " + all + " are seen");
    }
    writer.join();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("resources", all);
    row.put("written, resources/s", round(all / ((acknowledged.get(all - 1) - start) / 1e9)));
    row.put("from the store's answer to SQL p50, s", late.getValueAtPercentile(50) / 1e6);
    row.put("from the store's answer to SQL p99, s", late.getValueAtPercentile(99) / 1e6);
    row.put("max, s", late.getMaxValue() / 1e6);
    return row;
  }

  /** Microseconds; none when a row was seen before the writer heard that it is there. */
  private static long late(long now, long acknowledged) {
    return acknowledged == 0 ? 0 : (now - acknowledged) / 1000;
  }

  /** @param acknowledged i-th: when the i-th answer came, by {@code System.nanoTime} */
  private void write(int perSecond, AtomicLongArray acknowledged, AtomicInteger next,
      AtomicReference<Throwable> failed) {
    Semaphore free = new Semaphore(AT_ONCE);
    long start = System.nanoTime();
    for (int i = 0; i < acknowledged.length() && failed.get() == null; i++) {
      long due = start + i * 1_000_000_000L / perSecond;
      while (System.nanoTime() < due) java.util.concurrent.locks.LockSupport.parkNanos(due - System.nanoTime());
      free.acquireUninterruptibly();
      ObjectNode patient = JSON.createObjectNode().put("resourceType", "Patient").put("active", true);
      patient.putArray("name").addObject().put("family", "Fresh").putArray("given").add("n" + i);
      store.createIfAbsent(CALLER, "Patient", "fresh-" + i, patient).onComplete(done -> {
        free.release();
        if (done.failed()) failed.set(done.cause());
        else acknowledged.set(next.getAndIncrement(), System.nanoTime());
      });
    }
  }

  private Path export(String type) throws IOException {
    Path file = folder.resolve(type + ".ndjson");
    if (Files.exists(file)) return file;
    try (OutputStream out = new java.io.BufferedOutputStream(Files.newOutputStream(file))) {
      String page = "http://127.0.0.1:" + node.addresses.http() + "/fhir/" + type + "?_count=1000";
      while (page != null) {
        JsonNode bundle = JSON.readTree(get(page));
        for (JsonNode entry : bundle.path("entry")) {
          out.write(JSON.writeValueAsBytes(entry.get("resource")));
          out.write('\n');
        }
        page = next(bundle);
      }
    }
    return file;
  }

  private static String next(JsonNode bundle) {
    for (JsonNode link : bundle.path("link"))
      if (link.path("relation").asText().equals("next")) return link.path("url").asText();
    return null;
  }

  private String get(String address) throws IOException {
    return answer(HttpRequest.newBuilder(URI.create(address)).build());
  }

  /** The first value of the first row. */
  private String sql(String query) throws IOException {
    String csv = answer(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.addresses.http() + "/analytics/sql"))
            .header("Content-Type", "application/json")
            .header("Accept", "text/csv")
            .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(Map.of("sql", query))))
            .build());
    return csv.lines().skip(1).findFirst().orElseThrow().strip();
  }

  private String answer(HttpRequest request) throws IOException {
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200)
        throw new IOException(request.uri() + " answered " + answer.statusCode() + " " + answer.body());
      return answer.body();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(interrupted);
    }
  }

  private static String ask(Statement peer, String query) throws SQLException {
    try (ResultSet rows = peer.executeQuery(query)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private interface Question {
    String asked() throws IOException, SQLException;
  }

  private static String timed(Histogram micros, Question question) throws IOException, SQLException {
    long start = System.nanoTime();
    String answer = question.asked();
    micros.recordValue((System.nanoTime() - start) / 1000);
    return answer;
  }

  private void until(String query, long expected) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    String seen = sql(query);
    while (!seen.equals(Long.toString(expected))) {
      if (System.nanoTime() > deadline)
        throw new IllegalStateException(
            query + " gives " + seen + " after " + PATIENCE_SECONDS + " s, not " + expected);
      TimeUnit.MILLISECONDS.sleep(200);
      seen = sql(query);
    }
  }

  private static long bytes(Path folder, boolean everything) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(folder)) {
      all.filter(Files::isRegularFile).forEach(files::add);
    }
    long bytes = 0;
    for (Path file : files) if (everything || !file.toString().contains("_history/")) bytes += Files.size(file);
    return bytes;
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static double round(double value) {
    return Double.parseDouble(String.format(Locale.ROOT, value < 100 ? "%.2f" : "%.0f", value));
  }

  @Override
  public void close() {
    Scene.await(database.close());
    Scene.await(vertx.close());
  }
}
