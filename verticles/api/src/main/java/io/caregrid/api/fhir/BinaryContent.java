package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Failure;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * A Binary as what it holds (FHIR R4 binary.html#rest): read so by whoever accepts no form of FHIR, written so by whoever sends none. What comes back is never
 * shown by a browser as a page of this house: it is saved, and has no rights if it is opened.
 */
final class BinaryContent {
  static final String TYPE = "Binary";
  private static final Pattern ADDRESS = Pattern.compile("/fhir/Binary/[^/]+(/_history/[^/]+)?/?");
  private static final Pattern MIME = Pattern
      .compile("[a-zA-Z0-9!#$&^_.+-]{1,127}/[a-zA-Z0-9!#$&^_.+-]{1,127}( *;[ -~]*)?");
  private static final String WANTED = "binary.content";

  private BinaryContent() {}

  /** Notes that the Accept header allows none of FHIR's forms; false where that is an error. */
  static boolean isWanted(RoutingContext request) {
    boolean reads = request.request().method().name().matches("GET|HEAD");
    if (!reads || !ADDRESS.matcher(request.normalizedPath()).matches() || request.queryParams().contains("_format"))
      return false;
    request.put(WANTED, true);
    return true;
  }

  static boolean isWanted(RoutingContext request, Stored stored) {
    return stored.type().equals(TYPE) && Boolean.TRUE.equals(request.get(WANTED));
  }

  /** @param type of what it holds */
  private record Content(String type, Buffer bytes) {
    static Content of(Stored stored) {
      ObjectNode binary = Trees.own(stored.body().getBytes());
      String type = binary.path("contentType").asText();
      return new Content(MIME.matcher(type).matches() ? type : "application/octet-stream",
          Buffer.buffer(Base64.getMimeDecoder().decode(binary.path("data").asText())));
    }
  }

  /** Busy 503 when it is too much beside others: as a tree, as text and as bytes. */
  static Future<Void> send(RoutingContext request, Stored stored) {
    BundleRoom.ANSWERS.keep(request, 3L * stored.body().length());
    return request.vertx().executeBlocking(() -> Content.of(stored), false).compose(content -> {
      FhirAnswer.varying(request.response())
          .putHeader(HttpHeaders.CONTENT_TYPE, content.type())
          .putHeader("Content-Disposition", "attachment")
          .putHeader("Content-Security-Policy", "sandbox; default-src 'none'")
          .putHeader("X-Content-Type-Options", "nosniff")
          .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
      return FhirAnswer.sent(request, content.bytes());
    });
  }

  /** @param id of the address, or null where the store gives one */
  static ObjectNode of(RoutingContext request, Buffer content, String id) {
    String type = request.request().getHeader(HttpHeaders.CONTENT_TYPE);
    if (type == null || !MIME.matcher(type.trim()).matches())
      throw new Failure.UnsupportedMedia("a Binary needs a Content-Type that says what it is");
    ObjectNode binary = JsonNodeFactory.instance.objectNode().put("resourceType", TYPE);
    if (id != null) binary.put("id", id);
    binary.put("contentType", type.trim());
    String context = request.request().getHeader("X-Security-Context");
    if (context != null) binary.putObject("securityContext").put("reference", context);
    if (content.length() > 0) binary.put("data", Base64.getEncoder().encodeToString(content.getBytes()));
    return binary;
  }
}
