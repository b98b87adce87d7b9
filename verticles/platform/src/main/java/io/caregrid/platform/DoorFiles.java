package io.caregrid.platform;

import io.caregrid.cluster.TlsConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The PEM files of a door with TLS. What is in them is judged when the door opens.
 *
 * @param door as settings call it, e.g. {@code http}
 */
record DoorFiles(String door, TlsConfig tls) {
  /**
   * Whoever mistyped a path should not wait for Kafka and the store first.
   *
   * @throws StartException naming each setting whose file cannot be read, and the file
   */
  void check() {
    List<String> problems = new ArrayList<>();
    look(problems, "cert", tls.cert());
    look(problems, "key", tls.key());
    look(problems, "clientCa", tls.clientCa());
    if (!problems.isEmpty()) throw new StartException(String.join("\n", problems));
  }

  private void look(List<String> problems, String setting, Path file) {
    if (file == null) return;
    try (InputStream in = Files.newInputStream(file)) {
      in.read();
    } catch (IOException unreadable) {
      problems.add(door + ".tls." + setting + " names a file that cannot be read: " + file.toAbsolutePath() + ": "
          + FileTrouble.why(unreadable));
    }
  }
}
