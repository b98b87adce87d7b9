package io.caregrid.engines;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port on 127.0.0.1 that nobody is given who asks for any: bound, and not listened to. Who calls it is refused; a server that is told to take it may, as often
 * as it likes, while this is open (SO_REUSEADDR, which servers set, allows it as long as only one of them listens).
 */
public final class HeldPort implements AutoCloseable {
  private final Socket held;

  private HeldPort(Socket held) {
    this.held = held;
  }

  public static HeldPort hold() throws IOException {
    Socket held = new Socket();
    held.setReuseAddress(true);
    held.bind(new InetSocketAddress(Ports.HOST, 0));
    return new HeldPort(held);
  }

  public int number() {
    return held.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    held.close();
  }
}
