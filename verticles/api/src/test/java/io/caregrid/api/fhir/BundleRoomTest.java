package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.Ward;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How much of the memory bundles take while they come. Answers 200 with the length of what came. */
class BundleRoomTest {
  private static final int MOST = 100_000;
  /** Nanoseconds. */
  private static final long LONGEST = Duration.ofMinutes(2).toNanos();
  private final Vertx vertx = Vertx.vertx();
  private HttpServer server;
  private HttpClient client;

  @BeforeEach
  void open() {
    BundleRoom room = new BundleRoom(MOST);
    Router router = Router.router(vertx);
    router.post()
        .handler(request -> room.within(request, sent -> Future.succeededFuture(sent.bytes().length()))
            .onSuccess(length -> request.end(String.valueOf(length)))
            .onFailure(cause -> request.response().setStatusCode(((Failure) cause).status).end()));
    server = Ward.get(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
    client = vertx.createHttpClient();
  }

  @AfterEach
  void close() {
    Ward.get(vertx.close());
  }

  private HttpClientRequest begun() {
    HttpClientRequest request = Ward
        .get(client.request(HttpMethod.POST, server.actualPort(), "127.0.0.1", "/"));
    request.putHeader("Content-Type", "application/fhir+json");
    return request;
  }

  private int send(int bytes) {
    return Ward.get(begun().send(Buffer.buffer(new byte[bytes]))).statusCode();
  }

  @Test
  void whatIsStillComingTakesItsPlaceAndGivesItBack() {
    HttpClientRequest slow = begun().setChunked(true);
    Ward.get(slow.write(Buffer.buffer(new byte[MOST - 10])));

    int beside = 200;
    for (int tries = 0; tries < 2_000 && beside == 200; tries++) beside = send(100);
    assertEquals(503, beside, "before the last byte of the other one has come");
    assertEquals(200, send(1));
    Ward.get(slow.end());

    assertEquals(200, Ward.get(slow.response()).statusCode());
    assertEquals(200, send(MOST));
  }

  @Test
  void anAnswerTakesItsPlaceUntilItsClientHasIt() {
    BundleRoom room = new BundleRoom(1 << 20);
    Router router = Router.router(vertx);
    List<RoutingContext> open = new CopyOnWriteArrayList<>();
    router.get().handler(request -> {
      try {
        room.keep(request, 900 << 10);
        open.add(request);
      } catch (Failure busy) {
        request.response().setStatusCode(busy.status).end();
      }
    });
    HttpServer answering = Ward.get(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
    Supplier<Future<HttpClientResponse>> asking = () -> client
        .request(HttpMethod.GET, answering.actualPort(), "127.0.0.1", "/")
        .compose(HttpClientRequest::send);
    Future<HttpClientResponse> first = asking.get();
    for (int tries = 0; tries < 2_000 && open.isEmpty(); tries++) Ward.get(vertx.timer(1));

    assertEquals(503, Ward.get(asking.get()).statusCode());
    open.get(0).end("all of it");
    assertEquals(200, Ward.get(first).statusCode());
    for (int tries = 0; tries < 2_000 && room.taken() > 0; tries++) Ward.get(vertx.timer(1));
    assertEquals(0, room.taken());
  }

  private HttpServer answering(Handler<RoutingContext> handler) {
    Router router = Router.router(vertx);
    router.get().handler(handler);
    return Ward.get(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
  }

  private void until(String what, BooleanSupplier there) {
    for (int tries = 0; tries < 5_000 && !there.getAsBoolean(); tries++) Ward.get(vertx.timer(1));
    assertTrue(there.getAsBoolean(), what);
  }

  @Test
  void whoIsGoneBeforeTheAnswerIsThereTakesNoPlace() {
    BundleRoom room = new BundleRoom(1 << 20);
    Promise<Void> come = Promise.promise();
    Promise<Void> gone = Promise.promise();
    List<String> kept = new CopyOnWriteArrayList<>();
    HttpServer answering = answering(request -> {
      request.request().connection().closeHandler(closed -> gone.tryComplete());
      come.tryComplete();
      gone.future().onComplete(left -> request.vertx().runOnContext(after -> {
        try {
          room.keep(request, 900 << 10);
          kept.add("kept");
        } catch (Failure refused) {
          kept.add("refused");
        }
        room.add(request, 900 << 10);
        room.beside(request);
        kept.add("done");
      }));
    });
    HttpClientRequest leaving = Ward.get(client.request(HttpMethod.GET, answering.actualPort(), "127.0.0.1", "/"));
    leaving.send();
    Ward.get(come.future());
    Ward.get(leaving.connection().close());

    until("answered", () -> kept.contains("done"));
    assertEquals(List.of("refused", "done"), kept);
    assertEquals(0, room.taken());
  }

  @Test
  void whatIsRefusedTakesNoPlaceAndWhatIsDoneIsNotRefused() {
    BundleRoom room = new BundleRoom(1 << 20);
    List<Long> taken = new CopyOnWriteArrayList<>();
    HttpServer answering = answering(request -> {
      room.add(request, 900 << 10);
      assertThrows(Failure.Busy.class, () -> room.keep(request, 900 << 10));
      taken.add(room.taken());
      room.add(request, 900 << 10);
      taken.add(room.taken());
      assertThrows(Failure.Busy.class, room::requireSome);
      request.end("all of it");
    });

    assertEquals(200, Ward.get(client.request(HttpMethod.GET, answering.actualPort(), "127.0.0.1", "/")
        .compose(HttpClientRequest::send)).statusCode());
    assertEquals(List.of(900L << 10, 1800L << 10), taken);
    until("left", () -> room.taken() == 0);
  }

  @Test
  void whoDoesNotReadHisAnswerIsCutOffAfterSomeTime() throws IOException {
    BundleRoom room = new BundleRoom(1 << 20, Duration.ofMillis(300));
    Promise<Void> closed = Promise.promise();
    List<Long> taken = new CopyOnWriteArrayList<>();
    HttpServer answering = answering(request -> {
      room.keep(request, 900 << 10);
      taken.add(room.taken());
      request.request().connection().closeHandler(closed::tryComplete);
      request.response().setChunked(true).write(Buffer.buffer(new byte[64 << 20]));
    });
    try (Socket idle = new Socket("127.0.0.1", answering.actualPort())) {
      idle.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

      Ward.get(closed.future());
    }
    assertEquals(List.of(900L << 10), taken);
    until("given back", () -> room.taken() == 0);
  }

  @Test
  void moreThanTwoGigabytesAreCountedAsSuch() {
    BundleRoom room = new BundleRoom(1 << 20);
    BundleRoom.Place place = room.place();

    place.add(3L << 30);
    assertEquals(3L << 30, room.taken());
    place.leave();
    place.add(1);

    assertEquals(0, room.taken());
  }

  @Test
  void whoGoesAwayInTheMiddleLeavesNothingTaken() {
    HttpClientRequest gone = begun().setChunked(true);
    Ward.get(gone.write(Buffer.buffer(new byte[MOST - 10])));
    int beside = 200;
    for (long late = System.nanoTime() + LONGEST; beside == 200 && System.nanoTime() < late;) beside = send(100);
    assertEquals(503, beside);

    gone.reset();
    for (long late = System.nanoTime() + LONGEST; beside != 200 && System.nanoTime() < late;) beside = send(MOST);

    assertEquals(200, beside);
  }

  @Test
  void whatAloneIsTooMuchIsRefusedZippedToo() throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(zipped)) {
      zip.write(new byte[MOST + 1]);
    }
    HttpClientRequest request = begun().putHeader("Content-Encoding", "gzip");

    assertEquals(413, send(MOST + 1));
    assertEquals(413, Ward.get(request.send(Buffer.buffer(zipped.toByteArray()))).statusCode());
    assertEquals(200, send(MOST));
  }
}
