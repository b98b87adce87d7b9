package io.caregrid.api.convert;

import static io.caregrid.contract.Gate.needs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.JsonBody;
import io.caregrid.contract.Lingering;
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
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code POST /fhir/$convert-data} with Parameters, as fhir-server takes it, and the addresses of FHIR-Converter's container (preview 2024-05-01):
 * {@code POST /convertToFhir}, {@code POST /convertToHl7v2}, {@code GET /health/check} and the description of these. Answers the Bundle or message; what cannot be
 * converted is 400 with a code, what takes too long 408.
 *
 * <p>Bounded: {@code fhir.convert.maxBodyBytes} a body, {@value #RUNS} conversions at once on threads of their own, {@value #WAITING} bodies under way and no more than a quarter of the heap holds (503 beyond), and the limits of one
 * conversion.
 */
public final class ConvertRoutes implements Routes {
  private static final String OPERATION = "/fhir/$convert-data";
  private static final String CONTAINER = "/convertToFhir";
  private static final String MESSAGES = "/convertToHl7v2";
  private static final String HEALTH = "/health/check";
  private static final String VERSION = "2024-05-01-preview";
  private static final String FHIR = "application/fhir+json; charset=utf-8";
  private static final int RUNS = 1;
  private static final int WAITING = 8;
  /** Bodies under way take that part of the heap at most. */
  private static final int HEAP_PART = 4;
  private static final List<String> JSON = List.of("application/json", "application/fhir+json");
  private static final Buffer DESCRIPTION = text("swagger.yaml");
  private final Audit audit;
  private final Conversions conversions;
  private final int maxBytes;
  private final int waiting;
  private final WorkerExecutor workers;
  private final AtomicInteger running = new AtomicInteger();

  /** @param maxBytes of a body, as sent */
  public ConvertRoutes(Vertx vertx, Audit audit, Conversions conversions, int maxBytes) {
    this.audit = audit;
    this.conversions = conversions;
    this.maxBytes = maxBytes;
    this.waiting = (int) Math.max(1, Math.min(WAITING, Runtime.getRuntime().maxMemory() / HEAP_PART / maxBytes));
    this.workers = vertx.createSharedWorkerExecutor("convert", RUNS, 1, TimeUnit.DAYS);
  }

  @Override
  public void mount(Router router) {
    needs(Access.FHIR_CONVERT, router.post(OPERATION)).handler(request -> asked(request, Door.OPERATION));
    needs(Access.FHIR_CONVERT, router.post(CONTAINER)).handler(request -> asked(request, Door.CONTAINER));
    needs(Access.FHIR_CONVERT, router.post(MESSAGES)).handler(request -> asked(request, Door.MESSAGES));
    needs(Access.OPEN, router.get(HEALTH)).handler(ConvertRoutes::health);
    needs(Access.OPEN, router.get("/" + VERSION + "/swagger.yaml")).handler(ConvertRoutes::description);
  }

  /** Which of the addresses it came by. */
  private enum Door {
    OPERATION(""), CONTAINER("InputDataFormat is Hl7v2, Ccda, Json or Fhir_STU3"), MESSAGES("InputDataFormat is Fhir");

    private final String formats;

    Door(String formats) {
      this.formats = formats;
    }
  }

  /** What to convert, and by which templates. @param set null: the house's, or those that took their name */
  private record Asked(Kind kind, String set, String root, String input) {}

  private record Answer(int status, String type, String error, Buffer body) {}

  private void asked(RoutingContext request, Door door) {
    if (running.incrementAndGet() > waiting) {
      running.decrementAndGet();
      refuse(request, door, new Failure.Busy(waiting + " messages are being converted already; try again shortly"));
      return;
    }
    Entry entry = Entry.of(Gate.caller(request), Deed.VIEW, null).asking("$convert-data of what was sent");
    JsonBody.read(request.request(), JSON, maxBytes, "fhir.convert.maxBodyBytes, " + maxBytes)
        .compose(body -> audit.around(entry, () -> answer(body, door, request.queryParams().get(Refusal.VERSION)),
            (begun, answer) -> answer.status() == 200 ? begun : begun.ended(answer.status())))
        .compose(answer -> send(request.response(), answer))
        .onComplete(done -> running.decrementAndGet())
        .onFailure(cause -> refuse(request, door, cause));
  }

  /** A refusal before there was anything to convert, in the words of the interface that was asked. */
  private static void refuse(RoutingContext request, Door door, Throwable cause) {
    boolean ours = door == Door.OPERATION || !(cause instanceof Failure) || request.response().headWritten();
    if (ours) {
      request.fail(cause);
      return;
    }
    Failure failure = (Failure) cause;
    Lingering.on(request.vertx(), request.request());
    if (failure instanceof Failure.Busy)
      request.response().putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(Failure.Busy.RETRY_AFTER_SECONDS));
    send(request.response(), new Answer(failure.status, "application/json", Refusal.code(failure),
        Refusal.error(failure).toBuffer()));
  }

  /** As the container tells it; what this node needs besides is at {@code /health/ready}. */
  private static void health(RoutingContext request) {
    JsonObject templates = new JsonObject().put("name", "TemplateStoreHealthCheck")
        .put("status", "Healthy")
        .put("description", "the templates were read when this node started")
        .put("data", new JsonObject());
    send(request.response(), new Answer(200, "application/json", null,
        new JsonObject().put("overallStatus", "Healthy").put("details", new JsonArray().add(templates)).toBuffer()));
  }

  private static void description(RoutingContext request) {
    send(request.response(), new Answer(200, "application/yaml", null, DESCRIPTION));
  }

  private static Buffer text(String resource) {
    try (InputStream in = ConvertRoutes.class.getResourceAsStream(resource)) {
      return Buffer.buffer(in.readAllBytes());
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
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

  private Future<Answer> answer(Buffer body, Door door, String version) {
    return workers.executeBlocking(() -> {
      if (door != Door.OPERATION && version != null && !version.equals(VERSION))
        throw new Failure.Invalid("the only api-version here is " + VERSION, Refusal.VERSION);
      JsonNode whole = read(body);
      return answer(door == Door.OPERATION ? fromParameters(whole) : fromJson(whole, door), door != Door.OPERATION);
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
    String set = asked.set() != null ? asked.set() : Conversions.house(asked.kind());
    Outcome outcome = conversions.convert(set, asked.kind(), asked.root(), asked.input());
    String type = container ? "application/json" : FHIR;
    if (outcome instanceof Outcome.Refused refused) {
      Refusal refusal = new Refusal(refused.why(), asked.kind() == Kind.FHIR);
      return container
          ? new Answer(refusal.status(), type, refusal.code(), refusal.error().toBuffer())
          : new Answer(refusal.status(), type, null, refusal.outcome().toBuffer());
    }
    JsonNode result = outcome instanceof Outcome.Written written
        ? TextNode.valueOf(written.message())
        : ((Outcome.Converted) outcome).bundle();
    JsonNode shown = container ? JsonNodeFactory.instance.objectNode().set("result", result) : result;
    return new Answer(200, type, null, Buffer.buffer(Trees.write(shown)));
  }

  private static Asked fromParameters(JsonNode parameters) {
    if (!parameters.path("resourceType").asText().equals("Parameters"))
      throw new Failure.Invalid("the body must be a Parameters resource", "Parameters");
    Kind kind = kind(required(parameters, "inputDataType"));
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

  private static Asked fromJson(JsonNode body, Door door) {
    Kind kind = kind(member(body, "InputDataFormat"), door);
    return new Asked(kind, null, member(body, "RootTemplateName"), member(body, "InputDataString"));
  }

  private static String member(JsonNode body, String name) {
    for (var member : body.properties()) {
      boolean found = member.getKey().equalsIgnoreCase(name) && member.getValue().isTextual();
      if (found && !member.getValue().asText().isBlank()) return member.getValue().asText();
    }
    throw new Failure.Invalid("the body must have a text " + name, name);
  }

  /** Of {@code $convert-data}, where FHIR is what is to become R4. */
  private static Kind kind(String type) {
    return switch (type.toLowerCase(Locale.ROOT)) {
      case "hl7v2" -> Kind.HL7V2;
      case "ccda" -> Kind.CCDA;
      case "json" -> Kind.JSON;
      case "fhir" -> Kind.STU3;
      default -> throw new Failure.Invalid("inputDataType is Hl7v2, Ccda, Json or Fhir (STU3)", "inputDataType");
    };
  }

  private static Kind kind(String format, Door door) {
    String asked = format.toLowerCase(Locale.ROOT);
    if (door == Door.MESSAGES && asked.equals("fhir")) return Kind.FHIR;
    if (door == Door.CONTAINER && asked.equals("fhir_stu3")) return Kind.STU3;
    if (door == Door.CONTAINER && List.of("hl7v2", "ccda", "json").contains(asked)) return kind(asked);
    throw new Failure.Invalid(door.formats, "InputDataFormat");
  }
}
