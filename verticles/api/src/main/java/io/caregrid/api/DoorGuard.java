package io.caregrid.api;

import io.caregrid.cluster.HttpConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.CorsHandler;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Keeps web pages of the internet out of a node that trusts whoever reaches its loopback port, or a browser that is signed in.
 *
 * <p>A browser can be made to send requests here by any page it shows. Two checks stop that: a name that is not this node's own (DNS rebinding) is
 * refused, whether the request has it itself or a proxy tells it; and so is a change that a page of another origin asks for, unless {@code http.origins} lets that origin in. Then the browser is told so (Fetch,
 * CORS protocol), and what it adds by itself counts for nothing: such a page has to bring a token, a session's cookie is not looked at.
 */
final class DoorGuard implements Handler<RoutingContext> {
  private static final Set<HttpMethod> SAFE = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
  private static final Set<HttpMethod> METHODS = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST,
      HttpMethod.PUT,
      HttpMethod.PATCH, HttpMethod.DELETE);
  /** What a client of FHIR (http.html), DICOMweb or our own doors sends. */
  private static final Set<String> ALLOWED = Set.of("accept", "authorization", "content-type", "content-encoding",
      "if-match",
      "if-modified-since", "if-none-exist", "if-none-match", "prefer", "range", "x-request-id", "x-requested-with",
      "x-provenance");
  private static final Set<String> EXPOSED = Set.of("content-location", "etag", "last-modified", "location",
      "retry-after",
      "www-authenticate", "x-request-id", "content-range", "accept-ranges", "warning");
  private static final int PREFLIGHT_SECONDS = 600;
  private static final Pattern IPV4_LOOPBACK = Pattern.compile("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
  private static final Failure ANOTHER_NAME = new Failure.Forbidden(
      "this node answers only under a name of this machine, such as localhost: the Host header names another one. "
          + "Setting http.names names more");
  private static final Failure ANOTHER_ORIGIN = new Failure.Forbidden(
      "a web page of another origin may not change anything here: send the request from this node's own pages, or from "
          + "a program without an Origin header, or let that origin in by setting http.origins");
  private final String bound;
  private final Set<String> named;
  private final Audit audit;
  private final Set<String> origins;
  private final CorsHandler cors;

  /**
   * @param config its {@code host} is a good name for this node, as {@code names} are; behind those a proxy may end TLS
   * @param audit  told of everybody who was turned away
   */
  DoorGuard(HttpConfig config, Audit audit) {
    this.audit = audit;
    named = config.names().stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    bound = config.host().toLowerCase(Locale.ROOT);
    origins = Set.copyOf(config.origins());
    cors = CorsHandler.create()
        .addOrigins(config.origins())
        .allowedMethods(METHODS)
        .allowedHeaders(ALLOWED)
        .exposedHeaders(EXPOSED)
        .maxAgeSeconds(PREFLIGHT_SECONDS);
  }

  @Override
  public void handle(RoutingContext request) {
    HttpServerRequest http = request.request();
    if (!isOurName(http.authority()) || !isOurName(Requests.authority(request))) {
      Gate.turnAway(request, audit, "under a name that is not this node's", ANOTHER_NAME);
    } else if (!isForeign(request)) {
      request.next();
    } else if (isLetIn(http.getHeader(HttpHeaders.ORIGIN))) {
      http.headers().remove(HttpHeaders.COOKIE);
      cors.handle(request);
    } else if (SAFE.contains(http.method())) {
      request.next();
    } else {
      Gate.turnAway(request, audit, "from a page of another origin", ANOTHER_ORIGIN);
    }
  }

  private boolean isLetIn(String origin) {
    return origin != null && (origins.contains(origin) || origins.contains(HttpConfig.ANY_ORIGIN));
  }

  private boolean isOurName(HostAndPort authority) {
    if (authority == null) return false;
    String host = authority.host().toLowerCase(Locale.ROOT);
    return host.equals("localhost") || host.endsWith(".localhost") || host.equals("::1") || host.equals("[::1]")
        || host.equals(bound) || named.contains(host) || IPV4_LOOPBACK.matcher(host).matches();
  }

  private boolean isForeign(RoutingContext request) {
    HttpServerRequest http = request.request();
    String origin = http.getHeader("Origin");
    if (origin != null)
      return !origin.equals(Requests.origin(request)) && !isBehindProxy(Requests.authority(request), origin);
    return "cross-site".equals(http.getHeader("Sec-Fetch-Site"));
  }

  /** The page came by TLS, which ended before us. */
  private boolean isBehindProxy(HostAndPort authority, String origin) {
    return named.contains(authority.host().toLowerCase(Locale.ROOT)) && origin.equals("https://" + authority);
  }
}
