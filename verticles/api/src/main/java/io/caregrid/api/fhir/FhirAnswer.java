package io.caregrid.api.fhir;

import io.caregrid.api.Form;
import io.caregrid.api.Requests;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;

/** Writes what the store gave as an HTTP answer, headers first (FHIR R4 http.html). A future fails, or a method throws, before anything is sent. */
final class FhirAnswer {
  private static final int INLINE_BYTES = 32 << 10;

  private FhirAnswer() {}

  /** This node's FHIR base as the client called it, without a trailing slash. */
  static String base(RoutingContext request) {
    return Requests.origin(request) + "/fhir";
  }

  /** read and vread: 304 when the client's copy is good. */
  static Future<Void> resource(RoutingContext request, Stored stored) {
    HttpServerResponse response = versioned(request, stored);
    boolean fresh = Versions.isFresh(stored, request.request().getHeader(HttpHeaders.IF_NONE_MATCH),
        request.request().getHeader(HttpHeaders.IF_MODIFIED_SINCE));
    if (fresh) return response.setStatusCode(304).end();
    return json(request, 200, Selection.of(request).apply(stored.body()));
  }

  /** create and update, as {@code Prefer: return} asks (FHIR R4 http.html#ops); the whole resource when nothing is asked. */
  static Future<Void> written(RoutingContext request, Stored stored) {
    HttpServerResponse response = versioned(request, stored);
    int status = stored.created() ? 201 : 200;
    if (stored.created()) response.putHeader(HttpHeaders.LOCATION, versionUrl(request, stored));
    String prefer = prefer(request);
    if (prefer.contains("return=minimal")) return response.setStatusCode(status).end();
    if (prefer.contains("return=operationoutcome")) {
      return outcome(request, status, stored.type() + (stored.created() ? " created" : " updated"));
    }
    return json(request, status, stored.body());
  }

  /** 200 with an OperationOutcome; {@code stored} is null when there was nothing to delete. */
  static Future<Void> deleted(RoutingContext request, String type, Stored stored) {
    if (stored != null) request.response().putHeader(HttpHeaders.ETAG, Versions.tag(stored));
    return outcome(request, 200, type + (stored == null ? " was not there: nothing to delete" : " deleted"));
  }

  /** Answers this JSON in the form that the client wants; large ones are rewritten on a worker thread. */
  static Future<Void> json(RoutingContext request, int status, Buffer body) {
    Form form = Form.of(request);
    Future<Buffer> written = form.plain() || body.length() <= INLINE_BYTES
        ? Future.succeededFuture(form.written().apply(body))
        : request.vertx().executeBlocking(() -> form.written().apply(body), false);
    return written.compose(ready -> request.response()
        .setStatusCode(status)
        .putHeader(HttpHeaders.CONTENT_TYPE, form.contentType())
        .putHeader(HttpHeaders.VARY, "Accept, Accept-Encoding")
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
        .end(ready));
  }

  static String versionUrl(RoutingContext request, Stored stored) {
    return base(request) + "/" + stored.type() + "/" + stored.id() + "/_history/" + stored.version();
  }

  static String prefer(RoutingContext request) {
    return String.join(",", request.request().headers().getAll("Prefer")).toLowerCase(Locale.ROOT).replace(" ", "");
  }

  private static Future<Void> outcome(RoutingContext request, int status, String text) {
    return json(request, status, OperationOutcome.of(List.of(Issue.information(text))));
  }

  private static HttpServerResponse versioned(RoutingContext request, Stored stored) {
    return request.response()
        .putHeader(HttpHeaders.ETAG, Versions.tag(stored))
        .putHeader(HttpHeaders.LAST_MODIFIED, Versions.lastModified(stored));
  }
}
