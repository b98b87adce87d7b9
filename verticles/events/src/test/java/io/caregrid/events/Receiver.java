package io.caregrid.events;

import io.caregrid.engines.OwnPort;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Somebody who is told, over HTTP on a free port of loopback, and answers as a test wants. */
final class Receiver implements AutoCloseable {
  /** 32 bytes. */
  static final String SECRET = "whsec_"
      + Base64.getEncoder().encodeToString("0123456789abcdef0123456789abcdef".getBytes());

  /** What came. @param path with its query; @param nanos when, by System.nanoTime */
  record Got(String path, String id, String timestamp, String signature, String body, long nanos) {
    JsonObject event() {
      return new JsonObject(body);
    }

    JsonArray rows() {
      return new JsonArray(body);
    }

    /** {@code Patient/a 1}. */
    String what() {
      return event().getString("resourcetype") + "/" + event().getString("id") + " " + event().getString("version");
    }

    String resource() {
      return event().getString("resourcetype") + "/" + event().getString("id");
    }

    /** As a receiver does it, written down a second time. */
    boolean isSigned(String secret) throws Exception {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.substring(6)), "HmacSHA256"));
      byte[] sum = mac.doFinal((id + "." + timestamp + "." + body).getBytes(StandardCharsets.UTF_8));
      return List.of(signature.split(" ")).contains("v1," + Base64.getEncoder().encodeToString(sum));
    }
  }

  interface Reply {
    void to(Got got, HttpServerResponse response);

    static Reply status(int status) {
      return (got, response) -> response.setStatusCode(status).end();
    }

    static Reply nothing() {
      return (got, response) -> {};
    }

    static Reply redirect(String to) {
      return (got, response) -> response.setStatusCode(302).putHeader("Location", to).end();
    }

    static Reply later(String retryAfter) {
      return (got, response) -> response.setStatusCode(503).putHeader("Retry-After", retryAfter).end();
    }

    static Reply text(String text) {
      return (got, response) -> response.end(text);
    }
  }

  final List<Got> got = new CopyOnWriteArrayList<>();
  /** Connections that were closed by who called. */
  final AtomicInteger hungUp = new AtomicInteger();
  volatile Reply reply = Reply.status(204);
  private final Vertx vertx;
  private final OwnPort port = OwnPort.take();
  private HttpServer server;

  Receiver(Vertx vertx) {
    this.vertx = vertx;
    open();
  }

  private void open() {
    server = TellHouse.get(vertx.createHttpServer().requestHandler(this::heard).listen(port.number(), "127.0.0.1"));
  }

  private void heard(HttpServerRequest request) {
    request.connection().closeHandler(closed -> hungUp.incrementAndGet());
    request.body().onSuccess(body -> {
      Got one = new Got(request.uri(), request.getHeader("webhook-id"), request.getHeader("webhook-timestamp"),
          request.getHeader("webhook-signature"), body.toString(), System.nanoTime());
      Json.decodeValue(body);
      got.add(one);
      reply.to(one, request.response());
    });
  }

  /** Sends bytes as long as anybody takes them. */
  static Reply endless() {
    return (got, response) -> {
      response.setChunked(true);
      flood(response);
    };
  }

  private static void flood(HttpServerResponse response) {
    if (response.closed() || response.ended()) return;
    Future<Void> written = response.write(Buffer.buffer("x".repeat(4_000)));
    written.onSuccess(more -> flood(response));
  }

  String url() {
    return "http://127.0.0.1:" + port.number() + "/news?token=hush-hush";
  }

  /** What came of one resource, in its order: {@code Patient/a 1}. */
  List<String> of(String resource) {
    return got.stream().filter(one -> one.resource().equals(resource)).map(Got::what).toList();
  }

  /** Goes away, its address stays its own. */
  void leave() {
    TellHouse.get(server.close());
  }

  void comeBack() {
    open();
  }

  @Override
  public void close() {
    TellHouse.get(server.close());
    port.close();
  }
}
