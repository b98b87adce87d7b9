package io.caregrid.analytics.sql;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.cluster.SqlConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Departed;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Lingering;
import io.caregrid.contract.Routes;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SQL over HTTP: {@code POST /analytics/sql} answers a query as JSON, CSV or Parquet, {@code GET /analytics/tables} tells what can be asked. Deploy once a
 * node and mount in the HTTP server; undeploying ends what runs.
 *
 * <p>Each query is audited before the first byte of its answer goes out, with its text, which may name a patient.
 */
public final class SqlRoutes extends VerticleBase implements Routes {
  /** Header: everything that was in the change feed until then is in the answer. */
  public static final String AS_OF = "Lake-As-Of";
  /** Header, {@code true}: the answer ends where the asker wanted, and there are more rows. */
  public static final String MORE = "Lake-More-Rows";
  static final String QUERIES = "sql.query";
  /** Of a table of the lake, in the audit trail. */
  private static final String TABLE = "urn:caregrid:table:";
  private static final Logger log = LoggerFactory.getLogger(SqlRoutes.class);

  private final Tables tables;
  private final SqlConfig config;
  private final Audit audit;
  private final MeterRegistry metrics;
  private final Path scratch;
  private QueryEngine engine;

  /**
   * @param audit   told of every query
   * @param metrics timer {@code sql.query} (seconds, by outcome), gauge {@code sql.waiting} (queries)
   * @param scratch folder of this node alone, for answers that are sent and for what DuckDB cannot keep in memory; what is left in it is removed
   */
  public SqlRoutes(Tables tables, SqlConfig config, Audit audit, MeterRegistry metrics, Path scratch) {
    this.tables = tables;
    this.config = config;
    this.audit = audit;
    this.metrics = metrics;
    this.scratch = scratch;
  }

  @Override
  public Future<?> start() {
    return vertx.executeBlocking(() -> new QueryEngine(vertx, tables, config, scratch), false).onSuccess(open -> {
      engine = open;
      metrics.gauge("sql.waiting", open, QueryEngine::waiting);
    });
  }

  @Override
  public Future<?> stop() {
    return vertx.executeBlocking(() -> {
      engine.close();
      return null;
    }, false);
  }

  @Override
  public void mount(Router router) {
    needs(Access.ANALYTICS_QUERY, router.post("/analytics/sql")).handler(this::query);
    needs(Access.ANALYTICS_QUERY, router.get("/analytics/tables")).handler(this::tables);
  }

  private void query(RoutingContext routing) {
    QueryBody.read(routing)
        .compose(query -> answered(routing, query))
        .onFailure(cause -> refuse(routing, cause));
  }

  private Future<Void> answered(RoutingContext routing, Query query) {
    Running running = new Running();
    HttpServerResponse response = routing.response();
    response.closeHandler(gone -> running.stop(new Departed()));
    Timer.Sample begun = Timer.start(metrics);
    Audit.Entry entry = Audit.Entry.of(Gate.caller(routing), Audit.Deed.SQL, null).asking(query.sql());
    AtomicReference<Answer> made = new AtomicReference<>();
    return audit.around(entry,
        () -> engine.answer(query, Gate.caller(routing).grants(), running)
            .onSuccess(made::set)
            .onComplete(done -> begun.stop(metrics.timer(QUERIES, "outcome", outcome(done.cause())))),
        (asked, answer) -> asked.to(answer.tables.stream().map(TABLE::concat).toList()))
        .compose(answer -> send(routing, answer))
        .onComplete(over -> {
          if (made.get() != null) made.get().close();
        });
  }

  private static String outcome(Throwable cause) {
    if (cause == null) return "answered";
    if (cause instanceof Departed) return "departed";
    return cause instanceof Failure failure ? failure.issue : "bug";
  }

  private Future<Void> send(RoutingContext routing, Answer answer) {
    HttpServerResponse response = routing.response();
    if (response.closed()) return Future.failedFuture(new Departed());
    response.putHeader(HttpHeaders.CONTENT_TYPE, answer.form.contentType)
        .putHeader(HttpHeaders.CACHE_CONTROL, "private, no-store")
        .putHeader(HttpHeaders.VARY, "Accept")
        .putHeader("X-Content-Type-Options", "nosniff");
    if (answer.asOf != null) response.putHeader(AS_OF, Cells.instant(answer.asOf));
    if (answer.hasMore()) response.putHeader(MORE, "true");
    if (answer.form != Form.JSON)
      response.putHeader("Content-Disposition", "attachment; filename=\"query." + answer.form.word() + "\"");
    if (answer.form == Form.PARQUET) response.putHeader(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY);
    byte[] small = answer.inMemory();
    if (small != null) return response.end(Buffer.buffer(small));
    response.putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(answer.size()));
    return vertx.fileSystem()
        .open(answer.file.toString(), new OpenOptions().setWrite(false).setCreate(false))
        .compose(file -> file.pipeTo(response))
        .recover(broken -> Future.failedFuture(response.closed() ? new Departed() : broken));
  }

  private void tables(RoutingContext routing) {
    engine.catalogue().compose(found -> {
      JsonArray list = new JsonArray();
      found.views()
          .stream()
          .filter(one -> Gate.caller(routing).grants().mayQuery(one.view().name()))
          .forEach(one -> list.add(json(one)));
      Instant asOf = found.asOf();
      HttpServerResponse response = routing.response()
          .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
          .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
      if (asOf != null) response.putHeader(AS_OF, Cells.instant(asOf));
      return response.end(new JsonObject().put("asOf", asOf == null ? null : Cells.instant(asOf))
          .put("rows", config.rows())
          .put("seconds", config.timeout().toSeconds())
          .put("tables", list)
          .toBuffer());
    }).onFailure(cause -> refuse(routing, cause));
  }

  private static JsonObject json(QueryEngine.Described described) {
    JsonArray columns = new JsonArray();
    described.columns().forEach((name, type) -> columns.add(new JsonObject().put("name", name).put("type", type)));
    return new JsonObject().put("name", described.view().name())
        .put("about", described.view().about())
        .put("columns", columns);
  }

  /** Before the head an error is an answer; behind it only a broken connection tells the client that something is missing. */
  private void refuse(RoutingContext routing, Throwable cause) {
    HttpServerResponse response = routing.response();
    if (response.ended()) return;
    if (response.closed() || cause instanceof Departed) {
      response.reset();
    } else if (response.headWritten()) {
      log.warn("an answer broke off trace={} cause={}", routing.<String>get(Gate.TRACE), cause.getClass().getName());
      response.reset();
    } else {
      Lingering.on(vertx, routing.request());
      routing.fail(cause);
    }
  }
}
