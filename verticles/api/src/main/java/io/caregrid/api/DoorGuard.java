package io.caregrid.api;

import io.caregrid.contract.Failure;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Keeps web pages of the internet out of a node that trusts whoever reaches its loopback port.
 *
 * <p>A browser on this machine can be made to send requests here by any page it shows. Two checks stop that: a name that is not this machine's
 * own (DNS rebinding) is refused, and so is a change that a page of another origin asks for.
 */
final class DoorGuard implements Handler<RoutingContext> {
  private static final Set<HttpMethod> SAFE = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
  private static final Pattern IPV4_LOOPBACK = Pattern.compile("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
  private final String configured;

  /** @param configured the address this node is bound to, which is a good name for it too */
  DoorGuard(String configured) {
    this.configured = configured.toLowerCase(Locale.ROOT);
  }

  @Override
  public void handle(RoutingContext request) {
    HttpServerRequest http = request.request();
    if (!isOurName(http.authority())) {
      request.fail(new Failure.Forbidden("this node answers only under a name of this machine, such as localhost: "
          + "the Host header names another one"));
    } else if (!SAFE.contains(http.method()) && isForeign(http)) {
      request.fail(new Failure.Forbidden("a web page of another origin may not change anything here: "
          + "send the request from this node's own pages, or from a program without an Origin header"));
    } else {
      request.next();
    }
  }

  private boolean isOurName(HostAndPort authority) {
    if (authority == null) return false;
    String host = authority.host().toLowerCase(Locale.ROOT);
    return host.equals("localhost") || host.endsWith(".localhost") || host.equals("::1") || host.equals("[::1]")
        || host.equals(configured) || IPV4_LOOPBACK.matcher(host).matches();
  }

  private static boolean isForeign(HttpServerRequest http) {
    String origin = http.getHeader("Origin");
    if (origin != null) return !origin.equals(http.scheme() + "://" + http.authority());
    return "cross-site".equals(http.getHeader("Sec-Fetch-Site"));
  }
}
