package io.caregrid.platform;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/**
 * A port of a door, when it is not free.
 *
 * @param key  of the setting that names it
 * @param host to be bound
 */
record DoorPort(String key, String host, int port) {
  /**
   * Whoever mistyped a port should not wait for engines first. The port is free again until the door really opens.
   *
   * @throws StartException naming port and key
   */
  void check() {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(host, port));
    } catch (IOException taken) {
      throw taken(taken);
    }
  }

  /** What to say when opening the door has failed. */
  RuntimeException explain(IllegalStateException failed) {
    return failed.getCause() instanceof BindException taken ? taken(taken) : failed;
  }

  private StartException taken(IOException taken) {
    return new StartException(key + " " + port + " on " + host + " is in use or may not be bound (" + taken.getMessage()
        + "): stop who uses it, or choose another, e.g. --set " + key + "=" + (port + 1) + " (0 takes any free one)",
        taken);
  }
}
