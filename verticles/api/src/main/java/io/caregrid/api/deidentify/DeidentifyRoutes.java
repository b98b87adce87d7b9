package io.caregrid.api.deidentify;

import static io.caregrid.contract.Gate.needs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.cluster.DeidentifyConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.JsonBody;
import io.caregrid.contract.Routes;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.deidentify.Deidentifier;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.caregrid.templates.deidentify.Deidentifier.Origin;
import io.caregrid.templates.deidentify.Deidentifier.Result;
import io.caregrid.templates.deidentify.DeidentifyException;
import io.caregrid.templates.deidentify.Report;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * {@code POST /fhir/$de-identify} with {@code {"config": {…}, "resource": {…}}}, or without {@code config} by the Safe Harbor configuration that comes with the
 * house. Answers the resource; with {@code report=true} {@code {"resource": {…}, "report": […], "madeUpKeys": […]}}, counts by rule and place.
 *
 * <p>Keys that a caller's configuration and this node lack are made up, as Microsoft's tool does, and a header {@code Warning} says which: hashes of another process,
 * and dates of another request, do not go with these. By the configuration of the house, which is there for what goes together, that is refused.
 *
 * <p>Bounded: 16 MB a body, 30 s a run, {@value #RUNS} runs at once (503 beyond), all of it on threads of its own.
 */
public final class DeidentifyRoutes implements Routes {
  private static final String ADDRESS = "/fhir/$de-identify";
  private static final int MAX_BYTES = 16 << 20;
  private static final int RUNS = 2;
  /** Bodies under way, those being sent included. */
  private static final int WAITING = 8;
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final List<String> JSON = List.of("application/json", "application/fhir+json");
  private static final Set<String> MEMBERS = Set.of("config", "resource");
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9\\-.]{1,64}");
  private static final Pattern TYPE = Pattern.compile("[A-Z][A-Za-z]{1,63}");
  private final Audit audit;
  private final Keys keys;
  private final WorkerExecutor workers;
  private final AtomicInteger running = new AtomicInteger();

  /** @param config keys for configurations that have none of their own */
  public DeidentifyRoutes(Vertx vertx, Audit audit, DeidentifyConfig config) {
    this.audit = audit;
    this.keys = new Keys(config.dateShiftKey(), config.cryptoHashKey(), config.encryptKey());
    this.workers = vertx.createSharedWorkerExecutor("deidentify", RUNS, 1, TimeUnit.DAYS);
  }

  @Override
  public void mount(Router router) {
    needs(Access.FHIR_EXPORT, router.post(ADDRESS)).handler(this::asked);
  }

  private record Asked(JsonNode config, JsonNode resource) {
    /** For the audit trail. What was sent is no resource of ours, whatever it calls itself: nobody's record was looked at. */
    Entry entry(Caller caller) {
      String type = resource.path("resourceType").asText();
      String id = resource.path("id").asText();
      boolean named = TYPE.matcher(type).matches() && ID.matcher(id).matches();
      return Entry.of(caller, Deed.VIEW, null)
          .asking("$de-identify" + (named ? " of what was sent as " + type + "/" + id : ""));
    }
  }

  private void asked(RoutingContext request) {
    if (running.incrementAndGet() > WAITING) {
      running.decrementAndGet();
      request.fail(new Failure.Busy(WAITING + " resources are being de-identified already; try again shortly"));
      return;
    }
    Caller caller = Gate.caller(request);
    boolean reports = "true".equals(request.queryParams().get("report"));
    JsonBody.read(request.request(), JSON, MAX_BYTES)
        .compose(body -> workers.executeBlocking(() -> read(body), false))
        .compose(asked -> audit.around(asked.entry(caller),
            () -> workers.executeBlocking(() -> answer(asked, reports), false)))
        .compose(answer -> send(request, reports, answer))
        .onComplete(done -> running.decrementAndGet())
        .onFailure(request::fail);
  }

  /** @param madeUp keys that nobody gave */
  private record Answer(Buffer body, List<String> madeUp) {}

  private static Future<Void> send(RoutingContext request, boolean reports, Answer answer) {
    if (!answer.madeUp().isEmpty())
      request.response()
          .putHeader("Warning",
              "199 caregrid \"made up, for want of one: " + String.join(", ", answer.madeUp()) + "\"");
    return request.response()
        .putHeader(HttpHeaders.CONTENT_TYPE, reports ? "application/json" : "application/fhir+json; charset=utf-8")
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end(answer.body());
  }

  private static Asked read(Buffer body) {
    JsonNode whole;
    try {
      whole = Trees.read(body.getBytes());
    } catch (Trees.Malformed malformed) {
      throw new Failure.Invalid(malformed.getMessage(), malformed.expression);
    }
    for (var member : whole.properties()) {
      if (!MEMBERS.contains(member.getKey()))
        throw new Failure.Invalid("the body is an object of resource and, where it is not Safe Harbor's, config");
    }
    JsonNode resource = whole.path("resource");
    if (!resource.isObject())
      throw new Failure.Invalid("the body must have a member resource, a FHIR resource", "resource");
    JsonNode config = whole.get("config");
    if (config != null && !config.isObject()) throw new Failure.Invalid("config must be a JSON object", "config");
    return new Asked(config, resource);
  }

  private Answer answer(Asked asked, boolean reports) {
    Deidentifier deidentifier = deidentifier(asked.config());
    List<String> madeUp = deidentifier.madeUpKeys();
    if (asked.config() == null) require(madeUp);
    try {
      Result result = deidentifier.apply(asked.resource(), Origin.NONE, LONGEST);
      JsonNode shown = reports ? reported(result, madeUp) : result.resource();
      return new Answer(Buffer.buffer(Trees.write(shown)), madeUp);
    } catch (DeidentifyException refused) {
      throw switch (refused.kind()) {
        case INPUT -> new Failure.Invalid(refused.getMessage(), "resource");
        case TOO_LONG -> new Failure.TooCostly(refused.getMessage());
        default -> new Failure.Unprocessable(refused.getMessage(), "config");
      };
    }
  }

  private Deidentifier deidentifier(JsonNode config) {
    try {
      return config == null
          ? Deidentifier.read("safe-harbor-r4.json", Deidentifier.safeHarbor(), keys, Clock.systemUTC())
          : Deidentifier.read("config", config, keys, Clock.systemUTC());
    } catch (MappingException wrong) {
      throw new Failure.Invalid(wrong.getMessage(), "config");
    }
  }

  /** A key that was made up is gone with this process: what was hashed with it today and tomorrow would not go together. */
  private static void require(List<String> missing) {
    if (missing.isEmpty()) return;
    List<String> settings = missing.stream().map(key -> "fhir.deidentify." + key).toList();
    throw new Failure.Unprocessable("the configuration that comes with the house has no " + String.join(", ", missing)
        + ", which its rules need: set " + String.join(", ", settings) + " of this node", "config");
  }

  private static ObjectNode reported(Result result, List<String> madeUp) {
    ObjectNode answer = result.resource().objectNode();
    answer.set("resource", result.resource());
    ArrayNode rows = answer.putArray("report");
    for (Report.Row row : result.report().rows()) {
      rows.addObject()
          .put("rule", row.rule())
          .put("path", row.path())
          .put("method", row.method())
          .put("place", row.place())
          .put("count", row.count());
    }
    if (!madeUp.isEmpty()) madeUp.forEach(answer.putArray("madeUpKeys")::add);
    return answer;
  }
}
