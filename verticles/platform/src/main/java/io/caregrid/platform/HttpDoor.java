package io.caregrid.platform;

import io.caregrid.api.HttpVerticle;
import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Gate;
import java.net.URI;
import java.util.List;
import java.util.Locale;

/** The HTTP port of a node, with everything that its rooms show there. */
final class HttpDoor {
  private final HttpConfig config;
  private final HttpVerticle http;

  private HttpDoor(HttpConfig config, HttpVerticle http) {
    this.config = config;
    this.http = http;
  }

  /** @throws StartException when its port or its files can be seen to be wrong */
  static void check(NodeConfig config) {
    port(config.http()).check();
    new DoorFiles("http", config.http().tls()).check();
  }

  private static DoorPort port(HttpConfig config) {
    return new DoorPort("http.port", config.host(), config.port());
  }

  /** Shows what is in {@code ground.doors()} by now. */
  static HttpDoor open(Ground ground, Doorman doorman) {
    HttpConfig config = ground.config().http();
    HttpVerticle http = new HttpVerticle(config, doorman, ground.trail(), ground.doors());
    ground.deploy(port(config), ground.vertx().deployVerticle(http));
    return new HttpDoor(config, http);
  }

  /** Base of every HTTP address of this node, e.g. {@code http://127.0.0.1:8080}, with the port it really got. */
  String address() {
    String host = config.host();
    return (config.tls().isOn() ? "https://" : "http://") + (host.contains(":") ? "[" + host + "]" : host) + ":"
        + http.port();
  }

  /** Whether it is this node's own door, by one of the names that the door goes by. */
  boolean isOwn(URI base) {
    URI door = URI.create(address());
    if (base.getHost() == null || !base.getScheme().equals(door.getScheme())) return false;
    int port = base.getPort() >= 0 ? base.getPort() : base.getScheme().equals("https") ? 443 : 80;
    String host = base.getHost().toLowerCase(Locale.ROOT);
    boolean named = host.equals(door.getHost()) || host.equals("localhost") || host.equals("127.0.0.1")
        || config.names().stream().anyMatch(host::equalsIgnoreCase);
    return named && port == door.getPort();
  }

  /** What every route of it asks for. */
  List<Gate.Line> table() {
    return http.table();
  }
}
