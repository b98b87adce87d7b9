package io.caregrid.platform;

import io.caregrid.cluster.HttpConfig;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** The port of the doors, when it is not free. */
final class HttpPort {
  private HttpPort() {}

  /**
   * Whoever mistyped a port should not wait for engines first. The port is free again until the door really opens.
   *
   * @throws StartException naming port and key
   */
  static void check(HttpConfig config) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(config.host(), config.port()));
    } catch (IOException taken) {
      throw taken(config, taken);
    }
  }

  /** What to say when opening the door has failed. */
  static RuntimeException explain(HttpConfig config, IllegalStateException failed) {
    return failed.getCause() instanceof BindException taken ? taken(config, taken) : failed;
  }

  private static StartException taken(HttpConfig config, IOException taken) {
    return new StartException(
        "http.port " + config.port() + " on " + config.host() + " is in use or may not be bound (" + taken.getMessage()
            + "): stop who uses it, or choose another, e.g. --set http.port=8081 (0 takes any free one)",
        taken);
  }
}
