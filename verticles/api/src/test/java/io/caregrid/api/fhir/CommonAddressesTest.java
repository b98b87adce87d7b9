package io.caregrid.api.fhir;

import static io.caregrid.contract.Access.FHIR_READ;
import static io.caregrid.contract.Access.FHIR_WRITE;
import static io.caregrid.contract.Gate.needs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Grants;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The short way to the common addresses answers as the router does by itself, whatever is asked. */
class CommonAddressesTest {
  private static final List<HttpMethod> VERBS = List.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST,
      HttpMethod.PUT,
      HttpMethod.DELETE, HttpMethod.PATCH);
  private static final List<String> PATHS = List.of("/fhir/Patient", "/fhir/Patient/", "/fhir/Patient/1",
      "/fhir/Patient/1/",
      "/fhir/Patient/a-b.C", "/fhir/Patient/%41", "/fhir/Patient/a%2Fb", "/fhir/Patient/a_b", "/fhir/Patient/_history",
      "/fhir/Patient/$meta", "/fhir/Patient//1", "/fhir/Patient/1/_history", "/fhir/Patient/" + "x".repeat(65),
      "/fhir/Nothing/1",
      "/fhir/AuditEvent", "/fhir/AuditEvent/1", "/fhir/patient/1", "/fhir/", "/fhir", "/fhirPatient/1",
      "/other/Patient/1", "/fhir/Patient/broken", "/fhir/Patient/1?_format=json");
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() throws Exception {
    vertx.close().await(120, TimeUnit.SECONDS);
  }

  /** Tells which route answered, with what it took from the path. */
  private static Handler<RoutingContext> telling(String name) {
    return request -> {
      if ("broken".equals(request.pathParam("id"))) throw new IllegalStateException("a fault of ours");
      request.response()
          .putHeader("Told", name + " " + request.pathParam("type") + " " + request.pathParam("id"))
          .end();
    };
  }

  private static void refused(RoutingContext request) {
    request.response().setStatusCode(request.failure() instanceof Failure told ? told.status : 500).end();
  }

  private Router router(boolean quick, boolean delayed, Grants grants) {
    Router router = Router.router(vertx);
    Caller caller = new Caller("me", null, null, Set.of(), grants, null, null, null);
    Gate.filter(router.route())
        .failureHandler(CommonAddressesTest::refused)
        .handler(Gate.kept(request -> delayed ? later(caller) : Future.succeededFuture(caller), Audit.log()));
    CommonAddresses common = new CommonAddresses();
    if (quick)
      Gate.filter(router.route("/fhir*")).handler(common);
    common.serve(needs(FHIR_READ, TypeRoutes.reading(TypeRoutes.of(router, HttpMethod.GET, "/fhir/TYPE"))),
        telling("search"));
    common.serve(needs(FHIR_READ, TypeRoutes.reading(TypeRoutes.of(router, HttpMethod.GET, "/fhir/TYPE/:id"))),
        telling("read"));
    common.serve(needs(FHIR_WRITE, TypeRoutes.of(router, HttpMethod.POST, "/fhir/TYPE")), telling("create"));
    common.serve(needs(FHIR_WRITE, TypeRoutes.of(router, HttpMethod.PUT, "/fhir/TYPE/:id")), telling("update"));
    needs(FHIR_READ, TypeRoutes.of(router, HttpMethod.GET, "/fhir/TYPE/:id/_history")).handler(telling("history"));
    assertEquals(List.of(), Gate.unguarded(router));
    return router;
  }

  /** As a doorman who has to ask somebody else. */
  private Future<Caller> later(Caller caller) {
    return vertx.timer(1, TimeUnit.MILLISECONDS).map(over -> caller);
  }

  private List<String> answers(boolean quick, boolean delayed, Grants grants) throws Exception {
    var server = vertx.createHttpServer()
        .requestHandler(router(quick, delayed, grants))
        .listen(0, "127.0.0.1")
        .await(120, TimeUnit.SECONDS);
    WebClient client = WebClient.create(vertx,
        new WebClientOptions().setDefaultHost("127.0.0.1").setDefaultPort(server.actualPort()));
    List<String> answers = new ArrayList<>();
    for (String path : PATHS) {
      for (HttpMethod verb : VERBS) {
        var answer = client.request(verb, path).send().await(120, TimeUnit.SECONDS);
        answers.add(verb + " " + path + " " + answer.statusCode() + " " + answer.getHeader("Told") + " "
            + answer.getHeader("Allow"));
      }
    }
    client.close();
    server.close().await(120, TimeUnit.SECONDS);
    return answers;
  }

  @Test
  void everyAddressIsAnsweredAsTheRouterByItselfWould() throws Exception {
    for (Grants grants : List.of(Grants.ALL, Grants.of(FHIR_READ), Grants.of(FHIR_WRITE), Grants.NONE))
      assertEquals(answers(false, false, grants), answers(true, false, grants));
  }

  @Test
  void soItIsWhenWhoCallsIsKnownOnlyLater() throws Exception {
    for (Grants grants : List.of(Grants.ALL, Grants.NONE))
      assertEquals(answers(false, false, grants), answers(true, true, grants));
    assertTrue(answers(true, true, Grants.ALL).contains("GET /fhir/Patient/broken 500 null null"));
  }

  @Test
  void theLockIsThatOfTheRoute() throws Exception {
    List<String> reader = answers(true, false, Grants.of(FHIR_READ));

    assertTrue(reader.contains("GET /fhir/Patient/1 200 read Patient 1 null"));
    assertTrue(reader.contains("PUT /fhir/Patient/1 403 null null"));
    assertTrue(answers(true, false, Grants.NONE).contains("GET /fhir/Patient 403 null null"));
  }
}
