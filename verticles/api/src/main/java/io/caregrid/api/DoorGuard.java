package io.caregrid.api;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Keeps web pages of the internet out of a node that trusts whoever reaches its loopback port, or a browser that is signed in.
 *
 * <p>A browser can be made to send requests here by any page it shows. Two checks stop that: a name that is not this node's own (DNS rebinding) is
 * refused, and so is a change that a page of another origin asks for.
 */
final class DoorGuard implements Handler<RoutingContext> {
  private static final Set<HttpMethod> SAFE = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
  private static final Pattern IPV4_LOOPBACK = Pattern.compile("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
  private static final Failure ANOTHER_NAME = new Failure.Forbidden(
      "this node answers only under a name of this machine, such as localhost: the Host header names another one. "
          + "Setting http.names names more");
  private static final Failure ANOTHER_ORIGIN = new Failure.Forbidden(
      "a web page of another origin may not change anything here: send the request from this node's own pages, or from "
          + "a program without an Origin header");
  private final String bound;
  private final Set<String> named;
  private final Audit audit;

  /**
   * @param bound the address this node is bound to, which is a good name for it too
   * @param names others by which clients call it ({@code http.names}); behind them a proxy may end TLS
   * @param audit told of everybody who was turned away
   */
  DoorGuard(String bound, List<String> names, Audit audit) {
    this.audit = audit;
    named = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    this.bound = bound.toLowerCase(Locale.ROOT);
  }

  @Override
  public void handle(RoutingContext request) {
    HttpServerRequest http = request.request();
    if (!isOurName(http.authority())) {
      Gate.turnAway(request, audit, "under a name that is not this node's", ANOTHER_NAME);
    } else if (!SAFE.contains(http.method()) && isForeign(http)) {
      Gate.turnAway(request, audit, "from a page of another origin", ANOTHER_ORIGIN);
    } else {
      request.next();
    }
  }

  private boolean isOurName(HostAndPort authority) {
    if (authority == null) return false;
    String host = authority.host().toLowerCase(Locale.ROOT);
    return host.equals("localhost") || host.endsWith(".localhost") || host.equals("::1") || host.equals("[::1]")
        || host.equals(bound) || named.contains(host) || IPV4_LOOPBACK.matcher(host).matches();
  }

  private boolean isForeign(HttpServerRequest http) {
    String origin = http.getHeader("Origin");
    if (origin != null) return !origin.equals(http.scheme() + "://" + http.authority()) && !isBehindProxy(http, origin);
    return "cross-site".equals(http.getHeader("Sec-Fetch-Site"));
  }

  /** The page came by TLS, which ended before us. */
  private boolean isBehindProxy(HttpServerRequest http, String origin) {
    return named.contains(http.authority().host().toLowerCase(Locale.ROOT))
        && origin.equals("https://" + http.authority());
  }
}
