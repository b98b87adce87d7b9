package io.caregrid.api;

import static io.caregrid.contract.Gate.needs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Grants;
import io.caregrid.contract.Routes;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.junit5.Timeout;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
@Timeout(value = 3, timeUnit = TimeUnit.MINUTES)
class HttpVerticleTest {
  private static final Routes DOOR = router -> {
    needs(Access.OPEN, router.get("/thing")).handler(request -> request.end("here"));
    needs(Access.OPEN, router.post("/thing")).handler(request -> request.end("kept"));
    needs(Access.OPEN, router.get("/busy"))
        .handler(request -> request.fail(new Failure.Busy("the log is away: try again")));
    needs(Access.OPEN, router.get("/throttled"))
        .handler(request -> request.fail(new Failure.Throttled("ten of yours are under way")));
    needs(Access.OPEN, router.get("/bug"))
        .handler(request -> {
          throw new IllegalStateException("secret of a patient");
        });
    needs(Access.OPEN, router.delete("/devices/:id/latest")).handler(request -> request.end());
    needs(Access.OPEN, router.get("/devices/:id/latest")).handler(request -> request.end());
    needs(Access.OPEN, router.get("/status")).handler(request -> request.fail(413));
  };
  private House house;

  @BeforeEach
  void open(Vertx vertx, VertxTestContext test) {
    House.open(vertx, DOOR).onComplete(test.succeeding(opened -> {
      house = opened;
      test.completeNow();
    }));
  }

  @Test
  void portZeroTakesAFreePortAndTellsIt() {
    assertNotEquals(0, house.http().port());
  }

  @Test
  void aRouteThatNamesNoAccessKeepsTheServerFromStarting(Vertx vertx, VertxTestContext test) {
    Routes forgetful = router -> router.get("/forgotten").handler(request -> request.end("to anybody"));

    House.open(vertx, DOOR, forgetful).onComplete(test.failing(refused -> test.verify(() -> {
      assertTrue(refused.getMessage().contains("/forgotten"), refused.getMessage());
      assertFalse(refused.getMessage().contains("/thing"), refused.getMessage());
      test.completeNow();
    })));
  }

  @Test
  void aFailureBecomesAnOperationOutcomeWithItsStatus(VertxTestContext test) {
    expect(test, house.request("GET", "/busy").send(), response -> {
      assertEquals(503, response.statusCode());
      assertEquals("2", response.getHeader("Retry-After"));
      assertEquals("transient", issue(response).getString("code"));
      assertEquals("the log is away: try again", issue(response).getString("diagnostics"));
    });
  }

  @Test
  void whoHasEnoughUnderWayIsToldWhenToAskAgain(VertxTestContext test) {
    expect(test, house.request("GET", "/throttled").send(), response -> {
      assertEquals(429, response.statusCode());
      assertEquals("30", response.getHeader("Retry-After"));
      assertEquals("throttled", issue(response).getString("code"));
    });
  }

  @Test
  void aBugIsAnsweredWithATraceAndWithoutItsWords(VertxTestContext test) {
    expect(test, house.request("GET", "/bug").putHeader("X-Request-Id", "trace-7").send(), response -> {
      assertEquals(500, response.statusCode());
      assertEquals("trace-7", response.getHeader("X-Request-Id"));
      assertTrue(issue(response).getString("diagnostics").contains("trace-7"));
      assertFalse(response.bodyAsString().contains("secret"));
      assertFalse(response.bodyAsString().contains("Exception"));
    });
  }

  @Test
  void anUnknownAddressHelps(VertxTestContext test) {
    expect(test, house.request("GET", "/nowhere").send(), response -> {
      assertEquals(404, response.statusCode());
      assertTrue(issue(response).getString("diagnostics").contains("/fhir"));
    });
  }

  @Test
  void anUnknownAddressInABrowserIsAPage(VertxTestContext test) {
    expect(test, house.request("GET", "/nowhere").putHeader("Accept", "text/html,*/*").send(), response -> {
      assertEquals(404, response.statusCode());
      assertTrue(response.bodyAsString().contains("<a href=\"/\">"));
      assertTrue(response.getHeader("Content-Security-Policy").contains("frame-ancestors 'none'"));
    });
  }

  @Test
  void anIdMayBeginAsAnOperationOfFhirDoes(VertxTestContext test) {
    expect(test, house.request("POST", "/devices/_x/latest").send(), response -> {
      assertEquals(405, response.statusCode());
      assertEquals("DELETE, GET", response.getHeader("Allow"));
    });
  }

  @Test
  void aWrongVerbNamesTheRightOnes(VertxTestContext test) {
    expect(test, house.request("DELETE", "/thing").send(), response -> {
      assertEquals(405, response.statusCode());
      assertTrue(response.getHeader("Allow").contains("GET"));
      assertTrue(response.getHeader("Allow").contains("POST"));
      assertEquals("not-supported", issue(response).getString("code"));
    });
  }

  @Test
  void aStatusWithoutWordsGetsSome(VertxTestContext test) {
    expect(test, house.request("GET", "/status").send(), response -> {
      assertEquals(413, response.statusCode());
      assertEquals("too-long", issue(response).getString("code"));
    });
  }

  @Test
  void aNameThatIsNotThisMachinesIsRefused(VertxTestContext test) {
    expect(test, house.request("GET", "/thing").putHeader("Host", "evil.example").send(),
        response -> assertEquals(403, response.statusCode()));
  }

  @Test
  void localNamesAreTaken(VertxTestContext test) {
    expect(test, house.request("GET", "/thing").putHeader("Host", "localhost:" + house.http().port()).send(),
        response -> assertEquals(200, response.statusCode()));
  }

  @Test
  void aForeignPageMayNotPost(VertxTestContext test) {
    expect(test, house.request("POST", "/thing").putHeader("Origin", "https://evil.example").send(),
        response -> assertEquals(403, response.statusCode()));
  }

  @Test
  void aSandboxedPageMayNotPost(VertxTestContext test) {
    expect(test, house.request("POST", "/thing").putHeader("Origin", "null").send(),
        response -> assertEquals(403, response.statusCode()));
  }

  @Test
  void aPageOfAnOriginThatIsLetInIsToldSoAndItsCookiesAreNotLookedAt(Vertx vertx, VertxTestContext test) {
    Routes cookie = router -> needs(Access.OPEN, router.post("/cookie"))
        .handler(request -> request.end("cookies: " + request.request().cookieCount()));
    HttpVerticle http = new HttpVerticle(
        new HttpConfig("127.0.0.1", 0, List.of(), List.of("https://app.example"), TlsConfig.NONE), Doorman.OPEN,
        Audit.log(), List.of(DOOR, cookie));
    vertx.deployVerticle(http)
        .compose(id -> house.client()
            .request(HttpMethod.OPTIONS, http.port(), "127.0.0.1", "/thing")
            .putHeader("Origin", "https://app.example")
            .putHeader("Access-Control-Request-Method", "PUT")
            .putHeader("Access-Control-Request-Headers", "authorization,if-match")
            .send())
        .compose(answer -> {
          test.verify(() -> {
            assertEquals(204, answer.statusCode());
            assertEquals("https://app.example", answer.getHeader("Access-Control-Allow-Origin"));
            assertTrue(answer.getHeader("Access-Control-Allow-Methods").contains("PUT"));
            assertTrue(answer.getHeader("Access-Control-Allow-Headers").contains("if-match"));
            assertEquals(null, answer.getHeader("Access-Control-Allow-Credentials"));
          });
          return house.client()
              .post(http.port(), "127.0.0.1", "/cookie")
              .putHeader("Origin", "https://app.example")
              .putHeader("Cookie", "session=1")
              .send();
        })
        .compose(answer -> {
          test.verify(() -> {
            assertEquals("cookies: 0", answer.bodyAsString());
            assertEquals("https://app.example", answer.getHeader("Access-Control-Allow-Origin"));
            assertTrue(answer.getHeader("Access-Control-Expose-Headers").contains("etag"));
          });
          return house.client()
              .post(http.port(), "127.0.0.1", "/thing")
              .putHeader("Origin", "https://other.example")
              .send();
        })
        .onComplete(test.succeeding(answer -> test.verify(() -> {
          assertEquals(403, answer.statusCode());
          assertEquals(null, answer.getHeader("Access-Control-Allow-Origin"));
          test.completeNow();
        })));
  }

  @Test
  void whereAllOriginsAreLetInAnyPageIsToldSo(Vertx vertx, VertxTestContext test) {
    HttpVerticle http = new HttpVerticle(
        new HttpConfig("127.0.0.1", 0, List.of(), List.of(HttpConfig.ANY_ORIGIN), TlsConfig.NONE), Doorman.OPEN,
        Audit.log(), List.of(DOOR));
    vertx.deployVerticle(http)
        .compose(id -> house.client()
            .post(http.port(), "127.0.0.1", "/thing")
            .putHeader("Origin", "https://anybody.example")
            .send())
        .onComplete(test.succeeding(answer -> test.verify(() -> {
          assertEquals("kept", answer.bodyAsString());
          assertEquals("*", answer.getHeader("Access-Control-Allow-Origin"));
          assertEquals(null, answer.getHeader("Access-Control-Allow-Credentials"));
          test.completeNow();
        })));
  }

  @Test
  void whoIsTurnedAwayBeforeTheGateIsInTheAuditTrail(Vertx vertx, VertxTestContext test) {
    List<String> audited = new CopyOnWriteArrayList<>();
    HttpVerticle http = new HttpVerticle(House.ANY_PORT, Doorman.OPEN, entry -> {
      audited.add(entry.caller().subject() + "@" + entry.caller().address() + " " + entry.caller().trace() + " "
          + entry.deed() + " " + entry.what() + " " + entry.query() + " " + entry.status());
      return Future.failedFuture(new Failure.Busy("the disk is full"));
    }, List.of(DOOR));
    vertx.deployVerticle(http)
        .compose(id -> house.client()
            .post(http.port(), "127.0.0.1", "/thing?token=x")
            .putHeader("Origin", "https://evil.example")
            .putHeader("X-Request-Id", "t")
            .sendBuffer(Buffer.buffer(new byte[1 << 20])))
        .compose(answer -> {
          test.verify(() -> assertEquals(403, answer.statusCode()));
          return house.client()
              .get(http.port(), "127.0.0.1", "/thing")
              .putHeader("Host", "evil.example")
              .putHeader("X-Request-Id", "t")
              .send();
        })
        .onComplete(test.succeeding(answer -> test.verify(() -> {
          assertEquals(403, answer.statusCode());
          assertEquals(List.of(
              "unknown@127.0.0.1 t REQUEST [/thing] POST /thing from a page of another origin 403",
              "unknown@127.0.0.1 t REQUEST [/thing] GET /thing under a name that is not this node's 403"), audited);
          test.completeNow();
        })));
  }

  /** Java's UriBuilder, Python's quote and .NET write an operation's $ as %24. */
  @Test
  void anEncodedOperationIsTheSameAddressForTheRouterForRolesAndForTheAuditTrail(Vertx vertx, VertxTestContext test) {
    List<String> audited = new CopyOnWriteArrayList<>();
    Caller reader = new Caller("ada", null, null, Set.of(), Grants.of(Access.FHIR_READ), null, null, null);
    HttpVerticle http = new HttpVerticle(House.ANY_PORT, request -> Future.succeededFuture(reader), entry -> {
      audited.add(entry.what() + " " + entry.query() + " " + entry.status());
      return Future.succeededFuture();
    }, List.of(router -> {
      needs(Access.FHIR_READ, router.get("/fhir/:type/$look"))
          .handler(request -> request.end(request.request().path() + "?" + request.request().query()));
      needs(Access.FHIR_EXPORT, router.get("/fhir/$take")).handler(request -> request.end("everything"));
      needs(Access.FHIR_READ, router.get("/fhir/:any")).handler(request -> request.end(request.pathParam("any")));
    }));
    vertx.deployVerticle(http)
        .compose(id -> all(http, "/fhir/Patient/%24look?code=%24x", "/fhir/$take", "/fhir/%24take", "/fhir/%24%74ake",
            "/fhir/%2524take", "/fhir/Patient/%2524look"))
        .onComplete(test.succeeding(answers -> test.verify(() -> {
          assertEquals(
              List.of("200 /fhir/Patient/$look?code=%24x", "403", "403", "403", "200 %24take", "404"), answers);
          assertEquals(Collections.nCopies(3, "[/fhir/$take] GET /fhir/$take needs FHIR_EXPORT 403"), audited);
          test.completeNow();
        })));
  }

  /** Status, and what a 200 says. */
  private Future<List<String>> all(HttpVerticle http, String... addresses) {
    Future<List<String>> all = Future.succeededFuture(new ArrayList<>());
    for (String address : addresses)
      all = all.compose(before -> house.client().get(http.port(), "127.0.0.1", address).send().map(answer -> {
        before.add(answer.statusCode() == 200 ? "200 " + answer.bodyAsString() : "" + answer.statusCode());
        return before;
      }));
    return all;
  }

  @Test
  void ourOwnPageAndProgramsMayPost(VertxTestContext test) {
    expect(test, house.request("POST", "/thing").putHeader("Origin", house.base()).send(),
        response -> assertEquals(200, response.statusCode()));
  }

  @Test
  void anUnusableTraceIsReplaced(VertxTestContext test) {
    expect(test, house.request("GET", "/thing").putHeader("X-Request-Id", "a b<script>").send(),
        response -> assertTrue(response.getHeader("X-Request-Id").matches("[0-9a-f-]{36}")));
  }

  private static JsonObject issue(HttpResponse<Buffer> response) {
    JsonObject outcome = response.bodyAsJsonObject();
    assertEquals("OperationOutcome", outcome.getString("resourceType"));
    return outcome.getJsonArray("issue").getJsonObject(0);
  }

  private static void expect(VertxTestContext test, Future<HttpResponse<Buffer>> answer,
      Consumer<HttpResponse<Buffer>> assertions) {
    answer.onComplete(test.succeeding(response -> test.verify(() -> {
      assertions.accept(response);
      test.completeNow();
    })));
  }
}
