package io.caregrid.engines;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port on 127.0.0.1 that stays a test's own while nobody listens there: bound, but not listened at. Who connects meanwhile is refused, the system gives
 * it to nobody who asks for any port, and a server that shares addresses (SO_REUSEADDR: Vert.x, Kafka, PostgreSQL, Python) can listen there, go away, and
 * come back.
 */
public final class OwnPort implements AutoCloseable {
  private final Socket held;

  private OwnPort(Socket held) {
    this.held = held;
  }

  public static OwnPort take() {
    try {
      Socket held = new Socket();
      held.setReuseAddress(true);
      held.bind(new InetSocketAddress(Ports.HOST, 0));
      return new OwnPort(held);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  public int number() {
    return held.getLocalPort();
  }

  @Override
  public void close() {
    try {
      held.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
