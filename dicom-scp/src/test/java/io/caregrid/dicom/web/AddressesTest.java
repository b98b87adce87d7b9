package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Called;
import io.caregrid.dicom.Await;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.Router;
import org.junit.jupiter.api.Test;

class AddressesTest {
  @Test
  void theBaseIsWhatTheFrontDoorFoundAndNotWhatAnybodyWrites() {
    Vertx vertx = Vertx.vertx();
    try {
      Router router = Router.router(vertx);
      router.get("/proxied").handler(request -> {
        new Called("https", HostAndPort.parseAuthority("pacs.example", -1), "192.0.2.7").put(request);
        request.next();
      });
      router.get().handler(request -> request.end(Addresses.base(request)));
      HttpServer server = Await.get(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
      HttpClient client = vertx.createHttpClient();

      assertEquals("https://pacs.example/dicom-web", asked(client, server, "/proxied"));
      assertEquals("http://127.0.0.1:" + server.actualPort() + "/dicom-web", asked(client, server, "/direct"));
      Await.get(client.close());
    } finally {
      Await.get(vertx.close());
    }
  }

  private static String asked(HttpClient client, HttpServer server, String address) {
    // in one go on the event loop: a body that comes before somebody asks for it is lost
    return Await.get(client.request(HttpMethod.GET, server.actualPort(), "127.0.0.1", address)
        .compose(request -> request
            .putHeader("X-Forwarded-Host", "evil.example")
            .putHeader("Forwarded", "proto=https;host=evil.example")
            .send())
        .compose(HttpClientResponse::body)
        .map(Buffer::toString));
  }

  @Test
  void tagsAreComparedWeakly() {
    assertTrue(Fingerprint.matches("\"a\", W/\"b\"", "b"));
    assertTrue(Fingerprint.matches(" * ", "b"));
    assertFalse(Fingerprint.matches("\"bb\"", "b"));
    assertFalse(Fingerprint.matches(null, "b"));
  }
}
