package io.caregrid.perf;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;

/**
 * Reads one Observation after the other, by id, over a few connections: HTTP/1.1 on plain sockets, since on two cores a driver that needs more than the node
 * measures itself.
 */
final class ReadLoad {
  private static final String LENGTH = "content-length:";
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
    URI address = URI.create(doors.address(door));
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
      while (System.nanoTime() < end && failed.get() == null) {
        int n = ThreadLocalRandom.current().nextInt(AuditedDoors.OBSERVATIONS);
        String request = "GET /fhir/Observation/o-" + n + " HTTP/1.1\r\nHost: " + address.getAuthority() + "\r\n\r\n";
        long began = System.nanoTime();
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        in.skipNBytes(length(in));
        took.recordValue(System.nanoTime() - began);
      }
    } catch (IOException | RuntimeException cause) {
      failed.compareAndSet(null, cause);
    }
  }

  /** Reads an answer's head. @return bytes of its body */
  private static int length(InputStream in) throws IOException {
    String status = line(in);
    if (!status.startsWith("HTTP/1.1 200 ")) throw new IOException("answered " + status);
    int length = -1;
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      if (header.regionMatches(true, 0, LENGTH, 0, LENGTH.length()))
        length = Integer.parseInt(header.substring(LENGTH.length()).strip());
    }
    if (length < 0) throw new IOException("an answer without content-length");
    return length;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder(64);
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) throw new EOFException("the connection was closed");
      if (c != '\r') line.append((char) c);
    }
    return line.toString();
  }
}
