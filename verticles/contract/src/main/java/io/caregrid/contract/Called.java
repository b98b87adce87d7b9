package io.caregrid.contract;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;

/**
 * Under which address a client has called this node, and from where: as the connection tells it, unless the front door was told otherwise by a proxy that it
 * believes. What links to this node begin with, at every door.
 *
 * @param scheme    {@code https}, also where the TLS ends at such a proxy
 * @param authority host and port as the client wrote them; null when it wrote none
 * @param client    the IP address that the request comes from; null when there is none
 */
public record Called(String scheme, HostAndPort authority, String client) {

  private static final String KEY = "called";

  /** What the front door found. */
  public void put(RoutingContext request) {
    request.put(KEY, this);
  }

  public static Called of(RoutingContext request) {
    return request.get(KEY) instanceof Called told ? told : by(request.request());
  }

  /** As its connection tells it. */
  public static Called by(HttpServerRequest http) {
    SocketAddress from = http.remoteAddress();
    return new Called(http.scheme(), http.authority(), from == null ? null : from.hostAddress());
  }

  /** Scheme, host and port, without a trailing slash. */
  public String origin() {
    return scheme + "://" + authority;
  }
}
