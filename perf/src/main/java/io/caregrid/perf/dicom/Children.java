package io.caregrid.perf.dicom;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A foreign server as a child process: started, watched in {@code /proc} (proc(5)), ended by its own handle. */
final class Children {
  private static final double TICKS_PER_SECOND = 100;
  private static final long UP_SECONDS = 30;
  private static final int LAST_LINES = 20;
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private Children() {}

  /** A port nobody uses right now; the server that is told it takes it a moment later. */
  static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  /** TCP_NODELAY is how DCMTK and Orthanc are told not to wait 40 ms with every answer. */
  static Process start(Path folder, List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile());
    builder.environment().put("TCP_NODELAY", "1");
    Process process = builder.start();
    // a driver that is interrupted leaves nobody behind; ours ends by itself with its standard input
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    return process;
  }

  /** The last lines of a log, for whoever asks why a server is not there. */
  static String end(Path log) throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
  }

  /** The body of an answer of 200. */
  static byte[] get(URI from, String accept) throws IOException, InterruptedException {
    HttpResponse<byte[]> answer = HTTP.send(HttpRequest.newBuilder(from).header("Accept", accept).build(),
        HttpResponse.BodyHandlers.ofByteArray());
    if (answer.statusCode() != 200) throw new IOException("HTTP " + answer.statusCode() + " from " + from);
    return answer.body();
  }

  /** Waits until somebody listens there. */
  static void await(Process process, InetSocketAddress address) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(UP_SECONDS);
    while (true) {
      try (Socket up = new Socket(address.getAddress(), address.getPort())) {
        return;
      } catch (IOException notYet) {
        if (!process.isAlive() || System.nanoTime() > deadline)
          throw new IOException(process.info().command().orElse("the server") + " does not come up", notYet);
        pause(50);
      }
    }
  }

  static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  static void stop(Process process) throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) process.destroyForcibly();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(interrupted);
    }
  }

  /** CPU seconds of a process, its living descendants, and those it has reaped. */
  static double cpuSeconds(long pid) {
    return ticks(pid) + ProcessHandle.of(pid)
        .stream()
        .flatMap(ProcessHandle::descendants)
        .mapToDouble(child -> ticks(child.pid()))
        .sum();
  }

  /** Of this process, without its children. */
  static double own() {
    return fields(ProcessHandle.current().pid(), 11, 12);
  }

  /** With the children it has reaped. */
  private static double ticks(long pid) {
    return fields(pid, 11, 14);
  }

  private static double fields(long pid, int first, int last) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      double ticks = 0;
      for (int field = first; field <= last; field++) ticks += Long.parseLong(fields[field]);
      return ticks / TICKS_PER_SECOND;
    } catch (IOException ended) {
      return 0;
    }
  }

  static void remove(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) Files.deleteIfExists(path);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
