package io.caregrid.api.signin;

import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/**
 * The two cookies. By TLS they have names that a browser takes from nobody but this host by TLS (RFC 6265bis section 4.1.3), so that neither a neighbour
 * in the domain nor a page without TLS can plant one. A script can read neither.
 */
final class Cookies {
  private static final String SESSION = "caregrid";
  private static final String ATTEMPT = "caregrid-sign-in";
  private static final long ATTEMPT_SECONDS = 600;

  private Cookies() {}

  static Optional<String> session(RoutingContext request, boolean tls) {
    return value(request, tls ? "__Host-" + SESSION : SESSION);
  }

  /** Of this browser until it is closed, or the session ends. */
  static void setSession(RoutingContext request, boolean tls, String value) {
    request.response().addCookie(cookie(tls ? "__Host-" + SESSION : SESSION, value, "/", tls));
  }

  static void dropSession(RoutingContext request, boolean tls) {
    request.response().addCookie(cookie(tls ? "__Host-" + SESSION : SESSION, "", "/", tls).setMaxAge(0));
  }

  static Optional<String> attempt(RoutingContext request, boolean tls) {
    return value(request, tls ? "__Secure-" + ATTEMPT : ATTEMPT);
  }

  static void setAttempt(RoutingContext request, boolean tls, String value) {
    request.response()
        .addCookie(cookie(tls ? "__Secure-" + ATTEMPT : ATTEMPT, value, "/auth", tls).setMaxAge(ATTEMPT_SECONDS));
  }

  static void dropAttempt(RoutingContext request, boolean tls) {
    request.response().addCookie(cookie(tls ? "__Secure-" + ATTEMPT : ATTEMPT, "", "/auth", tls).setMaxAge(0));
  }

  private static Optional<String> value(RoutingContext request, String name) {
    return Optional.ofNullable(request.request().getCookie(name)).map(Cookie::getValue);
  }

  /** Lax: it comes along when somebody follows a link to us, and back from the issuer, but with nothing that another site sends. */
  private static Cookie cookie(String name, String value, String path, boolean tls) {
    return Cookie.cookie(name, value).setPath(path).setHttpOnly(true).setSecure(tls).setSameSite(CookieSameSite.LAX);
  }
}
