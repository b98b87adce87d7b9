package io.caregrid.api;

import io.vertx.core.http.HttpServerResponse;

/** Pages load nothing from anywhere else, run no inline script, and stand in nobody's frame. */
final class PageHeaders {
  private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      + "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

  private PageHeaders() {}

  static void put(HttpServerResponse response) {
    response.putHeader("Content-Security-Policy", POLICY)
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("X-Frame-Options", "DENY")
        .putHeader("Referrer-Policy", "no-referrer")
        .putHeader("Cross-Origin-Opener-Policy", "same-origin");
  }
}
