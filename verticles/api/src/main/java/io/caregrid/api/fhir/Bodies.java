package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/** Reads a request's body up to a limit, unzips it up to the same limit, and checks that it claims to be what this door reads. */
final class Bodies {
  static final int MAX_BYTES = 16 << 20;
  private static final Set<String> JSON = Set.of("application/fhir+json", "application/json", "application/json+fhir",
      "text/json");

  private Bodies() {}

  /** Fails with UnsupportedMedia 415 unless the body says that it is JSON. */
  static Future<Buffer> json(RoutingContext request) {
    String type = mediaType(request.request());
    if (JSON.contains(type)) return read(request);
    String fix = type.contains("xml") ? "; XML comes in a later version" : "";
    return Future.failedFuture(new Failure.UnsupportedMedia("this address reads Content-Type application/fhir+json, "
        + (type.isEmpty() ? "and the request names none" : "not the one that the request names") + fix));
  }

  static String mediaType(HttpServerRequest http) {
    String header = http.getHeader(HttpHeaders.CONTENT_TYPE);
    return header == null ? "" : header.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
  }

  /** The unzipped body. Fails with TooLarge 413, Invalid 400 or UnsupportedMedia 415. */
  static Future<Buffer> read(RoutingContext request) {
    String coding = request.request().getHeader(HttpHeaders.CONTENT_ENCODING);
    if (coding == null || coding.equalsIgnoreCase("identity")) return raw(request.request());
    if (!coding.equalsIgnoreCase("gzip")) {
      return Future.failedFuture(new Failure.UnsupportedMedia("this address reads Content-Encoding gzip or none"));
    }
    return raw(request.request()).compose(zipped -> request.vertx().executeBlocking(() -> gunzip(zipped), false));
  }

  private static Future<Buffer> raw(HttpServerRequest http) {
    Promise<Buffer> whole = Promise.promise();
    Buffer body = Buffer.buffer();
    http.handler(part -> {
      if (body.length() + part.length() <= MAX_BYTES) {
        body.appendBuffer(part);
      } else {
        whole.tryFail(tooLarge());
      }
    });
    http.exceptionHandler(whole::tryFail);
    http.endHandler(end -> whole.tryComplete(body));
    http.resume();
    return whole.future();
  }

  private static Buffer gunzip(Buffer zipped) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(zipped.getBytes()))) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) throw tooLarge();
      return Buffer.buffer(bytes);
    } catch (IOException broken) {
      throw new Failure.Invalid("the body is not whole gzip: it is damaged or cut short");
    }
  }

  private static Failure tooLarge() {
    return new Failure.TooLarge("the body is larger than " + (MAX_BYTES >> 20) + " MB, the most this address reads");
  }
}
