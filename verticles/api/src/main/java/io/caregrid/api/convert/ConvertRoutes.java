package io.caregrid.api.convert;

import static io.caregrid.contract.Gate.needs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.JsonBody;
import io.caregrid.contract.Routes;
import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.bundle.Conversions;
import io.caregrid.templates.bundle.Outcome;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code POST /fhir/$convert-data} with Parameters, as fhir-server takes it, and {@code POST /convertToFhir} with JSON, as FHIR-Converter's container does
 * (preview 2024-05-01). Answers the Bundle; what cannot be converted is 400 with a code, what takes too long 408.
 *
 * <p>Bounded: 16 MB a body, {@value #RUNS} conversions at once on threads of their own, {@value #WAITING} bodies under way (503 beyond), and the limits of one
 * conversion.
 */
public final class ConvertRoutes implements Routes {
  private static final String OPERATION = "/fhir/$convert-data";
  private static final String CONTAINER = "/convertToFhir";
  private static final String VERSION = "2024-05-01-preview";
  private static final String FHIR = "application/fhir+json; charset=utf-8";
  private static final int MAX_BYTES = 16 << 20;
  private static final int RUNS = 1;
  private static final int WAITING = 8;
  private static final List<String> JSON = List.of("application/json", "application/fhir+json");
  private final Audit audit;
  private final Conversions conversions;
  private final WorkerExecutor workers;
  private final AtomicInteger running = new AtomicInteger();

  public ConvertRoutes(Vertx vertx, Audit audit, Conversions conversions) {
    this.audit = audit;
    this.conversions = conversions;
    this.workers = vertx.createSharedWorkerExecutor("convert", RUNS, 1, TimeUnit.DAYS);
  }

  @Override
  public void mount(Router router) {
    needs(Access.FHIR_CONVERT, router.post(OPERATION)).handler(request -> asked(request, false));
    needs(Access.FHIR_CONVERT, router.post(CONTAINER)).handler(request -> asked(request, true));
  }

  /** What to convert, and by which templates. @param set null: the house's, or those that took their name */
  private record Asked(Kind kind, String set, String root, String input) {}

  private record Answer(int status, String type, String error, Buffer body) {}

  private void asked(RoutingContext request, boolean container) {
    if (running.incrementAndGet() > WAITING) {
      running.decrementAndGet();
      request.fail(new Failure.Busy(WAITING + " messages are being converted already; try again shortly"));
      return;
    }
    Entry entry = Entry.of(Gate.caller(request), Deed.VIEW, null).asking("$convert-data of what was sent");
    JsonBody.read(request.request(), JSON, MAX_BYTES)
        .compose(body -> audit.around(entry, () -> answer(body, container),
            (begun, answer) -> answer.status() == 200 ? begun : begun.ended(answer.status())))
        .compose(answer -> send(request.response(), answer))
        .onComplete(done -> running.decrementAndGet())
        .onFailure(request::fail);
  }

  private static Future<Void> send(HttpServerResponse response, Answer answer) {
    response.setStatusCode(answer.status())
        .putHeader(HttpHeaders.CONTENT_TYPE, answer.type())
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    if (!answer.type().equals(FHIR)) response.putHeader("api-supported-versions", VERSION);
    if (answer.error() != null) response.putHeader("x-ms-error-code", answer.error());
    return response.end(answer.body());
  }

  private Future<Answer> answer(Buffer body, boolean container) {
    return workers.executeBlocking(() -> {
      JsonNode whole = read(body);
      Asked asked = container ? fromJson(whole) : fromParameters(whole);
      return answer(asked, container);
    }, false);
  }

  private static JsonNode read(Buffer body) {
    try {
      return Trees.read(body.getBytes());
    } catch (Trees.Malformed malformed) {
      throw new Failure.Invalid(malformed.getMessage(), malformed.expression);
    }
  }

  private Answer answer(Asked asked, boolean container) {
    String set = asked.set() != null ? asked.set() : asked.kind() == Kind.CCDA ? Conversions.CCDA : Conversions.HL7V2;
    Outcome outcome = conversions.convert(set, asked.kind(), asked.root(), asked.input());
    String type = container ? "application/json" : FHIR;
    if (outcome instanceof Outcome.Refused refused) {
      Refusal refusal = new Refusal(refused.why());
      return container
          ? new Answer(refusal.status(), type, refusal.code(), refusal.error().toBuffer())
          : new Answer(refusal.status(), type, null, refusal.outcome().toBuffer());
    }
    ObjectNode bundle = ((Outcome.Converted) outcome).bundle();
    JsonNode shown = container ? bundle.objectNode().set("result", bundle) : bundle;
    return new Answer(200, type, null, Buffer.buffer(Trees.write(shown)));
  }

  private static Asked fromParameters(JsonNode parameters) {
    if (!parameters.path("resourceType").asText().equals("Parameters"))
      throw new Failure.Invalid("the body must be a Parameters resource", "Parameters");
    Kind kind = kind(required(parameters, "inputDataType"), "inputDataType");
    return new Asked(kind, optional(parameters, "templateCollectionReference"), optional(parameters, "rootTemplate"),
        required(parameters, "inputData"));
  }

  private static String required(JsonNode parameters, String name) {
    String value = optional(parameters, name);
    if (value == null) throw new Failure.Invalid("the parameter " + name + " is missing, a valueString", "Parameters");
    return value;
  }

  /** Null when it is missing or empty. */
  private static String optional(JsonNode parameters, String name) {
    for (JsonNode parameter : parameters.path("parameter")) {
      if (!parameter.path("name").asText().equals(name)) continue;
      JsonNode value = parameter.path("valueString");
      if (!value.isTextual()) value = parameter.path("valueUri");
      return value.isTextual() && !value.asText().isBlank() ? value.asText() : null;
    }
    return null;
  }

  private static Asked fromJson(JsonNode body) {
    Kind kind = kind(member(body, "InputDataFormat"), "InputDataFormat");
    return new Asked(kind, null, member(body, "RootTemplateName"), member(body, "InputDataString"));
  }

  private static String member(JsonNode body, String name) {
    for (var member : body.properties()) {
      boolean found = member.getKey().equalsIgnoreCase(name) && member.getValue().isTextual();
      if (found && !member.getValue().asText().isBlank()) return member.getValue().asText();
    }
    throw new Failure.Invalid("the body must have a text " + name, name);
  }

  private static Kind kind(String type, String place) {
    return switch (type.toLowerCase(Locale.ROOT)) {
      case "hl7v2" -> Kind.HL7V2;
      case "ccda" -> Kind.CCDA;
      default -> throw new Failure.Invalid(place + " is Hl7v2 or Ccda; other data are not converted here", place);
    };
  }
}
