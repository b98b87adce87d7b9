package io.caregrid.engines;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Ports on 127.0.0.1. */
final class Ports {
  static final String HOST = "127.0.0.1";

  private Ports() {}

  /** A port that was free a moment ago. */
  static int free() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
      return socket.getLocalPort();
    } catch (IOException failed) {
      throw new EngineException("no free port on " + HOST + ": " + failed, failed);
    }
  }

  /** @throws EngineException when somebody listens there */
  static void checkFree(int port, String engine) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(HOST, port));
    } catch (IOException taken) {
      throw new EngineException(engine + " cannot listen on " + HOST + ":" + port + ": " + taken.getMessage()
          + ". Choose another port, or 0 for any free one", taken);
    }
  }
}
