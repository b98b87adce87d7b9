package io.caregrid.engines;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** Ports on 127.0.0.1. */
final class Ports {
  static final String HOST = "127.0.0.1";

  private Ports() {}

  /** So many different ports that were free a moment ago: held together, since one that was let go may be given again. */
  static List<Integer> free(int count) {
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) held.add(new ServerSocket(0, 1, InetAddress.getByName(HOST)));
      return held.stream().map(ServerSocket::getLocalPort).toList();
    } catch (IOException failed) {
      throw new EngineException("no free port on " + HOST + ": " + failed, failed);
    } finally {
      held.forEach(Ports::close);
    }
  }

  private static void close(ServerSocket socket) {
    try {
      socket.close();
    } catch (IOException failed) {
      throw new EngineException("a port on " + HOST + " cannot be let go: " + failed, failed);
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
