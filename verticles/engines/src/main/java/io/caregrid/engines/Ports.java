package io.caregrid.engines;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** Ports on 127.0.0.1. */
final class Ports {
  static final String HOST = "127.0.0.1";

  private Ports() {}

  /**
   * Free ports that nobody is given who asks for any, until this is closed: bound, and not listened at. A server that shares addresses (SO_REUSEADDR, as
   * PostgreSQL and Kafka do) can listen there meanwhile. A port that is only let go may be given to another process before a server is up that takes seconds
   * to be. Where the system lets nobody share an address (BSD, macOS) that has to do.
   */
  static final class Held implements AutoCloseable {
    private final List<Socket> sockets = new ArrayList<>();
    private final List<Integer> numbers;

    private Held(int count) {
      try {
        for (int i = 0; i < count; i++) sockets.add(bound());
        numbers = sockets.stream().map(Socket::getLocalPort).toList();
        if (!areShared()) close();
      } catch (IOException failed) {
        close();
        throw new EngineException("no free port on " + HOST + ": " + failed, failed);
      }
    }

    private static Socket bound() throws IOException {
      Socket socket = new Socket();
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(HOST, 0));
      return socket;
    }

    private boolean areShared() {
      try (ServerSocket server = new ServerSocket()) {
        server.setReuseAddress(true);
        server.bind(new InetSocketAddress(HOST, numbers.get(0)));
        return true;
      } catch (IOException refused) {
        return false;
      }
    }

    int number(int index) {
      return numbers.get(index);
    }

    /** Who listens at one of them keeps it. */
    @Override
    public void close() {
      sockets.forEach(Ports::close);
    }
  }

  /** So many different ports. */
  static Held hold(int count) {
    return new Held(count);
  }

  private static void close(Socket socket) {
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
