package io.caregrid.api;

import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.Network;
import io.caregrid.contract.Called;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the client has called this node and from where, where it says so itself and where one of {@code http.proxies} says so for it, in the one form that
 * {@code http.forwarded} names: {@code X-Forwarded-Proto}, {@code -Host} and {@code -For}, or {@code Forwarded} (RFC 7239). The other form nobody has set or
 * taken away on the way here: a client may have written it. Of several proxies the last one, which is ours, tells what the client before it wrote: what stands
 * before that anybody may have written. From other addresses these headers mean nothing.
 */
final class Proxies implements Handler<RoutingContext> {
  private static final Pattern AUTHORITY = Pattern
      .compile("([0-9A-Za-z.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}])(:\\d{1,5})?");
  /** RFC 7239 section 6: an address with or without a port, one of IPv6 in brackets; X-Forwarded-For has it without them, too. */
  private static final Pattern NODE = Pattern
      .compile(
          "(?:\\[([0-9A-Fa-f:.]{2,45})]|(\\d{1,3}(?:\\.\\d{1,3}){3}))(?::\\d{1,5})?|([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)");
  private final List<Network> trusted;
  private final boolean standard;

  Proxies(HttpConfig config) {
    trusted = config.proxies().stream().map(Network::of).toList();
    standard = config.forwarded().equals(HttpConfig.FORWARDED);
  }

  @Override
  public void handle(RoutingContext request) {
    HttpServerRequest http = request.request();
    Called own = Called.by(http);
    (isTrusted(own.client()) ? told(http, own) : own).put(request);
    request.next();
  }

  private boolean isTrusted(String address) {
    return trusted.stream().anyMatch(network -> network.has(address));
  }

  private Called told(HttpServerRequest http, Called own) {
    String proto = last(said(http, "proto", "X-Forwarded-Proto"));
    String host = last(said(http, "host", "X-Forwarded-Host"));
    boolean isScheme = proto != null && proto.matches("(?i)https?");
    boolean isHost = host != null && AUTHORITY.matcher(host).matches();
    return new Called(isScheme ? proto.toLowerCase(Locale.ROOT) : own.scheme(),
        isHost ? HostAndPort.parseAuthority(host, -1) : own.authority(),
        client(said(http, "for", "X-Forwarded-For"), own.client()));
  }

  /** The last one that is none of our proxies; who writes no address is not passed by. */
  private String client(List<String> way, String own) {
    String client = own;
    for (int i = way.size() - 1; i >= 0 && isTrusted(client); i--) {
      String before = address(way.get(i));
      if (before == null) return client;
      client = before;
    }
    return client;
  }

  private static String address(String node) {
    Matcher found = NODE.matcher(node);
    if (!found.matches()) return null;
    return found.group(1) != null ? found.group(1) : found.group(2) != null ? found.group(2) : found.group(3);
  }

  /** In the order of the proxies; empty for one that does not say it. */
  private List<String> said(HttpServerRequest http, String name, String header) {
    List<String> lines = http.headers().getAll(standard ? HttpConfig.FORWARDED : header);
    List<String> all = lines.stream().flatMap(line -> Arrays.stream(line.split(",", -1))).map(String::strip).toList();
    if (!standard) return all;
    Pattern pair = Pattern.compile("(?i)(?:^|;)\\s*" + name + "\\s*=\\s*\"?([^\";]+)");
    return all.stream().map(pair::matcher).map(found -> found.find() ? found.group(1).strip() : "").toList();
  }

  private static String last(List<String> all) {
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }
}
