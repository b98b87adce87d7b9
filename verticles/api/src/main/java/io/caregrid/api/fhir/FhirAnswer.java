package io.caregrid.api.fhir;

import io.caregrid.api.Form;
import io.caregrid.api.Requests;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;

/** Writes what the store gave as an HTTP answer, headers first (FHIR R4 http.html). A future fails, or a method throws, before anything is sent. */
final class FhirAnswer {
  private static final int INLINE_BYTES = 32 << 10;
  private static final int SLICE_BYTES = 512 << 10;

  private FhirAnswer() {}

  /** This node's FHIR base as the client called it, without a trailing slash. */
  static String base(RoutingContext request) {
    return Requests.origin(request) + "/fhir";
  }

  /** A reply as HTTP says it. */
  static Future<Void> send(RoutingContext request, Reply reply) {
    HttpServerResponse response = request.response();
    if (reply.stored() != null) {
      response.putHeader(HttpHeaders.ETAG, Versions.tag(reply.stored()))
          .putHeader(HttpHeaders.LAST_MODIFIED, Versions.lastModified(reply.stored()));
    }
    if (reply.location() != null) response.putHeader(HttpHeaders.LOCATION, base(request) + "/" + reply.location());
    if (reply.items() >= 0) response.putHeader("Items-Deleted", String.valueOf(reply.items()));
    if (reply.status() == 200 && reply.stored() != null && BinaryContent.isWanted(request, reply.stored()))
      return BinaryContent.send(request, reply.stored());
    return reply.body() == null
        ? response.setStatusCode(reply.status()).end()
        : json(request, reply.status(), reply.body());
  }

  /** Answers this JSON in the form that the client wants; large ones are rewritten on a worker thread. */
  static Future<Void> json(RoutingContext request, int status, Buffer body) {
    Form form = Form.of(request);
    BundleRoom.ANSWERS.keep(request, 2 * body.length()); // as it is, and as it is written
    Future<Buffer> written = form.plain() || body.length() <= INLINE_BYTES
        ? Future.succeededFuture(form.written().apply(body))
        : request.vertx().executeBlocking(() -> form.written().apply(body), false);
    return written.compose(ready -> {
      varying(request.response())
          .setStatusCode(status)
          .putHeader(HttpHeaders.CONTENT_TYPE, form.contentType())
          .putHeader("X-Content-Type-Options", "nosniff")
          .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
      return sent(request, ready);
    });
  }

  /** In slices, between which others are served: they are zipped on the event loop. */
  private static Future<Void> sent(RoutingContext request, Buffer body) {
    HttpServerResponse response = request.response();
    boolean whole = body.length() <= SLICE_BYTES || request.request().method() == HttpMethod.HEAD;
    if (whole) return response.end(body);
    response.putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(body.length()));
    return slice(request, body, 0);
  }

  private static Future<Void> slice(RoutingContext request, Buffer body, int from) {
    int to = Math.min(from + SLICE_BYTES, body.length());
    if (to == body.length()) return request.response().end(body.slice(from, to));
    return request.response().write(body.slice(from, to)).compose(written -> {
      Promise<Void> rest = Promise.promise();
      request.vertx().runOnContext(turn -> slice(request, body, to).onComplete(rest));
      return rest.future();
    });
  }

  /** Beside what varies with the origin of a page. */
  static HttpServerResponse varying(HttpServerResponse response) {
    response.headers().add(HttpHeaders.VARY, "Accept, Accept-Encoding");
    return response;
  }

  static String prefer(RoutingContext request) {
    return String.join(",", request.request().headers().getAll("Prefer")).toLowerCase(Locale.ROOT).replace(" ", "");
  }
}
