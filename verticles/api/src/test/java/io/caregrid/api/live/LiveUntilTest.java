package io.caregrid.api.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.House;
import io.caregrid.api.Ward;
import io.caregrid.api.signin.SignIn;
import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Grants;
import io.caregrid.contract.Live;
import io.caregrid.contract.RecordCodec;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class LiveUntilTest {
  @Test
  void aStreamEndsWhenItIsNoLongerKnownWhoWatches(Vertx vertx) throws Exception {
    vertx.eventBus().registerDefaultCodec(Live.Watch.class, new RecordCodec<>(Live.Watch.class));
    Instant until = Instant.now().plusMillis(1_500);
    Caller watcher = new Caller("w", null, null, Set.of(), Grants.of(Access.FHIR_READ), until, null, null);
    Doorman doorman = request -> Future.succeededFuture(watcher);
    House house = Ward.get(House.open(vertx, SignIn.notOffered(true), doorman,
        new LiveRoutes(vertx, null, entry -> Future.succeededFuture(), 4)));

    HttpResponse<String> stream = HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(house.base() + "/iomt/live")).timeout(Duration.ofSeconds(20)).build(),
            HttpResponse.BodyHandlers.ofString());

    assertEquals(200, stream.statusCode());
    assertTrue(stream.body().startsWith("event: clock\n"), stream.body());
    assertTrue(!Instant.now().isBefore(until), "not before");
  }
}
