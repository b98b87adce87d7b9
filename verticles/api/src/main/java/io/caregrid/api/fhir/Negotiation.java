package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.Set;

/** Which form the client wants its answer in (FHIR R4 http.html#mime-type): JSON is what there is. */
final class Negotiation {
  private static final Set<String> FORMATS = Set.of("json", "application/json", "application/fhir+json", "text/json",
      "application/json+fhir");
  private static final Set<String> ACCEPTED = Set.of("application/fhir+json", "application/json", "text/json",
      "application/json+fhir", "application/*", "*/*", "*", "text/html");

  private Negotiation() {}

  /** Passes the request on, or fails with NotAcceptable 406. {@code _format} wins over Accept. */
  static void check(RoutingContext request) {
    String format = request.queryParams().get("_format");
    if (format != null && !format.isEmpty()) {
      require(request, FORMATS.contains(format.split(";", 2)[0].trim().replace(' ', '+').toLowerCase(Locale.ROOT)),
          "_format");
    } else {
      String accept = request.request().getHeader(HttpHeaders.ACCEPT);
      require(request, accept == null || accept.isBlank() || accepts(accept), "the Accept header");
    }
  }

  private static void require(RoutingContext request, boolean met, String what) {
    if (met) {
      request.next();
    } else {
      request.fail(new Failure.NotAcceptable("this address answers application/fhir+json, which " + what
          + " does not allow; XML comes in a later version"));
    }
  }

  private static boolean accepts(String header) {
    for (String range : header.split(",")) {
      String[] parts = range.trim().toLowerCase(Locale.ROOT).split("\\s*;\\s*");
      boolean refused = java.util.Arrays.stream(parts).anyMatch(part -> part.matches("q=0(\\.0*)?"));
      if (!refused && ACCEPTED.contains(parts[0])) return true;
    }
    return false;
  }

  static boolean pretty(RoutingContext request) {
    return "true".equals(request.queryParams().get("_pretty"));
  }
}
