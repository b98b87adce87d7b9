package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Rejected;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.store.SearchQuery.Param;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/** Reads a request's body up to a limit, unzips it up to the same limit, and checks that it claims to be what this door reads. */
final class Bodies {
  static final int MAX_BYTES = 16 << 20;
  /** As many ids as somebody may want to search for; it is read where it comes in. */
  private static final int FORM_BYTES = 256 << 10;
  private static final int CHUNK_BYTES = 64 << 10;
  /** Larger bodies are read on a worker thread: reading and checking this much takes well under a millisecond, of what has the most invariants some. */
  static final int INLINE_BYTES = 8 << 10;
  private static final Pattern CHARSET = Pattern.compile("(?i);\\s*charset\\s*=\\s*\"?([^\";\\s]*)");

  private Bodies() {}

  /** Is told of what comes, before it is kept. */
  interface Meter {
    Meter NONE = bytes -> {};

    /** Throws when there is no room for so many more: then nothing more is kept. */
    void take(long bytes);
  }

  /** A body and the form it says it has. */
  record Sent(Buffer bytes, Format format) {}

  /** Fails with UnsupportedMedia 415 unless the body says that it is FHIR's JSON or XML, in UTF-8. */
  static Future<Sent> resource(RoutingContext request) {
    return resource(request, MAX_BYTES, BundleRoom.HEAP.beside(request));
  }

  /** @param most bytes, unzipped */
  static Future<Sent> resource(RoutingContext request, int most, Meter meter) {
    String header = request.request().getHeader(HttpHeaders.CONTENT_TYPE);
    if (header == null || header.isBlank()) return unsupported("the request names none");
    Format format = Format.of(header);
    if (format == null) return unsupported("not the one that the request names, and of FHIR no version but 4.0");
    if (!isUtf8(header)) return unsupported("in charset utf-8");
    return read(request, most, meter).map(bytes -> new Sent(bytes, format));
  }

  /** A resource of this type that keeps R4's rules. Fails with Invalid 400, TooLarge 413, UnsupportedMedia 415 or Rejected 422, all findings at once. */
  static Future<ObjectNode> checked(RoutingContext request, Future<ResourceRules> rules, String type) {
    if (type.equals(BinaryContent.TYPE) && isContent(request)) return binary(request, rules);
    return resource(request)
        .compose(sent -> rules.compose(ready -> sent.bytes().length() <= INLINE_BYTES
            ? Future.succeededFuture(checked(ready, sent, type))
            : request.vertx().executeBlocking(() -> checked(ready, sent, type), false)));
  }

  private static ObjectNode checked(ResourceRules rules, Sent sent, String type) {
    ObjectNode resource = ResourceReader.read(sent.bytes(), sent.format(), type);
    List<Issue> issues = rules.check(resource);
    if (!issues.isEmpty()) throw new Rejected(422, issues);
    return resource;
  }

  private static boolean isContent(RoutingContext request) {
    String type = request.request().getHeader(HttpHeaders.CONTENT_TYPE);
    return type != null && Format.of(type) == null;
  }

  private static Future<ObjectNode> binary(RoutingContext request, Future<ResourceRules> rules) {
    return read(request).compose(content -> rules.compose(ready -> request.vertx().executeBlocking(() -> {
      ObjectNode binary = BinaryContent.of(request, content, request.pathParam("id"));
      List<Issue> issues = ready.check(binary);
      if (!issues.isEmpty()) throw new Rejected(422, issues);
      return binary;
    }, false)));
  }

  private static Future<Sent> unsupported(String why) {
    return Future.failedFuture(new Failure.UnsupportedMedia(
        "this address reads Content-Type application/fhir+json or application/fhir+xml, and " + why));
  }

  private static boolean isUtf8(String header) {
    Matcher charset = CHARSET.matcher(header);
    return !charset.find() || charset.group(1).equalsIgnoreCase("utf-8")
        || charset.group(1).equalsIgnoreCase("us-ascii");
  }

  static String mediaType(HttpServerRequest http) {
    String header = http.getHeader(HttpHeaders.CONTENT_TYPE);
    return header == null ? "" : header.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
  }

  /** The unzipped body. Fails with TooLarge 413, Invalid 400 or UnsupportedMedia 415. */
  static Future<Buffer> read(RoutingContext request) {
    return read(request, MAX_BYTES, BundleRoom.HEAP.beside(request));
  }

  /** The parameters of a {@code _search}: those of the address, then those of the form (FHIR R4 search.html#post). */
  static Future<List<Param>> form(RoutingContext request) {
    if (!mediaType(request.request()).equals("application/x-www-form-urlencoded"))
      throw new Failure.UnsupportedMedia("_search reads Content-Type application/x-www-form-urlencoded");
    List<Param> params = Query.parse(request.request().query());
    return read(request, FORM_BYTES, Meter.NONE).map(form -> {
      params.addAll(Query.parse(form.toString(StandardCharsets.UTF_8)));
      Negotiation.form(request, SearchRequest.last(params, "_format"), SearchRequest.last(params, "_pretty"))
          .put(request);
      return params;
    });
  }

  private static Future<Buffer> read(RoutingContext request, int most, Meter meter) {
    String coding = request.request().getHeader(HttpHeaders.CONTENT_ENCODING);
    if (coding == null || coding.equalsIgnoreCase("identity")) return raw(request.request(), most, meter);
    if (!coding.equalsIgnoreCase("gzip")) {
      return Future.failedFuture(new Failure.UnsupportedMedia("this address reads Content-Encoding gzip or none"));
    }
    return raw(request.request(), most, meter)
        .compose(zipped -> request.vertx().executeBlocking(() -> gunzip(zipped, most, meter), false));
  }

  private static Future<Buffer> raw(HttpServerRequest http, int most, Meter meter) {
    Promise<Buffer> whole = Promise.promise();
    Buffer body = Buffer.buffer();
    http.handler(part -> {
      try {
        if (body.length() + part.length() > most) throw tooLarge(most);
        meter.take(part.length());
        body.appendBuffer(part);
      } catch (Failure refused) {
        http.handler(rest -> {}).endHandler(end -> {});
        whole.tryFail(refused);
      }
    });
    http.exceptionHandler(gone -> whole.tryFail(new Failure.Invalid("the connection ended before the body did")));
    http.endHandler(end -> whole.tryComplete(body));
    http.resume();
    return whole.future();
  }

  private static Buffer gunzip(Buffer zipped, int most, Meter meter) {
    Buffer body = Buffer.buffer();
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(zipped.getBytes()))) {
      byte[] part = new byte[CHUNK_BYTES];
      for (int read = in.read(part); read >= 0; read = in.read(part)) {
        if (body.length() + read > most) throw tooLarge(most);
        meter.take(read);
        body.appendBytes(part, 0, read);
      }
      return body;
    } catch (IOException broken) {
      throw new Failure.Invalid("the body is not whole gzip: it is damaged or cut short");
    }
  }

  private static Failure tooLarge(int most) {
    String size = most < 1 << 20 ? (most >> 10) + " kB" : (most >> 20) + " MB";
    return new Failure.TooLarge("the body is larger than " + size + ", the most this address reads");
  }
}
