package io.caregrid.api;

import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.contract.Routes;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whatever goes wrong on its way through a door ends here, and becomes one FHIR OperationOutcome.
 *
 * <p>A {@link Failure} and a {@link Rejected} are answers and are told as they are. Anything else is a bug: 500 with the trace id, and one line in
 * our log under that id, without the request's data.
 */
final class Answers implements Routes {
  private static final Logger log = LoggerFactory.getLogger(Answers.class);
  private static final int FRAMES = 8;
  private static final String PLACES = "Addresses here: / (pages), /fhir (FHIR R4), /ingest (device messages), /iomt (live feed), "
      + "/health/ready, /metrics";

  @Override
  public void mount(Router router) {
    Gate.filter(router.route().last()).failureHandler(Answers::answer);
    router.errorHandler(404, Answers::unknownAddress);
    router.errorHandler(405, request -> wrongVerb(router, request));
    router.errorHandler(400, request -> send(request, new Failure.Invalid("the request line cannot be read: "
        + "check the percent-encoding of the address")));
    router.errorHandler(500, Answers::answer);
  }

  private static void answer(RoutingContext request) {
    Throwable cause = request.failure();
    if (request.response().ended()) return;
    if (request.response().headWritten()) {
      request.request().connection().close();
    } else if (cause instanceof Failure failure) {
      send(request, failure);
    } else if (cause instanceof Rejected rejected) {
      send(request, rejected.status, rejected.issues);
    } else if (cause instanceof HttpException http) {
      send(request, ofStatus(http.getStatusCode()));
    } else if (cause == null && request.statusCode() != 500) {
      send(request, ofStatus(request.statusCode()));
    } else {
      bug(request, cause);
    }
  }

  private static Failure ofStatus(int status) {
    return switch (status) {
      case 404 -> new Failure.NotFound("no such address. " + PLACES);
      case 405 -> new Failure.NotSupported("this address does not take that verb");
      case 406 -> new Failure.NotAcceptable("this address cannot answer in any form that the Accept header allows");
      case 413 -> new Failure.TooLarge("the body is larger than this address accepts");
      case 415 -> new Failure.UnsupportedMedia("this address does not read that content type");
      default -> new Failure.Invalid("the request cannot be read (status " + status + ")");
    };
  }

  /** An exception's own words may hold anything, a patient's data too: its class and where it happened are enough to find it. */
  private static void bug(RoutingContext request, Throwable cause) {
    String trace = Requests.traceOf(request);
    log.error("request failed trace={} verb={} cause={} at={}", trace, request.request().method(),
        cause == null ? "none" : cause.getClass().getName(), where(cause));
    send(request, 500, List.of(new Issue("fatal", "exception",
        "this node could not answer because of an error of its own; its log tells more under trace " + trace, null)));
  }

  private static String where(Throwable cause) {
    if (cause == null) return "-";
    return Arrays.stream(cause.getStackTrace())
        .limit(FRAMES)
        .map(StackTraceElement::toString)
        .collect(Collectors.joining(" < "));
  }

  private static void unknownAddress(RoutingContext request) {
    if (request.failure() != null) {
      answer(request);
    } else if (wantsPage(request)) {
      NotFoundPage.send(request);
    } else {
      send(request, ofStatus(404));
    }
  }

  private static boolean wantsPage(RoutingContext request) {
    String accept = request.request().getHeader(HttpHeaders.ACCEPT);
    return request.request().method() == HttpMethod.GET && accept != null && accept.contains("text/html");
  }

  private static void wrongVerb(Router router, RoutingContext request) {
    if (request.failure() != null) {
      answer(request);
      return;
    }
    String allowed = Allowed.verbs(router, request.normalizedPath());
    request.response().putHeader(HttpHeaders.ALLOW, allowed);
    send(request, new Failure.NotSupported(request.request().method() + " is not possible here; possible: " + allowed));
  }

  static void send(RoutingContext request, Failure failure) {
    if (failure instanceof Failure.Busy) {
      request.response().putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(Failure.Busy.RETRY_AFTER_SECONDS));
    }
    if (failure instanceof Failure.Throttled)
      request.response()
          .putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(Failure.Throttled.RETRY_AFTER_SECONDS));
    if (failure instanceof Failure.Gone gone)
      request.response().putHeader(HttpHeaders.ETAG, "W/\"" + gone.version + "\"");
    send(request, failure.status, List.of(Issue.error(failure.issue, failure.getMessage(), failure.expression)));
  }

  static void send(RoutingContext request, int status, List<Issue> issues) {
    HttpServerResponse response = request.response();
    if (response.ended()) return;
    Form form = Form.of(request);
    response.setStatusCode(status)
        .putHeader(HttpHeaders.CONTENT_TYPE, form.contentType())
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end(form.written().apply(OperationOutcome.of(issues)));
  }
}
