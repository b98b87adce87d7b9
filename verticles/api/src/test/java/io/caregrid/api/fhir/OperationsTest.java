package io.caregrid.api.fhir;

import static io.caregrid.contract.Gate.needs;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.api.House;
import io.caregrid.api.auth.Authority;
import io.caregrid.contract.Access;
import io.caregrid.contract.Routes;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.junit5.Timeout;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Operations of other doors below {@code /fhir}: reached wherever the door stands in the list, and in forms that the FHIR door does not have. */
@ExtendWith(VertxExtension.class)
@Timeout(value = 3, timeUnit = TimeUnit.MINUTES)
class OperationsTest {
  private static final Routes ECHO = router -> needs(Access.OPEN, router.post("/fhir/$echo"))
      .handler(request -> request.end("rows"));
  /** What is asked here needs neither a store nor definitions. */
  private static final Routes FHIR = new FhirRoutes(null, Future.succeededFuture(), "1.2.3",
      () -> Authority.NONE, new SimpleMeterRegistry());

  @Test
  void anOperationBehindTheFhirDoorIsReached(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, 200, "/fhir/$echo?_format=csv", FHIR, ECHO);
  }

  @Test
  void anOperationBeforeTheFhirDoorIsReached(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, 200, "/fhir/$echo?_format=csv", ECHO, FHIR);
  }

  @Test
  void anOperationThatNobodyHasIs404(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, 404, "/fhir/$nobody", FHIR, ECHO);
  }

  @Test
  void otherAddressesStillAnswerOnlyInFormsOfFhir(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, 406, "/fhir/Patient?_format=csv", FHIR, ECHO);
  }

  private static void answered(Vertx vertx, VertxTestContext test, int status, String address, Routes... doors) {
    House.open(vertx, doors)
        .compose(
            house -> house.request("POST", address).putHeader("Accept", "text/csv").sendBuffer(Buffer.buffer("{}")))
        .map(HttpResponse::statusCode)
        .onComplete(test.succeeding(got -> test.verify(() -> {
          assertEquals(status, got);
          test.completeNow();
        })));
  }
}
