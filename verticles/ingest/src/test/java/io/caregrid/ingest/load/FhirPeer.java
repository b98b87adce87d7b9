package io.caregrid.ingest.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A FHIR server over HTTP that keeps what is PUT in a batch in memory, refuses resources with {@code "bad":true}, and answers with what {@link #next} holds first.
 */
final class FhirPeer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  final Map<String, JsonNode> kept = new ConcurrentHashMap<>();
  final List<byte[]> bodies = new CopyOnWriteArrayList<>();
  final List<String> authorizations = new CopyOnWriteArrayList<>();
  /** Of the token endpoint: who asked, and the form. */
  final List<String> asked = new CopyOnWriteArrayList<>();
  /** That a token says it is good for. */
  volatile String seconds = "300";
  /** What the token endpoint answers, with a header {@code Retry-After: 3600} when it is 429. */
  volatile int tokenStatus = 200;
  /** Before what it answers. */
  volatile String padding = "";
  /** Statuses that are answered before anything is taken; a header {@code Retry-After: 1} goes with 429. */
  final Queue<Integer> next = new ConcurrentLinkedQueue<>();
  /** Ids that are too busy when they are asked for first. */
  final List<String> busyOnce = new CopyOnWriteArrayList<>();
  volatile int most = Integer.MAX_VALUE;
  /** Of a request's body that has a text in it; null: it is taken. */
  final Map<String, Integer> refused = new ConcurrentHashMap<>();
  /** What is answered with 200, whatever comes; null: an answer to it. */
  volatile String says;
  volatile Runnable before = () -> {};
  /** So many answers to what was taken come by drops, until nobody waits for them any more. */
  final AtomicInteger dribbles = new AtomicInteger();
  private final HttpServer server;

  FhirPeer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/fhir", this::answer);
    server.createContext("/token", exchange -> {
      asked.add(exchange.getRequestHeaders().getFirst("Authorization") + " "
          + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
      if (tokenStatus == 429) exchange.getResponseHeaders().add("Retry-After", "3600");
      send(exchange, tokenStatus,
          padding + "{\"access_token\":\"t" + authorizations.size() + "\",\"expires_in\":" + seconds + "}");
    });
    server.createContext("/moved", exchange -> {
      asked.add("moved");
      exchange.getResponseHeaders().add("Location", tokens().toString());
      send(exchange, 307, "");
    });
    server.start();
  }

  URI base() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/fhir");
  }

  URI tokens() {
    return base().resolve("/token");
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
    before.run();
    Integer status = next.poll();
    if (status != null) {
      if (status == 429) exchange.getResponseHeaders().add("Retry-After", "1");
      send(exchange, status, "{}");
      return;
    }
    if (says != null) {
      send(exchange, 200, says);
      return;
    }
    for (Map.Entry<String, Integer> each : refused.entrySet()) {
      if (new String(body, StandardCharsets.UTF_8).contains(each.getKey())) {
        send(exchange, each.getValue(), "{}");
        return;
      }
    }
    JsonNode bundle = JSON.readTree(body);
    if (bundle.path("entry").size() > most) {
      send(exchange, 413, "{}");
      return;
    }
    if (bundle.has("entry")) bodies.add(body);
    ObjectNode answer = JSON.createObjectNode().put("resourceType", "Bundle");
    ArrayNode entries = answer.putArray("entry");
    for (JsonNode entry : bundle.path("entry")) entries.addObject().set("response", taken(entry));
    if (dribbles.getAndUpdate(many -> Math.max(0, many - 1)) > 0) dribble(exchange, answer.toString());
    else send(exchange, 200, answer.toString());
  }

  private static void dribble(HttpExchange exchange, String body) {
    try (exchange) {
      exchange.sendResponseHeaders(200, 0);
      for (int at = 0;; at++) {
        exchange.getResponseBody().write(at < body.length() - 1 ? body.charAt(at) : ' ');
        exchange.getResponseBody().flush();
        LockSupport.parkNanos(20_000_000);
      }
    } catch (IOException gone) {
      // as it was meant
    }
  }

  private ObjectNode taken(JsonNode entry) {
    String name = entry.path("request").path("url").asText();
    ObjectNode response = JSON.createObjectNode();
    if (busyOnce.remove(name)) return response.put("status", "429");
    if (entry.path("resource").path("bad").asBoolean()) {
      response.put("status", "422 Unprocessable")
          .putObject("outcome")
          .putArray("issue")
          .addObject()
          .put("diagnostics", "it is bad")
          .putArray("expression")
          .add("Patient.bad");
      return response;
    }
    kept.put(name, entry.path("resource"));
    return response.put("status", "201 Created");
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  List<Integer> batches() {
    List<Integer> sizes = new ArrayList<>();
    try {
      for (byte[] body : bodies) sizes.add(JSON.readTree(body).path("entry").size());
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    return sizes;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
