package io.caregrid.api;

import io.caregrid.contract.Called;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Gate;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import java.util.UUID;
import java.util.regex.Pattern;

/** What every door wants to know of a request: who asks, under which trace, and how this node is called from outside. */
public final class Requests {
  public static final String TRACE_HEADER = "X-Request-Id";
  private static final Pattern USABLE_TRACE = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private Requests() {}

  /**
   * {@code %24} is {@code $}, as clients write it that encode each segment of an address: RFC 3986 section 2.2 leaves it to us whether the two are one address, and
   * here they are. Before anybody looks at the address, so that roles and the audit trail see no other than the router does. Decoded once: {@code %2524} stays.
   */
  static void plain(RoutingContext request) {
    String path = request.request().path();
    if (path == null || !path.startsWith("/") || !path.contains("%24")) {
      request.next();
      return;
    }
    String query = request.request().query();
    request.reroute(request.request().method(), path.replace("%24", "$") + (query == null ? "" : "?" + query));
  }

  /** Takes the client's X-Request-Id or makes one, and answers it back. */
  static void trace(RoutingContext request) {
    String asked = request.request().getHeader(TRACE_HEADER);
    String trace = asked != null && USABLE_TRACE.matcher(asked).matches() ? asked : UUID.randomUUID().toString();
    request.put(Gate.TRACE, trace);
    request.response().putHeader(TRACE_HEADER, trace);
    request.next();
  }

  /** Joins the log lines of this request. */
  public static String traceOf(RoutingContext request) {
    return request.get(Gate.TRACE);
  }

  /** Who asks, as {@link Gate} learned it. */
  public static Caller caller(RoutingContext request) {
    return Gate.caller(request);
  }

  /** Host and port as the client wrote them; null when it wrote none. */
  static HostAndPort authority(RoutingContext request) {
    return Called.of(request).authority();
  }

  /** {@code https}, also where the TLS ends at a proxy of ours. */
  public static String scheme(RoutingContext request) {
    return Called.of(request).scheme();
  }

  /** Scheme, host and port as the client wrote them, without a trailing slash; the guard has checked the host. */
  public static String origin(RoutingContext request) {
    return Called.of(request).origin();
  }
}
