package io.caregrid.perf;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;

/** Reads one Observation after the other, by id, over a few connections. */
final class ReadLoad {
  private final AuditedDoors doors;
  private final String door;
  private final int connections;

  /** What one turn gave; CPU is the node's and PostgreSQL's, with what was still shipped afterwards, not the driver's. */
  record Turn(double perSecond, double p50Micros, double p99Micros, double cpuMicros) {}

  ReadLoad(AuditedDoors doors, String door, int connections) {
    this.doors = doors;
    this.door = door;
    this.connections = connections;
  }

  Turn run(int seconds) throws IOException, InterruptedException {
    Usage before = doors.usage();
    long began = System.nanoTime();
    long end = began + Duration.ofSeconds(seconds).toNanos();
    AtomicReference<Throwable> failed = new AtomicReference<>();
    List<Histogram> all = new ArrayList<>();
    List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Histogram mine = new Histogram(3);
      all.add(mine);
      Thread reader = new Thread(() -> read(end, mine, failed), "reader");
      readers.add(reader);
      reader.start();
    }
    for (Thread reader : readers) reader.join();
    if (failed.get() != null) throw new IOException("a read failed", failed.get());
    double took = (System.nanoTime() - began) / 1e9;
    doors.awaitShipped(door);
    Usage used = doors.usage().since(before);
    Histogram together = new Histogram(3);
    all.forEach(together::add);
    double reads = together.getTotalCount();
    return new Turn(reads / took, together.getValueAtPercentile(50) / 1e3, together.getValueAtPercentile(99) / 1e3,
        (used.node() + used.database()) * 1e6 / reads);
  }

  private void read(long end, Histogram took, AtomicReference<Throwable> failed) {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    try {
      while (System.nanoTime() < end && failed.get() == null) {
        int n = ThreadLocalRandom.current().nextInt(AuditedDoors.OBSERVATIONS);
        HttpRequest request = HttpRequest.newBuilder(URI.create(doors.address(door) + "/fhir/Observation/o-" + n))
            .build();
        long began = System.nanoTime();
        HttpResponse<byte[]> answer = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        took.recordValue(System.nanoTime() - began);
        if (answer.statusCode() != 200) throw new IOException("status " + answer.statusCode());
      }
    } catch (IOException | InterruptedException | RuntimeException cause) {
      failed.compareAndSet(null, cause);
    }
  }
}
