package io.caregrid.ingest.load;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Over HTTP, somebody whose answers do not end: they go on until nobody takes them any more. One at a time. */
final class Endless implements AutoCloseable {
  final CountDownLatch asked = new CountDownLatch(1);
  final CountDownLatch letGo = new CountDownLatch(1);
  volatile int status = 200;
  volatile String first = " ";
  /** What follows it, each time after a pause. */
  volatile String again = " ";
  volatile long pauseMillis = 20;
  private final CountDownLatch over = new CountDownLatch(1);
  private final HttpServer server;

  Endless() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/there");
  }

  boolean isLetGo() throws InterruptedException {
    return letGo.await(180, TimeUnit.SECONDS);
  }

  private void answer(HttpExchange exchange) {
    asked.countDown();
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(status, 0);
      exchange.getResponseBody().write(first.getBytes(StandardCharsets.US_ASCII));
      byte[] more = again.getBytes(StandardCharsets.US_ASCII);
      while (over.getCount() > 0) {
        exchange.getResponseBody().write(more);
        exchange.getResponseBody().flush();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pauseMillis));
      }
    } catch (IOException gone) {
      letGo.countDown();
    }
  }

  @Override
  public void close() {
    over.countDown();
    server.stop(0);
  }
}
