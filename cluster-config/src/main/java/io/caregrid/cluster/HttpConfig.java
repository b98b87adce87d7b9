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
 * @param proxies addresses ({@code 10.1.2.3}) and networks ({@code 10.1.0.0/16}) of proxies before this node: what they say of the client's scheme, host
 *                and address stands in this node's links and in the audit trail; nobody else is believed. The name under which a proxy itself calls this node is
 *                among {@code names}, too, unless it passes on the client's
 * @param forwarded how they say it, {@link #X_FORWARDED} or {@link #FORWARDED}; what they do not write themselves their clients may have written, and counts for
 *                nothing
 */
public record HttpConfig(String host, int port, List<String> names, List<String> origins, TlsConfig tls,
    List<String> proxies, String forwarded) {

  /** {@code X-Forwarded-Proto}, {@code -Host} and {@code -For}. */
  public static final String X_FORWARDED = "X-Forwarded";
  /** The one header of RFC 7239. */
  public static final String FORWARDED = "Forwarded";
  public static final String ANY_ORIGIN = "*";

  private static final String ORIGIN = "https?://[a-z0-9.:\\[\\]-]+";
  public static final HttpConfig DEFAULT = new HttpConfig("127.0.0.1", 8080, List.of());

  public HttpConfig(String host, int port, List<String> names) {
    this(host, port, names, List.of(), TlsConfig.NONE);
  }

  public HttpConfig(String host, int port, List<String> names, List<String> origins, TlsConfig tls) {
    this(host, port, names, origins, tls, List.of());
  }

  public HttpConfig(String host, int port, List<String> names, List<String> origins, TlsConfig tls,
      List<String> proxies) {
    this(host, port, names, origins, tls, proxies, X_FORWARDED);
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
    require(List.of(X_FORWARDED, FORWARDED).contains(forwarded),
        "http.forwarded must be " + X_FORWARDED + " or " + FORWARDED + ", not " + forwarded);
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
