package io.caregrid.api;

import io.caregrid.cluster.HttpConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Routes;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import java.util.List;

/** A node's HTTP port for a test, on any free port, and a client that knows it. */
public record House(HttpVerticle http, WebClient client) {
  public static final HttpConfig ANY_PORT = new HttpConfig("127.0.0.1", 0, List.of());

  public static Future<House> open(Vertx vertx, Routes... doors) {
    HttpVerticle http = new HttpVerticle(ANY_PORT, Doorman.OPEN, Audit.log(), List.of(doors));
    return vertx.deployVerticle(http)
        .map(id -> new House(http, WebClient.create(vertx,
            new WebClientOptions().setDefaultHost("127.0.0.1").setDefaultPort(http.port()).setFollowRedirects(false))));
  }

  public HttpRequest<Buffer> request(String verb, String address) {
    return client.request(HttpMethod.valueOf(verb), address);
  }

  public String base() {
    return "http://127.0.0.1:" + http.port();
  }
}
