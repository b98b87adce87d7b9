package io.caregrid.platform;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code caregrid node} in a process of its own, so that it can be killed without warning. */
final class ChildNode implements AutoCloseable {
  private static final int START_SECONDS = 300;
  private final Process process;
  private final Path log;
  private final Thread reader;
  private final Map<String, String> addresses = new ConcurrentHashMap<>();
  private final CountDownLatch running = new CountDownLatch(1);

  private ChildNode(Process process, Path log) {
    this.process = process;
    this.log = log;
    reader = new Thread(this::read, "child-output");
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts it and returns when it says that it is running. What it prints goes to {@code log}. */
  static ChildNode start(Path log, Map<String, String> settings, String... options)
      throws IOException, InterruptedException {
    ChildNode node = launch(log, settings, options);
    node.awaitRunning();
    return node;
  }

  /** Starts it and returns at once. */
  static ChildNode launch(Path log, Map<String, String> settings, String... options) throws IOException {
    return launch(List.of(), "node", log, settings, options);
  }

  /** {@code caregrid demo} instead, as quiet at the terminal as it ships; returns at once. */
  static ChildNode demo(Path log, Map<String, String> settings, String... options) throws IOException {
    Path quiet = Path.of("../distribution/src/conf/logback-demo.xml").toAbsolutePath();
    return launch(List.of("-Dlogback.configurationFile=" + quiet), "demo", log, settings, options);
  }

  private static ChildNode launch(List<String> jvm, String word, Path log, Map<String, String> settings,
      String... options) throws IOException {
    List<String> command = new ArrayList<>(
        List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx400m",
            "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
    command.addAll(jvm);
    command.addAll(List.of(Main.class.getName(), word));
    command.addAll(List.of(options));
    settings.forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
    Files.createDirectories(log.getParent());
    return new ChildNode(new ProcessBuilder(command).redirectErrorStream(true).start(), log);
  }

  void awaitRunning() throws IOException, InterruptedException {
    if (!running.await(START_SECONDS, TimeUnit.SECONDS) || !addresses.containsKey("http"))
      throw new AssertionError("node did not start:\n" + Files.readString(log));
  }

  private void read() {
    try (BufferedReader out = new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        Files.writeString(log, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        if (line.startsWith("http ")) addresses.put("http", line.substring(5).strip());
        if (line.contains("is running. Ctrl-C")) running.countDown();
      }
    } catch (IOException stopped) {
      // Java closes the pipe when it ends the process: the last words are lost, as they may be
    } finally {
      running.countDown();
    }
  }

  String http() {
    return addresses.get("http");
  }

  /** SIGKILL: nothing is flushed, nobody is told. */
  void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  /** SIGTERM. @return seconds until it was gone */
  double stop() throws InterruptedException {
    long start = System.nanoTime();
    process.toHandle().destroy(); // Process.destroy would close the pipe before its last words are read
    if (!process.waitFor(180, TimeUnit.SECONDS)) throw new AssertionError("node did not stop within 3 min, see " + log);
    return (System.nanoTime() - start) / 1e9;
  }

  /** Returns once what the process has printed so far contains this. */
  void awaitWords(String words) throws Exception {
    TestNode.eventually(Duration.ofSeconds(START_SECONDS), words, () -> said().contains(words) ? true : null);
  }

  /** All it has printed; complete when it has ended. */
  String said() throws IOException, InterruptedException {
    if (!process.isAlive()) reader.join();
    return Files.exists(log) ? Files.readString(log) : "";
  }

  int exitCode() throws InterruptedException {
    return process.waitFor();
  }

  @Override
  public void close() throws InterruptedException {
    if (!process.isAlive()) return;
    process.destroy();
    if (!process.waitFor(30, TimeUnit.SECONDS)) kill();
  }
}
