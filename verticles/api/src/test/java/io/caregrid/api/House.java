package io.caregrid.api;

import io.caregrid.api.signin.SignIn;
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
import java.util.stream.Stream;

/** A node's HTTP port for a test, on any free port, and a client that knows it. */
public record House(HttpVerticle http, WebClient client) {
  public static final HttpConfig ANY_PORT = new HttpConfig("127.0.0.1", 0, List.of());

  public static Future<House> open(Vertx vertx, Routes... doors) {
    return open(vertx, SignIn.notOffered(true), Doorman.OPEN, doors);
  }

  public static Future<House> open(Vertx vertx, SignIn signIn, Doorman doorman, Routes... doors) {
    List<Routes> all = Stream.concat(Stream.of(doors), Stream.of(signIn)).toList();
    HttpVerticle http = new HttpVerticle(ANY_PORT, signIn.before(doorman), Audit.log(), all);
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
