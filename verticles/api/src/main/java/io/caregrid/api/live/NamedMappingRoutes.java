package io.caregrid.api.live;

import static io.caregrid.contract.Gate.needs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caregrid.api.Rejected;
import io.caregrid.api.Requests;
import io.caregrid.cluster.Addresses;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.JsonBody;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.contract.Routes;
import io.caregrid.store.MappingVersion;
import io.caregrid.store.MappingVersions;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.MappingProblem.Severity;
import io.caregrid.templates.sets.CheckedMapping;
import io.caregrid.templates.sets.MappingSet;
import io.caregrid.templates.sets.MappingSets;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code /iomt/mappings}: the mappings by name, changed while nodes run.
 *
 * <pre>
 * GET    /iomt/mappings                       [{name, version, origin, by, at, comment, warnings}], what is in force
 * GET    /iomt/mappings/{name}                the same with deviceContent, fhirMapping (texts as they were sent) and what is odd about them; ETag
 * PUT    /iomt/mappings/{name}                {deviceContent, fhirMapping, comment?}, objects or texts; checked whole: 422 names everything that is wrong
 * DELETE /iomt/mappings/{name}                unless a topic stands for it; where a node was started with files of that name, they count again
 * GET    /iomt/mappings/{name}/versions       who changed it, when and why, newest first
 * GET    /iomt/mappings/{name}/versions/{n}   one of them with its texts
 * POST   /iomt/mappings/{name}/$rollback      {version, comment?}: the next version, with that one's texts
 * </pre>
 *
 * Changes take {@code If-Match: W/"n"}, n the version they are meant for, and {@code If-None-Match: *} for a name that must be new. When a change is
 * answered it is in force on this node, and the others have been told.
 */
public final class NamedMappingRoutes implements Routes {
  private static final List<String> JSON_TYPES = List.of("application/json");
  private static final int MOST_BYTES = 8 << 20;
  private static final int LONGEST_COMMENT = 1_000;
  private static final int MOST_VERSIONS = 1_000;
  /** Checking takes memory, some ten times the texts. */
  private static final int AT_ONCE = 4;
  private static final Set<String> PUT_MEMBERS = Set.of("deviceContent", "fhirMapping", "comment");
  private static final Set<String> ROLLBACK_MEMBERS = Set.of("version", "comment");
  private static final Pattern TAG = Pattern.compile("(?:W/)?\"(\\d{1,9})\"");
  private static final ObjectMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .build();

  private final Vertx vertx;
  private final MappingVersions versions;
  private final MappingsInForce inForce;
  private final Set<String> inUse;
  private final Audit audit;
  private final AtomicInteger running = new AtomicInteger();

  /**
   * @param inUse names that settings of this house send messages by: they are not removed
   * @param audit told of every change
   */
  public NamedMappingRoutes(Vertx vertx, MappingVersions versions, MappingsInForce inForce, Set<String> inUse,
      Audit audit) {
    this.vertx = vertx;
    this.versions = versions;
    this.inForce = inForce;
    this.inUse = Set.copyOf(inUse);
    this.audit = audit;
  }

  @Override
  public void mount(Router router) {
    needs(Access.OPERATE, router.get("/iomt/mappings")).handler(request -> answer(request, this::list));
    needs(Access.OPERATE, router.get("/iomt/mappings/:name"))
        .handler(request -> change(request, () -> read(request)));
    needs(Access.OPERATE, router.put("/iomt/mappings/:name")).handler(request -> change(request, () -> put(request)));
    needs(Access.OPERATE, router.delete("/iomt/mappings/:name"))
        .handler(request -> change(request, () -> remove(request)));
    needs(Access.OPERATE, router.get("/iomt/mappings/:name/versions"))
        .handler(request -> answer(request, () -> history(request)));
    needs(Access.OPERATE, router.get("/iomt/mappings/:name/versions/:version"))
        .handler(request -> answer(request, () -> version(request)));
    needs(Access.OPERATE, router.post("/iomt/mappings/:name/$rollback"))
        .handler(request -> change(request, () -> rollback(request)));
  }

  /** What is said, under which version; null content: nothing. */
  private record Said(int status, Integer version, Buffer content) {}

  private void answer(RoutingContext request, Supplier<Future<Said>> work) {
    attempted(work).compose(said -> {
      request.response()
          .setStatusCode(said.status)
          .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
          .putHeader("X-Content-Type-Options", "nosniff");
      if (said.version != null) request.response().putHeader(HttpHeaders.ETAG, "W/\"" + said.version + "\"");
      if (said.content == null) return request.response().end();
      return request.response().putHeader(HttpHeaders.CONTENT_TYPE, "application/json").end(said.content);
    }).onFailure(request::fail);
  }

  private static <T> Future<T> attempted(Supplier<Future<T>> work) {
    try {
      return work.get();
    } catch (Failure refused) {
      return Future.failedFuture(refused);
    }
  }

  /** With a bound on how many are checked at once. */
  private void change(RoutingContext request, Supplier<Future<Said>> work) {
    answer(request, () -> {
      if (running.incrementAndGet() > AT_ONCE) {
        running.decrementAndGet();
        return Future.failedFuture(new Failure.Busy("other mappings are being checked; try again"));
      }
      return attempted(work).onComplete(done -> running.decrementAndGet());
    });
  }

  private Future<Said> list() {
    return versions.newest().map(latest -> {
      JsonArray list = new JsonArray();
      for (MappingSet set : inForce.current().all()) {
        MappingVersion stored = latest.stream()
            .filter(one -> one.name().equals(set.name()) && one.version() == set.mark().version())
            .findFirst()
            .orElse(null);
        list.add(head(set, stored));
      }
      return new Said(200, null, list.toBuffer());
    });
  }

  private static JsonObject head(MappingSet set, MappingVersion stored) {
    JsonObject json = stored == null
        ? new JsonObject().put("name", set.name()).put("version", set.mark().version())
        : json(stored);
    return json.put("origin", set.mark().version() == 0 ? "files" : "store")
        .put("warnings", set.checked() == null ? 0 : set.checked().warnings().size());
  }

  private Future<Said> read(RoutingContext request) {
    String name = name(request);
    return versions.versions(Requests.caller(request), name, 1).compose(newest -> {
      if (!newest.isEmpty() && !newest.get(0).removed())
        return versions.current(Requests.caller(request), name)
            .compose(stored -> vertx.executeBlocking(() -> CheckedMapping.of(text(stored.deviceContent()),
                text(stored.fhirMapping())), false)
                .map(checked -> new Said(200, stored.version(),
                    whole(json(stored).put("origin", "store"), checked))));
      MappingSet file = inForce.current().find(name);
      if (file == null || file.checked() == null) throw new Failure.NotFound("there is no mapping " + name);
      return Future.succeededFuture(new Said(200, 0, whole(head(file, null), file.checked())));
    });
  }

  /** With the texts, and everything that is odd. */
  private static Buffer whole(JsonObject head, CheckedMapping checked) {
    JsonArray problems = new JsonArray();
    checked.findings().forEach(one -> problems.add(json(one)));
    return head.put("deviceContent", checked.deviceText())
        .put("fhirMapping", checked.fhirText())
        .put("problems", problems)
        .toBuffer();
  }

  private Future<Said> history(RoutingContext request) {
    String name = name(request);
    return versions.versions(Requests.caller(request), name, MOST_VERSIONS).map(history -> {
      if (history.isEmpty() && inForce.current().find(name) == null)
        throw new Failure.NotFound("there is no mapping " + name);
      JsonArray list = new JsonArray();
      history.forEach(one -> list.add(json(one)));
      return new Said(200, null, list.toBuffer());
    });
  }

  private Future<Said> version(RoutingContext request) {
    String asked = request.pathParam("version");
    if (!asked.matches("\\d{1,9}")) throw new Failure.NotFound("a version is a whole number, from 1");
    return versions.version(Requests.caller(request), name(request), Integer.parseInt(asked)).map(stored -> {
      JsonObject json = json(stored);
      if (!stored.removed())
        json.put("deviceContent", text(stored.deviceContent())).put("fhirMapping", text(stored.fhirMapping()));
      return new Said(200, stored.version(), json.toBuffer());
    });
  }

  private Future<Said> put(RoutingContext request) {
    String name = name(request);
    Caller caller = Requests.caller(request);
    int expected = expected(request);
    return asked(request, PUT_MEMBERS).compose(asked -> {
      String device = text(asked, "deviceContent");
      String fhir = text(asked, "fhirMapping");
      return vertx.executeBlocking(() -> CheckedMapping.of(device, fhir), false).compose(checked -> {
        if (checked.hasErrors()) return Future.failedFuture(rejected(checked));
        return versions.versions(caller, name, 1)
            .compose(before -> changed(caller, name, "PUT",
                () -> versions.put(caller, name, Buffer.buffer(device), Buffer.buffer(fhir), comment(asked), expected))
                .map(made -> new Said(made.version() == 1 && before.isEmpty() ? 201 : 200, made.version(),
                    told(made, checked))));
      });
    });
  }

  private Future<Said> rollback(RoutingContext request) {
    String name = name(request);
    Caller caller = Requests.caller(request);
    int expected = expected(request);
    return asked(request, ROLLBACK_MEMBERS).compose(asked -> {
      if (!asked.path("version").canConvertToInt() || !asked.path("version").isIntegralNumber())
        throw new Failure.Invalid("version must be a whole number: the one to go back to", "version");
      int version = asked.path("version").intValue();
      return versions.version(caller, name, version)
          .compose(old -> old.removed()
              ? Future
                  .<CheckedMapping>failedFuture(new Failure.Unprocessable("version " + version + " is the removal of "
                      + name + ", nothing to go back to", "version"))
              : vertx.executeBlocking(() -> CheckedMapping.of(text(old.deviceContent()), text(old.fhirMapping())),
                  false))
          .compose(checked -> {
            if (checked.hasErrors()) return Future.failedFuture(rejected(checked));
            return changed(caller, name, "$rollback to " + version,
                () -> versions.restore(caller, name, version, comment(asked), expected))
                .map(made -> new Said(200, made.version(), told(made, checked)));
          });
    });
  }

  private Future<Said> remove(RoutingContext request) {
    String name = name(request);
    Caller caller = Requests.caller(request);
    if (inUse.contains(name))
      throw new Failure.Conflict("mapping " + name + " is in use: setting kafka.topics has a topic for it");
    String comment = request.queryParams().get("comment");
    int expected = expected(request);
    return changed(caller, name, "DELETE",
        () -> versions.remove(caller, name, comment == null ? "" : limited(comment), expected))
        .map(made -> new Said(204, null, null));
  }

  /** Recorded, in force here, and told to the others. */
  private Future<MappingVersion> changed(Caller caller, String name, String how,
      Supplier<Future<MappingVersion>> work) {
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.MAPPING_CHANGED, "urn:caregrid:mapping:" + name).asking(how);
    return audit.around(entry, work, (known, made) -> known.asking(how + ": version " + made.version()))
        .compose(made -> {
          vertx.eventBus().publish(Addresses.MAPPINGS, new JsonObject());
          return inForce.refresh().map(made);
        });
  }

  private static Rejected rejected(CheckedMapping checked) {
    return new Rejected(422, Stream.concat(checked.errors().stream(), checked.warnings().stream())
        .map(one -> new Issue(one.problem().severity() == Severity.ERROR ? "error" : "warning", "invalid",
            one.file() + ": " + one.problem(), one.file()))
        .toList());
  }

  private static Buffer told(MappingVersion made, CheckedMapping checked) {
    JsonArray warnings = new JsonArray();
    checked.warnings().forEach(one -> warnings.add(json(one)));
    return json(made).put("warnings", warnings).toBuffer();
  }

  private static JsonObject json(MappingVersion one) {
    JsonObject json = new JsonObject().put("name", one.name())
        .put("version", one.version())
        .put("by", one.by())
        .put("at", one.at().toString())
        .put("comment", one.comment());
    if (one.issuer() != null) json.put("issuer", one.issuer());
    if (one.removed()) json.put("removed", true);
    return one.restores() == null ? json : json.put("restores", one.restores());
  }

  private static JsonObject json(CheckedMapping.Finding finding) {
    MappingProblem problem = finding.problem();
    return new JsonObject().put("file", finding.file())
        .put("message", problem.message())
        .put("line", problem.line())
        .put("column", problem.column())
        .put("severity", problem.severity() == Severity.ERROR ? "error" : "warning");
  }

  private Future<JsonNode> asked(RoutingContext request, Set<String> members) {
    return JsonBody.read(request.request(), JSON_TYPES, MOST_BYTES)
        .compose(body -> vertx.executeBlocking(() -> read(body, members), false));
  }

  private static JsonNode read(Buffer body, Set<String> members) throws IOException {
    JsonNode asked;
    try {
      asked = JSON.readTree(body.getBytes());
    } catch (JsonProcessingException broken) {
      throw JsonBody.unreadable(broken);
    }
    if (!asked.isObject()) throw new Failure.Invalid("the body must be an object of " + members);
    List<String> unknown = new ArrayList<>();
    for (Map.Entry<String, JsonNode> member : asked.properties())
      if (!members.contains(member.getKey())) unknown.add(member.getKey());
    if (!unknown.isEmpty())
      throw new Failure.Invalid("the body must be an object of " + members + " and has more in it");
    return asked;
  }

  /** A text stays what it is; an object is written out, a member a line, so that places in it can be named. */
  private static String text(JsonNode asked, String member) {
    JsonNode given = asked.path(member);
    if (given.isTextual()) return given.textValue();
    if (given.isObject()) return given.toPrettyString();
    throw new Failure.Invalid(member + " is missing: a JSON object, or a text that holds one", member);
  }

  private static String comment(JsonNode asked) {
    JsonNode comment = asked.path("comment");
    if (comment.isMissingNode() || comment.isNull()) return "";
    if (!comment.isTextual()) throw new Failure.Invalid("comment must be a text", "comment");
    return limited(comment.textValue());
  }

  private static String limited(String comment) {
    if (comment.length() > LONGEST_COMMENT || comment.indexOf('\0') >= 0)
      throw new Failure.Invalid("a comment has at most " + LONGEST_COMMENT + " characters, and no NUL", "comment");
    return comment;
  }

  private static String text(Buffer bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static String name(RoutingContext request) {
    String name = request.pathParam("name");
    if (!MappingSet.isName(name))
      throw new Failure.Invalid(
          "a mapping's name has 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or"
              + " a digit; the one of messages that name none is " + MappingSets.DEFAULT);
    return name;
  }

  private static int expected(RoutingContext request) {
    String match = request.request().getHeader(HttpHeaders.IF_MATCH);
    String none = request.request().getHeader(HttpHeaders.IF_NONE_MATCH);
    if (none != null && (match != null || !none.strip().equals("*")))
      throw new Failure.Invalid("If-None-Match must be *, and stands alone");
    if (none != null) return MappingVersions.NONE;
    if (match == null) return MappingVersions.ANY;
    if (match.strip().equals("*")) return MappingVersions.SOME;
    Matcher tag = TAG.matcher(match.strip());
    if (!tag.matches()) throw new Failure.Invalid("If-Match must be one version such as W/\"3\", or *");
    return Integer.parseInt(tag.group(1));
  }
}
