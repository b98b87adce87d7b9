package io.caregrid.dicom.web;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Schema;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Our door in a process that has little memory: whatever grows with what it is given ends it. Its last words are in {@code target/small-node.txt}. */
final class SmallNode implements AutoCloseable {
  private static final int HEAP_MB = 96;
  private static final int DIRECT_MB = 64;
  private static final int WORK_PERCENT = 50;
  /** All the memory it has for data. */
  static final int BYTES = (HEAP_MB + DIRECT_MB) << 20;
  private static final int STOP_SECONDS = 30;
  final int port;
  private final Process process;

  private SmallNode(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  static SmallNode start(LocalPostgres postgres, Path folder) throws IOException {
    Process process = new ProcessBuilder(
        List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx" + HEAP_MB + "m",
            "-XX:MaxDirectMemorySize=" + DIRECT_MB + "m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-cp",
            System.getProperty("java.class.path"), SmallNode.class.getName(), postgres.host(),
            String.valueOf(postgres.port()),
            postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
            postgres.user(), postgres.password(),
            folder.toString()))
        .redirectError(Path.of("target", "small-node.txt").toFile())
        .start();
    BufferedReader said = new BufferedReader(new InputStreamReader(process.getInputStream()));
    for (String line = said.readLine(); line != null; line = said.readLine())
      if (line.startsWith("port ")) {
        Thread rest = new Thread(() -> said.lines().forEach(System.out::println), "small-node-output");
        rest.setDaemon(true);
        rest.start();
        return new SmallNode(process, Integer.parseInt(line.substring(5)));
      }
    throw new IllegalStateException("the small node did not start, see target/small-node.txt");
  }

  boolean isAlive() {
    return process.isAlive();
  }

  String base() {
    return "http://127.0.0.1:" + port + "/dicom-web";
  }

  public static void main(String[] where) throws IOException {
    DatabaseConfig database = new DatabaseConfig(where[0], Integer.parseInt(where[1]), where[2], where[3], where[4], 4);
    try (WebDoor door = new WebDoor(database, Path.of(where[5]), WebDoor.limited(1L << 30, 16 << 20, WORK_PERCENT))) {
      System.out.println("port " + door.port);
      System.in.read(); // until whoever started us ends
    }
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
  }
}
