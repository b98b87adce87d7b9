package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

/**
 * The one HTTP port with {@code /fhir}, {@code /ingest}, {@code /iomt}, {@code /health}, {@code /metrics} and the pages.
 *
 * @param host address to bind; only loopback until authentication is there (promise 5)
 * @param port 0..65535; 0 takes any free one, and the node prints what it got
 */
public record HttpConfig(String host, int port) {
  public static final HttpConfig DEFAULT = new HttpConfig("127.0.0.1", 8080);

  public HttpConfig {
    require(port >= 0 && port <= 65535, "http.port must be 0..65535, not " + port);
    require(Hosts.isLoopback(host),
        "http.host must be a loopback address, not " + host + ": this version has no authentication yet");
  }
}
