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
import java.util.Arrays;
import java.util.List;
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
    if (reply.body() == null) return response.setStatusCode(reply.status()).end();
    return isAsked(request)
        ? json(request, reply.status(), reply.body())
        : done(request, reply.status(), reply.body());
  }

  /** Nothing was changed, so it may be refused and asked again. */
  private static boolean isAsked(RoutingContext request) {
    HttpMethod verb = request.request().method();
    return verb == HttpMethod.GET || verb == HttpMethod.HEAD || request.normalizedPath().endsWith("/_search");
  }

  /** Answers this JSON in the form that the client wants; large ones are rewritten on a worker thread. Busy 503 when it is too much beside others. */
  static Future<Void> json(RoutingContext request, int status, Buffer body) {
    return json(request, status, body, BundleRoom.ANSWERS);
  }

  /** @param room that it takes its place in */
  static Future<Void> json(RoutingContext request, int status, Buffer body, BundleRoom room) {
    room.keep(request, memory(body));
    return written(request, status, body);
  }

  /** The same of what was done: who were told 503 would do it again. */
  static Future<Void> done(RoutingContext request, int status, Buffer body) {
    BundleRoom.ANSWERS.add(request, memory(body));
    return written(request, status, body);
  }

  /** The same of one JSON for all, which takes no memory of its own. @param zipped gzip of it, for those who take that */
  static Future<Void> shared(RoutingContext request, Buffer body, Buffer zipped) {
    boolean zips = takesGzip(request.request().headers().getAll(HttpHeaders.ACCEPT_ENCODING));
    if (zips) request.response().putHeader(HttpHeaders.CONTENT_ENCODING, "gzip");
    headers(request, 200);
    return sent(request, zips ? zipped : body);
  }

  /** RFC 9110 section 12.5.3. */
  private static boolean takesGzip(List<String> lines) {
    return lines.stream()
        .flatMap(line -> Arrays.stream(line.toLowerCase(Locale.ROOT).replace(" ", "").split(",")))
        .anyMatch(coding -> coding.equals("gzip") || coding.matches("gzip;q=(0\\.0*[1-9]\\d*|1(\\.0*)?)"));
  }

  /** As it is, and as it is written. */
  private static long memory(Buffer body) {
    return 2L * body.length();
  }

  private static Future<Void> written(RoutingContext request, int status, Buffer body) {
    Form form = Form.of(request);
    Future<Buffer> written = form.plain() || body.length() <= INLINE_BYTES
        ? Future.succeededFuture(form.written().apply(body))
        : request.vertx().executeBlocking(() -> form.written().apply(body), false);
    return written.compose(ready -> {
      headers(request, status);
      return sent(request, ready);
    });
  }

  private static void headers(RoutingContext request, int status) {
    varying(request.response())
        .setStatusCode(status)
        .putHeader(HttpHeaders.CONTENT_TYPE, Form.of(request).contentType())
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
  }

  /** In slices, between which others are served: they are zipped on the event loop. */
  static Future<Void> sent(RoutingContext request, Buffer body) {
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
