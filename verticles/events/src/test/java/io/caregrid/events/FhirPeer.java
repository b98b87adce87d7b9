package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.engines.OwnPort;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** Another FHIR server, as small as can be, with a token endpoint, on a free port of loopback; it answers as a test wants. */
final class FhirPeer implements AutoCloseable {
  /** What was asked. @param nanos when, by System.nanoTime */
  record Asked(String method, String path, String body, String ifMatch, String ifNoneMatch, long nanos) {
    String what() {
      return method + " " + path;
    }
  }

  interface Fault {
    /** True: it has answered, or will never. */
    boolean answers(Asked asked, HttpServerRequest request);

    static Fault status(int status) {
      return (asked, request) -> {
        request.response().setStatusCode(status).end();
        return true;
      };
    }
  }

  final List<Asked> asked = new CopyOnWriteArrayList<>();
  /** {@code Type/id} → its versions, the last one is current. */
  final Map<String, List<ObjectNode>> resources = new ConcurrentSkipListMap<>();
  final AtomicInteger tokens = new AtomicInteger();
  volatile Fault fault = (one, request) -> false;
  volatile String good = "";
  volatile int tokenSeconds = 3_600;
  volatile boolean takesBatches = true;
  private final Vertx vertx;
  private final OwnPort port = OwnPort.take();
  private HttpServer server;

  FhirPeer(Vertx vertx) {
    this.vertx = vertx;
    open();
  }

  private void open() {
    server = TellHouse.get(vertx.createHttpServer().requestHandler(this::heard).listen(port.number(), "127.0.0.1"));
  }

  String url() {
    return "http://127.0.0.1:" + port.number() + "/fhir";
  }

  void leave() {
    TellHouse.get(server.close());
  }

  void comeBack() {
    open();
  }

  /** Settings of a target that gets in here. */
  Map<String, String> target(String name) {
    String key = "targets." + name + ".";
    Map<String, String> settings = new TreeMap<>();
    settings.put(key + "kind", "fhir");
    settings.put(key + "url", url());
    settings.put(key + "tokenEndpoint", "http://127.0.0.1:" + port.number() + "/token");
    settings.put(key + "clientId", "caregrid");
    settings.put(key + "secret", "hush-hush");
    settings.put(key + "scopes", "observations");
    settings.put(key + "resource", "true");
    settings.put(key + "roles", "FHIR Data Reader");
    settings.put(key + "every", "0s");
    return settings;
  }

  private void heard(HttpServerRequest request) {
    request.body().onSuccess(body -> {
      if (request.path().equals("/token")) {
        token(request, body);
        return;
      }
      Asked one = new Asked(request.method().name(), request.path().substring("/fhir".length()).replaceFirst("^/", ""),
          body.toString(), request.getHeader("If-Match"), request.getHeader("If-None-Match"), System.nanoTime());
      asked.add(one);
      if (fault.answers(one, request)) return;
      if (!("Bearer " + good).equals(request.getHeader("Authorization"))) {
        request.response().setStatusCode(401).end();
        return;
      }
      Reply reply = answer(one);
      if (reply.version != null) request.response().putHeader("ETag", "W/\"" + reply.version + "\"");
      request.response().setStatusCode(reply.status).putHeader("Content-Type", "application/fhir+json");
      request.response().end(reply.body == null ? Buffer.buffer() : Trees.bytes(reply.body));
    });
  }

  private void token(HttpServerRequest request, Buffer body) {
    String basic = "Basic " + Base64.getEncoder().encodeToString("caregrid:hush-hush".getBytes());
    boolean right = basic.equals(request.getHeader("Authorization")) && body.toString().contains("client_credentials")
        && body.toString().contains("scope=observations");
    if (!right) {
      request.response()
          .setStatusCode(401)
          .putHeader("Content-Type", "application/json")
          .end("{\"error\":\"invalid_client\",\"error_description\":\"hush-hush\"}");
      return;
    }
    good = "token-" + tokens.incrementAndGet();
    request.response()
        .putHeader("Content-Type", "application/json")
        .end(new JsonObject().put("access_token", good)
            .put("token_type", "Bearer")
            .put("expires_in", tokenSeconds)
            .toBuffer());
  }

  private record Reply(int status, String version, JsonNode body) {}

  private Reply answer(Asked one) {
    if (one.method().equals("POST") && one.path().isEmpty())
      return takesBatches ? batch(Trees.read(Buffer.buffer(one.body()))) : new Reply(404, null, null);
    if (one.path().endsWith("/_search")) return search(one.path().replace("/_search", ""), one.body());
    return switch (one.method()) {
      case "GET" -> read(one.path());
      case "PUT" -> put(one.path(), Trees.read(Buffer.buffer(one.body())), one.ifMatch(), one.ifNoneMatch());
      case "DELETE" -> {
        resources.remove(one.path());
        yield new Reply(204, null, null);
      }
      default -> new Reply(405, null, null);
    };
  }

  private Reply read(String path) {
    ObjectNode there = current(path);
    return there == null
        ? new Reply(404, null, null)
        : new Reply(200, there.path("meta").path("versionId").asText(), there);
  }

  /** Null: not there. */
  ObjectNode current(String path) {
    List<ObjectNode> versions = resources.get(path);
    return versions == null ? null : versions.get(versions.size() - 1);
  }

  private synchronized Reply put(String path, JsonNode body, String ifMatch, String ifNoneMatch) {
    ObjectNode there = current(path);
    if (ifNoneMatch != null && there != null) return new Reply(412, null, null);
    if (ifMatch != null && (there == null || !ifMatch.equals("W/\"" + there.path("meta").path("versionId").asText()
        + "\"")))
      return new Reply(412, null, null);
    return new Reply(there == null ? 201 : 200, store(body).path("meta").path("versionId").asText(), null);
  }

  /** Whoever writes there. */
  synchronized ObjectNode store(JsonNode body) {
    String path = body.path("resourceType").asText() + "/" + body.path("id").asText();
    List<ObjectNode> versions = new ArrayList<>(resources.getOrDefault(path, List.of()));
    ObjectNode next = body.deepCopy();
    next.withObject("/meta").put("versionId", Integer.toString(versions.size() + 1));
    versions.add(next);
    resources.put(path, versions); // whole, for who reads meanwhile
    return next;
  }

  ObjectNode store(String json) {
    return store(TellHouse.json(json));
  }

  private Reply search(String type, String form) {
    String token = URLDecoder.decode(form.replaceFirst("identifier=", ""), StandardCharsets.UTF_8);
    int bar = token.indexOf('|');
    String system = bar < 0 ? null : token.substring(0, bar);
    String value = token.substring(bar + 1).replace("\\", "");
    ObjectNode bundle = Trees.object().put("resourceType", "Bundle").put("type", "searchset");
    for (String path : resources.keySet()) {
      if (!path.startsWith(type + "/")) continue;
      for (JsonNode identifier : current(path).path("identifier"))
        if (identifier.path("value").asText().equals(value)
            && (system == null || identifier.path("system").asText().equals(system)))
          bundle.withArray("entry").addObject().set("resource", current(path));
    }
    return new Reply(200, null, bundle);
  }

  private Reply batch(JsonNode bundle) {
    ObjectNode answer = Trees.object().put("resourceType", "Bundle").put("type", "batch-response");
    for (JsonNode entry : bundle.path("entry")) {
      JsonNode request = entry.path("request");
      Reply reply = put(request.path("url").asText(), entry.path("resource"), request.path("ifMatch").textValue(),
          request.path("ifNoneMatch").textValue());
      ObjectNode response = answer.withArray("entry")
          .addObject()
          .putObject("response")
          .put("status", reply.status
              + " done");
      if (reply.version != null) response.put("etag", "W/\"" + reply.version + "\"");
    }
    return new Reply(200, null, answer);
  }

  /** Those that are there of a type. */
  List<ObjectNode> all(String type) {
    List<ObjectNode> all = new ArrayList<>();
    resources.keySet().stream().filter(path -> path.startsWith(type + "/")).forEach(path -> all.add(current(path)));
    return all;
  }

  List<String> asked(Predicate<Asked> such) {
    return asked.stream().filter(such).map(Asked::what).toList();
  }

  @Override
  public void close() {
    TellHouse.get(server.close());
    port.close();
  }
}
