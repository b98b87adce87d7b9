package io.caregrid.analytics.export;

import static io.caregrid.contract.Access.FHIR_EXPORT_DEIDENTIFIED;
import static io.caregrid.contract.Gate.needs;

import io.caregrid.analytics.export.ExportRequest.Param;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Called;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Lingering;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.Routes;
import io.caregrid.store.ExportJobs;
import io.caregrid.store.ExportJobs.Job;
import io.caregrid.store.FhirStore;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * {@code $export} over HTTP (FHIR Bulk Data Access 2.0): kick-off, status, cancelling, files. Who asked for an export sees it, its files, and nobody else's; who may
 * also {@link Access#OPERATE} sees all. Who may not {@link Access#FHIR_EXPORT} asks for, and gets, de-identified files only.
 */
public final class ExportRoutes implements Routes {
  private static final String JOB = "/fhir/_operations/export/:job";
  /** Bulk Data 2.0, "extension" of a manifest. */
  static final String EXTENSION = "urn:caregrid:deidentified";
  private static final String NDJSON = "application/fhir+ndjson";
  private static final Pattern FILE = Pattern.compile("[A-Za-z\\-]{1,80}\\.[0-9]{1,9}\\.ndjson");
  private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.RFC_1123_DATE_TIME;
  private static final int MAX_BYTES = 1 << 20;
  private static final int PART = 1 << 18;
  private static final int SLOWEST_LOOK = 10;

  private final FhirStore store;
  private final ExportJobs jobs;
  private final ObjectStore objects;
  private final Audit audit;
  private final RuleBooks books;
  private final Runnable asked;
  private final Runnable cancelled;
  private final boolean isOpen;

  /**
   * @param work   that makes the exports of this node; others' take them as well
   * @param books  by which exports may be de-identified
   * @param isOpen whoever reaches this node may do everything, so nobody needs a token for the files
   */
  public ExportRoutes(FhirStore store, ExportJobs jobs, ObjectStore objects, Audit audit, ExportVerticle work,
      RuleBooks books, boolean isOpen) {
    this.store = store;
    this.books = books;
    this.jobs = jobs;
    this.objects = objects;
    this.audit = audit;
    this.asked = work::look;
    this.cancelled = work::swept;
    this.isOpen = isOpen;
  }

  /**
   * The doors of a node that has no place for the files.
   *
   * @param why for people, and what to set; every answer is Busy 503 with it
   */
  public static Routes closed(String why) {
    Handler<RoutingContext> refused = answer(request -> Future.failedFuture(new Failure.Busy(why)));
    return router -> {
      for (String path : List.of("/fhir/$export", "/fhir/Patient/$export", "/fhir/Group/:id/$export")) {
        needs(FHIR_EXPORT_DEIDENTIFIED, router.get(path)).handler(refused);
        needs(FHIR_EXPORT_DEIDENTIFIED, router.post(path)).handler(refused);
      }
      needs(FHIR_EXPORT_DEIDENTIFIED, router.get(JOB)).handler(refused);
      needs(FHIR_EXPORT_DEIDENTIFIED, router.delete(JOB)).handler(refused);
      needs(FHIR_EXPORT_DEIDENTIFIED, router.get(JOB + "/:file")).handler(refused);
    };
  }

  @Override
  public void mount(Router router) {
    kickOff(router, "/fhir/$export", ExportRequest.SYSTEM);
    kickOff(router, "/fhir/Patient/$export", ExportRequest.PATIENT);
    kickOff(router, "/fhir/Group/:id/$export", ExportRequest.GROUP);
    needs(FHIR_EXPORT_DEIDENTIFIED, router.get(JOB)).handler(answer(this::status));
    needs(FHIR_EXPORT_DEIDENTIFIED, router.delete(JOB)).handler(answer(this::cancel));
    needs(FHIR_EXPORT_DEIDENTIFIED, router.get(JOB + "/:file")).handler(answer(this::file));
  }

  private void kickOff(Router router, String path, String level) {
    needs(FHIR_EXPORT_DEIDENTIFIED, router.get(path))
        .handler(answer(request -> begin(request, level, query(request), false)));
    needs(FHIR_EXPORT_DEIDENTIFIED, router.post(path)).handler(answer(request -> body(request).compose(body -> {
      List<Param> all = new ArrayList<>(query(request));
      all.addAll(parameters(body));
      return begin(request, level, all, true);
    })));
  }

  private static Handler<RoutingContext> answer(Function<RoutingContext, Future<?>> work) {
    return request -> {
      try {
        work.apply(request).onFailure(cause -> refuse(request, cause));
      } catch (RuntimeException refused) {
        refuse(request, refused);
      }
    };
  }

  private static void refuse(RoutingContext request, Throwable cause) {
    if (!request.response().headWritten()) Lingering.on(request.vertx(), request.request());
    request.fail(cause);
  }

  private Future<?> begin(RoutingContext request, String level, List<Param> params, boolean posted) {
    List<String> prefer = preferences(request);
    if (!prefer.contains("respond-async"))
      throw new Failure.Invalid("an export takes a while: send the header Prefer: respond-async");
    boolean lenient = prefer.contains("handling=lenient");
    if (!lenient && !Accept.takesJson(request.request().headers().getAll(HttpHeaders.ACCEPT), format(params)))
      throw new Failure.NotAcceptable(
          "a kick-off is answered in application/fhir+json, which the Accept header does not "
              + "allow; what the files are is _outputFormat's matter");
    String group = request.pathParam("id");
    Caller caller = Gate.caller(request);
    String address = address(request);
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.VIEW, group == null ? null : "Group/" + group)
        .asking("$export " + shown(request));
    return audit.around(entry, () -> {
      ExportRequest.Wish wish = ExportRequest.wish(params);
      ExportRequest all = ExportRequest.of(level, group, params, posted, lenient);
      if (wish == null) all.require(caller);
      Future<?> there = group == null ? Future.succeededFuture() : store.read(caller, "Group", group);
      return there.compose(found -> chosen(request.vertx(), all, wish)).compose(wanted -> {
        wanted.require(caller);
        return jobs.add(caller, address, wanted.json(), wanted.types()).map(id -> new Begun(id, wanted));
      });
    }, (known, begun) -> begun.in(known)).compose(begun -> {
      asked.run();
      return request.response()
          .setStatusCode(202)
          .putHeader("Content-Location", base(request) + "/" + begun.id())
          .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
          .end();
    });
  }

  private Future<ExportRequest> chosen(Vertx vertx, ExportRequest all, ExportRequest.Wish wish) {
    if (wish == null) return Future.succeededFuture(all);
    return vertx.executeBlocking(
        () -> all.by(books.chosen(wish.config(), wish.tag(), () -> ExportRun.waited(jobs.secret()).getBytes())), false);
  }

  private record Begun(UUID id, ExportRequest wanted) {
    Audit.Entry in(Audit.Entry known) {
      List<String> what = new ArrayList<>(known.what());
      what.add("urn:caregrid:export:" + id);
      Audit.Entry whole = known.to(what);
      return wanted.by() == null ? whole : whole.asking(known.query() + ", de-identified by " + wanted.by().config());
    }
  }

  /** As it was asked, for the trail. */
  private static String shown(RoutingContext request) {
    String query = request.request().query();
    String path = request.normalizedPath();
    return query == null ? path : path + "?" + (query.length() > 1_000 ? query.substring(0, 1_000) : query);
  }

  private static String format(List<Param> params) {
    return params.stream().filter(param -> param.name().equals("_format")).map(Param::value).findFirst().orElse(null);
  }

  /** RFC 7240: several headers, several preferences in each. */
  private static List<String> preferences(RoutingContext request) {
    List<String> all = new ArrayList<>();
    for (String header : request.request().headers().getAll("Prefer"))
      for (String one : header.split("[,;]"))
        all.add(one.replace("\"", "").replaceAll("\\s", "").toLowerCase(Locale.ROOT));
    return all;
  }

  private static List<Param> query(RoutingContext request) {
    List<Param> params = new ArrayList<>();
    request.queryParams().forEach((name, value) -> params.add(new Param(name, value)));
    return params;
  }

  /** Fails with TooLarge 413. */
  private static Future<Buffer> body(RoutingContext request) {
    HttpServerRequest http = request.request();
    Promise<Buffer> whole = Promise.promise();
    Buffer body = Buffer.buffer();
    http.handler(part -> {
      if (body.length() + part.length() <= MAX_BYTES) body.appendBuffer(part);
      else whole.tryFail(new Failure.TooLarge("the body is larger than " + (MAX_BYTES >> 20) + " MB"));
    });
    http.exceptionHandler(whole::tryFail);
    http.endHandler(end -> whole.tryComplete(body));
    http.resume();
    return whole.future();
  }

  /** Of a FHIR Parameters resource; an empty body has none. */
  static List<Param> parameters(Buffer body) {
    if (body.toString().isBlank()) return List.of();
    try {
      JsonObject resource = new JsonObject(body);
      if (!"Parameters".equals(resource.getString("resourceType")))
        throw new Failure.Invalid("the body is no Parameters resource");
      List<Param> params = new ArrayList<>();
      for (Object each : resource.getJsonArray("parameter", new JsonArray()))
        params.add(parameter((JsonObject) each));
      return params;
    } catch (DecodeException | ClassCastException broken) {
      throw new Failure.Invalid("the body cannot be read as a Parameters resource in JSON");
    }
  }

  private static Param parameter(JsonObject parameter) {
    String name = parameter.getString("name");
    if (name == null) throw new Failure.Invalid("a parameter has no name", "Parameters.parameter.name");
    for (String field : parameter.fieldNames()) {
      if (!field.startsWith("value")) continue;
      Object value = parameter.getValue(field);
      return new Param(name,
          value instanceof JsonObject reference ? reference.getString("reference", "") : String.valueOf(value));
    }
    throw new Failure.Invalid("the parameter has no value", "Parameters.parameter.value[x]");
  }

  private Future<?> status(RoutingContext request) {
    return found(request).compose(job -> told(request, job));
  }

  private Future<Void> told(RoutingContext request, Job job) {
    if (job.state().equals("open")) return underWay(request, job);
    if (job.expires().isBefore(Instant.now())) throw gone();
    return job.state().equals("failed") ? failed(request, job) : manifest(request, job);
  }

  private static Future<Void> underWay(RoutingContext request, Job job) {
    long seconds = Duration.between(job.created(), Instant.now()).toSeconds();
    return request.response()
        .setStatusCode(202)
        .putHeader("X-Progress", job.progress().isEmpty() ? "waiting for its turn" : job.progress())
        .putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(Math.max(1, Math.min(SLOWEST_LOOK, seconds / 10))))
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end();
  }

  private static Future<Void> failed(RoutingContext request, Job job) {
    JsonObject told = new JsonObject(job.failure());
    Buffer outcome = OperationOutcome.of(List.of(
        OperationOutcome.Issue.error(told.getString("issue"), told.getString("why"), null)));
    return request.response()
        .setStatusCode(told.getInteger("status"))
        .putHeader(HttpHeaders.CONTENT_TYPE, OperationOutcome.CONTENT_TYPE)
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end(outcome);
  }

  private Future<Void> manifest(RoutingContext request, Job job) {
    JsonObject result = new JsonObject(job.result());
    String here = base(request) + "/" + job.id();
    JsonObject manifest = new JsonObject().put("transactionTime", job.asOf().toString())
        .put("request", job.request())
        .put("requiresAccessToken", !isOpen);
    for (String list : List.of(ExportFiles.OUTPUT, ExportFiles.DELETED, ExportFiles.ERROR)) {
      JsonArray files = new JsonArray();
      for (Object each : result.getJsonArray(list)) {
        JsonObject file = (JsonObject) each;
        files.add(new JsonObject().put("type", file.getString("type"))
            .put("url", here + "/" + file.getString("file"))
            .put("count", file.getLong("count")));
      }
      manifest.put(list, files);
    }
    JsonObject deidentified = result.getJsonObject(ExportFiles.DEIDENTIFIED);
    if (deidentified != null && !Gate.caller(request).may(Access.FHIR_EXPORT))
      for (Object rule : deidentified.getJsonArray("changed")) ((JsonObject) rule).remove("path");
    if (deidentified != null) manifest.put("extension", new JsonObject().put(EXTENSION, deidentified));
    return request.response()
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.EXPIRES, HTTP_DATE.format(job.expires().atOffset(ZoneOffset.UTC)))
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end(manifest.toBuffer());
  }

  private Future<?> cancel(RoutingContext request) {
    return found(request).compose(job -> audit.around(
        Audit.Entry.of(Gate.caller(request), Audit.Deed.VIEW, "urn:caregrid:export:" + job.id())
            .asking("$export cancel"),
        () -> jobs.cancel(job.id()))).compose(done -> {
          cancelled.run();
          return request.response().setStatusCode(202).end();
        });
  }

  /** NotFound 404 for other people's, too: an id that is guessed tells nothing. */
  private Future<Job> found(RoutingContext request) {
    UUID id;
    try {
      id = UUID.fromString(request.pathParam("job"));
    } catch (IllegalArgumentException none) {
      throw gone();
    }
    Caller caller = Gate.caller(request);
    return jobs.find(id).compose(job -> {
      if (job == null || job.state().equals("cancelled")) throw gone();
      return job.isOf(caller) || caller.may(Access.OPERATE) ? Future.succeededFuture(job) : others(request, job);
    });
  }

  /** The trail has who looked. */
  private Future<Job> others(RoutingContext request, Job job) {
    Audit.Entry entry = Audit.Entry
        .of(Gate.caller(request), Audit.Deed.VIEW, "urn:caregrid:export:" + job.id())
        .asking("$export of somebody else, " + request.request().method());
    return audit.record(entry.ended(gone())).transform(kept -> Future.failedFuture(gone()));
  }

  private static Failure gone() {
    return new Failure.NotFound(
        "there is no such export of yours: it was cancelled, has expired, held what was erased since, or never was");
  }

  private Future<?> file(RoutingContext request) {
    String name = request.pathParam("file");
    return found(request).compose(job -> {
      boolean over = job.result() == null || job.expires().isBefore(Instant.now());
      JsonObject file = over || !mayHave(Gate.caller(request), job) ? null : file(job, name);
      if (file == null) throw new Failure.NotFound("this export has no such file, or it has expired");
      Audit.Entry entry = Audit.Entry.of(Gate.caller(request), Audit.Deed.VIEW, "urn:caregrid:export:" + job.id())
          .asking("$export file " + name);
      return audit.around(entry, Future::succeededFuture)
          .compose(told -> send(request, ExportVerticle.folder(job) + "/" + name, file.getLong("bytes"), job, name));
    });
  }

  /** Roles may have become less since it was asked for. */
  private static boolean mayHave(Caller caller, Job job) {
    if (caller.may(Access.FHIR_EXPORT)) return true;
    JsonObject result = new JsonObject(job.result());
    return result.containsKey(ExportFiles.DEIDENTIFIED) && !result.getBoolean(ExportFiles.NARROW, false);
  }

  private static JsonObject file(Job job, String name) {
    if (!FILE.matcher(name).matches()) return null;
    JsonObject result = new JsonObject(job.result());
    for (String list : List.of(ExportFiles.OUTPUT, ExportFiles.DELETED, ExportFiles.ERROR))
      for (Object each : result.getJsonArray(list))
        if (((JsonObject) each).getString("file").equals(name)) return (JsonObject) each;
    return null;
  }

  private Future<Void> send(RoutingContext request, String object, long size, Job job, String name) {
    HttpServerResponse response = request.response();
    ByteRange range = ByteRange.of(request.request().getHeader("Range"), size);
    response.putHeader(HttpHeaders.ACCEPT_RANGES, "bytes").putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    if (range == null)
      return response.setStatusCode(416).putHeader("Content-Range", "bytes */" + size).end();
    return part(request.vertx(), object, range.from(), range.to()).compose(first -> {
      response.putHeader(HttpHeaders.CONTENT_TYPE, NDJSON)
          .putHeader("X-Content-Type-Options", "nosniff")
          .putHeader(HttpHeaders.EXPIRES, HTTP_DATE.format(job.expires().atOffset(ZoneOffset.UTC)))
          .putHeader(HttpHeaders.ETAG, "\"" + job.attempt() + "-" + name + "\"")
          .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(range.length()));
      if (range.part())
        response.setStatusCode(206)
            .putHeader(HttpHeaders.CONTENT_RANGE, "bytes " + range.from() + "-" + (range.to() - 1) + "/" + size)
            .putHeader(HttpHeaders.CONTENT_ENCODING, "identity");
      return rest(request, object, first, range.from() + first.length(), range.to());
    });
  }

  /** A part is in memory, and the next one when the client took this. */
  private Future<Void> rest(RoutingContext request, String object, Buffer part, long from, long to) {
    HttpServerResponse response = request.response();
    if (from >= to) return response.end(part);
    return response.write(part)
        .compose(taken -> part(request.vertx(), object, from, to))
        .compose(next -> rest(request, object, next, from + next.length(), to));
  }

  private Future<Buffer> part(Vertx vertx, String object, long from, long to) {
    return vertx.executeBlocking(() -> {
      byte[] bytes = objects.get(object, from, (int) Math.min(PART, to - from));
      if (bytes == null || bytes.length == 0 && from < to)
        throw new Failure.NotFound("this file is not there any more");
      return Buffer.buffer(bytes);
    }, false);
  }

  private static String address(RoutingContext request) {
    String query = request.request().query();
    return Called.of(request).origin() + request.request().path() + (query == null ? "" : "?" + query);
  }

  private static String base(RoutingContext request) {
    return Called.of(request).origin() + "/fhir/_operations/export";
  }
}
