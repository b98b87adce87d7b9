package io.caregrid.api;

import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.Network;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the client has called this node, where it says so itself and where one of {@code http.proxies} says so for it: {@code Forwarded} (RFC 7239), or in its absence
 * {@code X-Forwarded-Proto} and {@code X-Forwarded-Host}. Of several proxies the last one, which is ours, tells what the client before it wrote: what stands before that
 * anybody may have written. From other addresses these headers mean nothing.
 */
final class Proxies implements Handler<RoutingContext> {
  private static final Pattern AUTHORITY = Pattern
      .compile("([0-9A-Za-z.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}])(:\\d{1,5})?");
  private final List<Network> trusted;

  Proxies(HttpConfig config) {
    trusted = config.proxies().stream().map(Network::of).toList();
  }

  @Override
  public void handle(RoutingContext request) {
    HttpServerRequest http = request.request();
    String scheme = http.scheme();
    HostAndPort authority = http.authority();
    String from = http.remoteAddress() == null ? null : http.remoteAddress().hostAddress();
    if (trusted.stream().anyMatch(network -> network.has(from))) {
      String proto = said(http, "proto", "X-Forwarded-Proto");
      String host = said(http, "host", "X-Forwarded-Host");
      if (proto != null && proto.matches("(?i)https?")) scheme = proto.toLowerCase(Locale.ROOT);
      if (host != null && AUTHORITY.matcher(host).matches()) authority = HostAndPort.parseAuthority(host, -1);
    }
    Requests.called(request, scheme, authority);
    request.next();
  }

  private static String said(HttpServerRequest http, String name, String old) {
    List<String> standard = http.headers().getAll("Forwarded");
    if (standard.isEmpty()) return last(http.headers().getAll(old));
    Matcher found = Pattern.compile("(?i)(?:^|;)\\s*" + name + "\\s*=\\s*\"?([^\";,]+)").matcher(last(standard));
    return found.find() ? found.group(1).strip() : null;
  }

  private static String last(List<String> lines) {
    if (lines.isEmpty()) return null;
    String line = lines.get(lines.size() - 1);
    return line.substring(line.lastIndexOf(',') + 1).strip();
  }
}
