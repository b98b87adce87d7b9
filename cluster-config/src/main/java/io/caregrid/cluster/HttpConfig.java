package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.util.List;

/**
 * The one HTTP port with {@code /fhir}, {@code /ingest}, {@code /iomt}, {@code /health}, {@code /metrics} and the pages.
 *
 * @param host    address to bind; beyond loopback only when {@code security} says who may call
 * @param port    0..65535; 0 takes any free one, and the node prints what it got
 * @param names   host names, without port, by which clients call this node besides {@code host} and this machine's own: a request under another name is
 *                refused
 * @param origins web origins ({@code https://app.example.org}) whose pages may call this node from a browser (Fetch, CORS), or {@link #ANY_ORIGIN}; none: only
 *                its own pages
 * @param tls     {@link TlsConfig#NONE}: HTTP in the clear
 * @param proxies addresses ({@code 10.1.2.3}) and networks ({@code 10.1.0.0/16}) of proxies before this node: what they say of the client's scheme and host
 *                ({@code Forwarded}, RFC 7239, or {@code X-Forwarded-Proto} and {@code -Host}) stands in this node's links; nobody else is believed
 */
public record HttpConfig(String host, int port, List<String> names, List<String> origins, TlsConfig tls,
    List<String> proxies) {

  public static final String ANY_ORIGIN = "*";

  private static final String ORIGIN = "https?://[a-z0-9.:\\[\\]-]+";
  public static final HttpConfig DEFAULT = new HttpConfig("127.0.0.1", 8080, List.of());

  public HttpConfig(String host, int port, List<String> names) {
    this(host, port, names, List.of(), TlsConfig.NONE);
  }

  public HttpConfig(String host, int port, List<String> names, List<String> origins, TlsConfig tls) {
    this(host, port, names, origins, tls, List.of());
  }

  public HttpConfig {
    tls.check("http");
    names = List.copyOf(names);
    origins = List.copyOf(origins);
    proxies = List.copyOf(proxies);
    try {
      proxies.forEach(Network::of);
    } catch (ConfigException none) {
      throw new ConfigException("http.proxies: " + none.getMessage());
    }
    require(port >= 0 && port <= 65535, "http.port must be 0..65535, not " + port);
    require(names.stream().allMatch(name -> name.matches("[A-Za-z0-9.:\\[\\]-]+")),
        "http.names must be host names without port, not " + names);
    require(origins.equals(List.of(ANY_ORIGIN)) || origins.stream().allMatch(origin -> origin.matches(ORIGIN)),
        "http.origins must be origins such as https://app.example.org, without a path and in lower case, or * alone, not "
            + origins);
    require(!Hosts.isAny(host) || !names.isEmpty(),
        "http.names must name the hosts by which clients call this node when http.host is " + host);
  }
}
