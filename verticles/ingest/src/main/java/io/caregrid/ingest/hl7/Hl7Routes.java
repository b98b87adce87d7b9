package io.caregrid.ingest.hl7;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.cluster.Hl7Config;
import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Lingering;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.Routes;
import io.caregrid.ingest.Budget;
import io.caregrid.ingest.Upload;
import io.caregrid.ingest.hl7.MllpFrames.Fault;
import io.caregrid.store.Hl7Letter;
import io.caregrid.store.Hl7Messages.Which;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.Set;

/**
 * {@code POST /hl7}: a message or batch as it would come by MLLP, without a frame; answered with an acknowledgment, and a status as HL7-over-HTTP clients know it: 200 for AA
 * and CA, 400 for AR and CR, 500 for AE and CE, but 503 with Retry-After when sending it again is all it takes. And the dead letters, for operators.
 *
 * <p>Reads the request itself: mount it before any BodyHandler.
 */
final class Hl7Routes implements Routes {
  private static final String ER7 = "x-application/hl7-v2+er7";
  private static final Set<String> TYPES = Set.of(ER7, "application/hl7-v2+er7", "application/hl7-v2", "text/plain");
  private static final String LETTERS = "/hl7/dead-letters";
  private static final Set<String> FILTERS = Set.of("control-id", "sender", "reason", "patient", "since", "until");
  private static final int DEFAULT_COUNT = 100;
  private static final int MAX_COUNT = 1000;

  private final Vertx vertx;
  private final Hl7Config config;
  private final Intake intake;
  private final Budget budget;
  private final Letters letters;

  Hl7Routes(Vertx vertx, Hl7Config config, Intake intake, Budget budget, Letters letters) {
    this.vertx = vertx;
    this.config = config;
    this.intake = intake;
    this.budget = budget;
    this.letters = letters;
  }

  @Override
  public void mount(Router router) {
    needs(Access.FHIR_WRITE, router.post("/hl7")).handler(this::take);
    needs(Access.OPERATE, router.get(LETTERS)).handler(answer(this::list));
    needs(Access.OPERATE, router.delete(LETTERS)).handler(answer(this::removeSome));
    needs(Access.OPERATE, router.post(LETTERS + "/replay")).handler(answer(this::replaySome));
    needs(Access.OPERATE, router.get(LETTERS + "/:id")).handler(answer(this::find));
    needs(Access.OPERATE, router.delete(LETTERS + "/:id"))
        .handler(answer(request -> remove(request, Which.one(request.pathParam("id")))));
    needs(Access.OPERATE, router.post(LETTERS + "/:id/replay"))
        .handler(answer(request -> replay(request, Which.one(request.pathParam("id")))));
  }

  /** Whoever may not send learns nothing. @param why says what opens it */
  static Routes closed(String why) {
    return router -> needs(Access.FHIR_WRITE, router.post("/hl7"))
        .handler(request -> request.fail(new Failure.NotFound(why)));
  }

  private void take(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    Upload upload = new Upload(request, config.maxMessage(), budget, "hl7.maxMessage");
    Caller caller = Gate.caller(routing);
    allowed(caller).compose(may -> charset(request.getHeader(HttpHeaders.CONTENT_TYPE)))
        .compose(charset -> upload.read()
            .compose(body -> intake.take(body.getBytes(), Fault.NONE, new Peer.Http(caller),
                charset.isEmpty() ? null : charset)))
        .onComplete(done -> upload.release())
        .onSuccess(answer -> acknowledge(request, answer))
        .onFailure(cause -> refuse(routing, cause));
  }

  /** What templates make holds conditions, and whether something matches tells what is there. */
  private static Future<Void> allowed(Caller caller) {
    return caller.may(Access.FHIR_READ)
        ? Future.succeededFuture()
        : Future.failedFuture(new Failure.Forbidden("a message is stored as who sends it, who must be allowed to read"
            + " resources too (FHIR_READ)"));
  }

  /** The charset that the header names, empty when it names none. */
  private static Future<String> charset(String header) {
    String[] parts = (header == null ? "" : header).split(";");
    if (!TYPES.contains(parts[0].strip().toLowerCase(Locale.ROOT)))
      return Future.failedFuture(new Failure.UnsupportedMedia(
          "Content-Type must be x-application/hl7-v2+er7, application/hl7-v2 or text/plain, with the message as it is"));
    for (int n = 1; n < parts.length; n++) {
      String parameter = parts[n].replace("\"", "").strip();
      if (!parameter.toLowerCase(Locale.ROOT).startsWith("charset=")) continue;
      String named = parameter.substring(8).toUpperCase(Locale.ROOT);
      String java = named.equals("ASCII") ? "US-ASCII" : named;
      return Hl7Config.CHARSETS.containsValue(java)
          ? Future.succeededFuture(java)
          : Future.failedFuture(new Failure.UnsupportedMedia("charset must be one of "
              + String.join(", ", Hl7Config.CHARSETS.values().stream().distinct().sorted().toList())));
    }
    return Future.succeededFuture("");
  }

  private void acknowledge(HttpServerRequest request, Intake.Answer answer) {
    HttpServerResponse response = request.response();
    if (response.closed() || response.ended()) return;
    int status = answer.findings().isEmpty()
        ? 200
        : answer.away() ? 503 : Finding.rejects(answer.findings()) ? 400 : 500;
    if (status == 503) response.putHeader(HttpHeaders.RETRY_AFTER, Integer.toString(Failure.Busy.RETRY_AFTER_SECONDS));
    String asked = request.getHeader(HttpHeaders.CONTENT_TYPE);
    response.setStatusCode(status)
        .putHeader(HttpHeaders.CONTENT_TYPE, asked)
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end(Buffer.buffer(answer.bytes()));
  }

  /** Before there is a message to acknowledge. */
  private void refuse(RoutingContext routing, Throwable cause) {
    HttpServerResponse response = routing.response();
    if (response.closed() || response.ended()) return;
    Lingering.on(vertx, routing.request());
    if (!(cause instanceof Failure failure)) {
      routing.fail(cause);
      return;
    }
    response.setStatusCode(failure.status).putHeader(HttpHeaders.CONTENT_TYPE, OperationOutcome.CONTENT_TYPE);
    if (failure instanceof Failure.Busy) {
      response.putHeader(HttpHeaders.RETRY_AFTER, Integer.toString(Failure.Busy.RETRY_AFTER_SECONDS))
          .end(OperationOutcome.of(new Failure.Busy("too many large messages are under way: send it again")));
    } else {
      response.end(OperationOutcome.of(failure));
    }
  }

  /** What a handler answers, or why not. */
  @FunctionalInterface
  private interface Work {
    Future<JsonObject> of(RoutingContext request);
  }

  private static io.vertx.core.Handler<RoutingContext> answer(Work work) {
    return request -> Future.succeededFuture()
        .compose(now -> work.of(request))
        .onSuccess(json -> request.response()
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
            .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
            .end(json.toBuffer()))
        .onFailure(request::fail);
  }

  private Future<JsonObject> list(RoutingContext request) {
    int count = count(request.queryParams().get("_count"));
    String after = request.queryParams().get("_after");
    return letters.list(Gate.caller(request), which(request), count, after).map(found -> {
      JsonArray list = new JsonArray();
      found.forEach(letter -> list.add(json(letter)));
      JsonObject page = new JsonObject().put("letters", list);
      return found.size() < count ? page : page.put("next", found.get(found.size() - 1).mark());
    });
  }

  private Future<JsonObject> find(RoutingContext request) {
    return letters.find(Gate.caller(request), request.pathParam("id"))
        .map(letter -> json(letter).put("message", text(letter)));
  }

  /** As its MSH-18 says; where its bytes are none of that, a character a byte. */
  private static String text(Hl7Letter letter) {
    byte[] bytes = letter.payload().getBytes();
    try {
      return Texts.decoded(bytes, Texts.charset(Msh.of(Texts.raw(bytes)), Envelope.read(letter.envelope()).charset()));
    } catch (Exception unreadable) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  private Future<JsonObject> removeSome(RoutingContext request) {
    return remove(request, meant(request, "removed"));
  }

  private Future<JsonObject> remove(RoutingContext request, Which which) {
    return letters.remove(Gate.caller(request), which).map(gone -> new JsonObject().put("removed", gone));
  }

  private Future<JsonObject> replaySome(RoutingContext request) {
    return replay(request, meant(request, "tried again"));
  }

  private Future<JsonObject> replay(RoutingContext request, Which which) {
    return letters.replay(Gate.caller(request), which).map(count -> {
      if (count == 0 && which.id() != null) throw new Failure.NotFound("there is no such dead letter");
      return new JsonObject().put("replayed", count);
    });
  }

  /** All of them only for who says so. */
  private static Which meant(RoutingContext request, String what) {
    Which which = which(request);
    if (which.isAll() && !"true".equals(request.queryParams().get("all")))
      throw new Failure.Invalid("Say which dead letters are to be " + what + " (" + filters() + "), or all=true");
    return which;
  }

  private static Which which(RoutingContext request) {
    for (String name : request.queryParams().names())
      if (!FILTERS.contains(name) && !Set.of("_count", "_after", "all").contains(name))
        throw new Failure.Invalid("a dead letter is looked for by " + filters() + ", and by nothing else");
    return new Which(null, asked(request, "control-id"), asked(request, "sender"), asked(request, "reason"),
        asked(request, "patient"), instant(request, "since"), instant(request, "until"));
  }

  private static String filters() {
    return String.join(", ", FILTERS.stream().sorted().toList());
  }

  private static String asked(RoutingContext request, String name) {
    String value = request.queryParams().get(name);
    if (value != null && value.indexOf('\0') >= 0) throw new Failure.Invalid(name + " holds a NUL");
    return value == null || value.isEmpty() ? null : value;
  }

  private static Instant instant(RoutingContext request, String name) {
    String value = asked(request, name);
    try {
      return value == null ? null : OffsetDateTime.parse(value.replace(' ', '+')).toInstant();
    } catch (DateTimeException none) {
      throw new Failure.Invalid(name + " must be an instant such as 2026-11-20T10:00:00Z");
    }
  }

  private static int count(String asked) {
    if (asked == null) return DEFAULT_COUNT;
    if (!asked.matches("\\d{1,6}") || Integer.parseInt(asked) < 1)
      throw new Failure.Invalid("_count must be a whole number, 1.." + MAX_COUNT);
    return Math.min(Integer.parseInt(asked), MAX_COUNT);
  }

  private static JsonObject json(Hl7Letter letter) {
    JsonObject json = new JsonObject()
        .put("id", letter.id())
        .put("sender", letter.sender())
        .put("controlId", letter.controlId())
        .put("type", letter.type())
        .put("patients", new JsonArray(letter.patients()))
        .put("reason", letter.reason())
        .put("detail", letter.detail())
        .put("received", letter.received().toString())
        .put("failed", letter.at().toString());
    return letter.replayed() == null ? json : json.put("replayed", letter.replayed().toString());
  }
}
