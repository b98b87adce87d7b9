package io.caregrid.dicom.dimse;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.dicom.web.Foreign;
import io.caregrid.engines.OwnPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** DCMTK and pydicom of Debian: other people's SCU, SCP and files. Missing: the test is skipped, unless CAREGRID_STRICT. */
final class Dcmtk {
  private static final String PYTHON = "/usr/bin/python3";
  private static final int START_SECONDS = 120;

  private Dcmtk() {}

  static void require() throws InterruptedException {
    boolean there = Foreign.runs("storescp", "--version") && Foreign.runs("dcmdump", "--version")
        && Foreign.runs(PYTHON, "-c", "import pydicom");
    assumeTrue(there || "true".equals(System.getenv("CAREGRID_STRICT")),
        "skipped: dcmtk or python3-pydicom is missing");
  }

  /** All that pydicom tests itself with and that can be stored, as {@code storable.py} says. */
  static List<Path> storable() throws IOException, InterruptedException {
    Path script = Path.of("src", "test", "resources", "pydicom", "storable.py");
    Process process = new ProcessBuilder(PYTHON, script.toString()).redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    List<Path> files = new String(process.getInputStream().readAllBytes()).lines().map(Path::of).toList();
    if (process.waitFor() != 0) throw new IllegalStateException("storable.py failed");
    return files;
  }

  /** {@code storescp} on a free port, which keeps what comes byte for byte. */
  static final class Scp implements AutoCloseable {
    final int port;
    final Path kept;
    private final OwnPort own = OwnPort.take();
    private final Process process;

    Scp(Path kept, String... options) throws IOException, InterruptedException {
      this.kept = Files.createDirectories(kept);
      port = own.number();
      List<String> command = new ArrayList<>(List.of("storescp", "+xa", "-pm", "+B", "-od", kept.toString()));
      command.addAll(List.of(options));
      command.add(String.valueOf(port));
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD);
      builder.environment().put("TCP_NODELAY", "1");
      process = builder.start();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
      while (!listens()) {
        if (!process.isAlive() || System.nanoTime() > deadline) throw new IllegalStateException(command + " failed");
        Thread.onSpinWait();
      }
    }

    private boolean listens() {
      try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return probe.isConnected();
      } catch (IOException notYet) {
        return false;
      }
    }

    Peer peer() {
      return new Peer("127.0.0.1", port, "STORESCP", "CAREGRID", Duration.ofSeconds(120));
    }

    @Override
    public void close() {
      process.destroyForcibly();
      own.close();
    }
  }
}
