package io.caregrid.api.auth;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** An OpenID Connect issuer of the test's own: a discovery document and keys, which it may change, hide and delay. */
final class OwnIssuer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  final AtomicInteger asked = new AtomicInteger();
  volatile List<SigningKey> keys;
  volatile String calls;
  volatile String answer;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private final int port;

  OwnIssuer(SigningKey... keys) throws IOException {
    this.keys = List.of(keys);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    port = server.getAddress().getPort();
    calls = url();
    open(server);
  }

  private void open(HttpServer opened) {
    opened.createContext("/realms/ward/.well-known/openid-configuration",
        exchange -> send(exchange,
            JSON.createObjectNode().put("issuer", calls).put("jwks_uri", url() + "/certs").toString()));
    opened.createContext("/realms/ward/certs", exchange -> {
      asked.incrementAndGet();
      ObjectNode set = JSON.createObjectNode();
      keys.forEach(key -> set.withArray("keys").add(key.jwk()));
      send(exchange, answer != null ? answer : set.toString());
    });
    opened.setExecutor(threads);
    opened.start();
  }

  private static void send(HttpExchange exchange, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  String url() {
    return "http://127.0.0.1:" + port + "/realms/ward";
  }

  /** Nobody listens at its address any more. */
  void leave() {
    server.stop(0);
  }

  void comeBack() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 50);
    open(server);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
