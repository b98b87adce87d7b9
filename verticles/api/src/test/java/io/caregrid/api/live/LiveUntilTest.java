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
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.junit5.VertxExtension;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class LiveUntilTest {
  /** @param until asked for each who watches; null: for ever */
  private static House house(Vertx vertx, Supplier<Instant> until) {
    vertx.eventBus().registerDefaultCodec(Live.Watch.class, new RecordCodec<>(Live.Watch.class));
    Doorman doorman = request -> Future.succeededFuture(
        new Caller("w", "test", null, Set.of(), Grants.of(Access.FHIR_READ), until.get(), null, null));
    return Ward.get(House.open(vertx, SignIn.notOffered(true), doorman,
        new LiveRoutes(vertx, null, entry -> Future.succeededFuture(), 4)));
  }

  @Test
  void aStreamEndsWhenItIsNoLongerKnownWhoWatches(Vertx vertx) throws Exception {
    AtomicReference<Instant> until = new AtomicReference<>();
    House house = house(vertx, () -> until.updateAndGet(before -> Instant.now().plusSeconds(10)));

    HttpResponse<String> stream = HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(house.base() + "/iomt/live")).timeout(Duration.ofSeconds(120)).build(),
            HttpResponse.BodyHandlers.ofString());

    assertEquals(200, stream.statusCode());
    assertTrue(stream.body().startsWith("event: clock\n"), stream.body());
    assertTrue(!Instant.now().isBefore(until.get()), "not before");
  }

  @Test
  void oneCallerHasSoManyStreamsAndNoMoreUntilOneIsClosed(Vertx vertx) throws Exception {
    House house = house(vertx, () -> null);
    io.vertx.core.http.HttpClient client = vertx.createHttpClient(new PoolOptions().setHttp1MaxSize(200));
    List<HttpClientResponse> open = new ArrayList<>();
    for (int n = 0; n < LiveRoutes.MOST_OF_ONE; n++) open.add(stream(client, house));
    open.forEach(one -> assertEquals(200, one.statusCode()));

    HttpClientResponse refused = stream(client, house);
    assertEquals(503, refused.statusCode());
    assertEquals("2", refused.getHeader("Retry-After"));

    open.get(0).request().connection().close();
    long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
    while (stream(client, house).statusCode() != 200) assertTrue(System.nanoTime() < deadline, "room for one more");
    Ward.get(client.close());
  }

  private static HttpClientResponse stream(io.vertx.core.http.HttpClient client, House house) {
    return Ward.get(client.request(HttpMethod.GET, house.http().port(), "127.0.0.1", "/iomt/live")
        .compose(request -> request.send()));
  }
}
