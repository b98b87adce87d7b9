package io.caregrid.api.auth;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.caregrid.engines.OwnPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/** An OpenID Connect issuer of the test's own: a discovery document and keys, which it may change, hide and delay. */
final class OwnIssuer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  final AtomicInteger asked = new AtomicInteger();
  volatile List<SigningKey> keys;
  volatile String calls;
  volatile String answer;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final SSLContext tls;
  private HttpServer server;
  private final OwnPort port = OwnPort.take();

  OwnIssuer(SigningKey... keys) throws IOException {
    this(null, keys);
  }

  /** @param tls null: it speaks in the clear */
  OwnIssuer(SSLContext tls, SigningKey... keys) throws IOException {
    this.tls = tls;
    this.keys = List.of(keys);
    server = create();
    calls = url();
    open(server);
  }

  private HttpServer create() throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port.number());
    if (tls == null) return HttpServer.create(address, 50);
    HttpsServer https = HttpsServer.create(address, 50);
    https.setHttpsConfigurator(new HttpsConfigurator(tls));
    return https;
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
    return (tls == null ? "http" : "https") + "://127.0.0.1:" + port.number() + "/realms/ward";
  }

  /** Nobody listens at its address any more. */
  void leave() {
    server.stop(0);
  }

  void comeBack() throws IOException {
    server = create();
    open(server);
  }

  @Override
  public void close() {
    server.stop(0);
    port.close();
    threads.shutdownNow();
  }
}
