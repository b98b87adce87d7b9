package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.House;
import io.caregrid.api.Ward;
import io.caregrid.api.auth.Authority;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.junit5.VertxExtension;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class SmartRoutesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static HttpResponse<Buffer> asked(House house) {
    return Ward.get(house.request("GET", "/fhir/.well-known/smart-configuration").send());
  }

  @Test
  void appsAreToldWhatTheIssuerSaysAsSoonAsItHasSaidIt(Vertx vertx) throws Exception {
    AtomicReference<Authority> authority = new AtomicReference<>(Authority.NONE);
    Supplier<Authority> now = authority::get;
    House house = Ward
        .get(House.open(vertx, new FhirRoutes(null, Future.succeededFuture(), "1", now, new SimpleMeterRegistry()),
            new SmartRoutes(now)));
    assertEquals(404, asked(house).statusCode());

    authority.set(new Authority(true, "https://id.example", null));
    assertEquals(503, asked(house).statusCode());

    authority.set(new Authority(true, "https://id.example", JSON.readTree("""
        {"issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize",
         "token_endpoint": "https://id.example/token", "jwks_uri": "https://id.example/certs", "secret": "x",
         "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
         "code_challenge_methods_supported": ["S256"]}""")));
    HttpResponse<Buffer> answer = asked(house);
    JsonObject told = answer.bodyAsJsonObject();
    assertEquals("application/json", answer.getHeader("Content-Type"));
    assertEquals("https://id.example/token", told.getString("token_endpoint"));
    assertEquals(new JsonArray().add("client-public").add("client-confidential-symmetric"),
        told.getJsonArray("capabilities"));
    assertEquals(null, told.getString("secret"));
  }

  @Test
  void anIssuerThatNamesNoWayTakesASecret() {
    ObjectNode metadata = JSON.createObjectNode();

    assertEquals("[\"client-confidential-symmetric\"]", SmartRoutes.told(metadata).get("capabilities").toString());
  }
}
