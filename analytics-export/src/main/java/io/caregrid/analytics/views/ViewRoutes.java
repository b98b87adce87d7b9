package io.caregrid.analytics.views;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.JsonBody;
import io.caregrid.contract.Lingering;
import io.caregrid.contract.Routes;
import io.caregrid.store.FhirStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /fhir/$viewdefinition-run}: a view over the resources that are sent along, or over the store (SQL on FHIR v2). Rows leave as they come to be.
 *
 * <p>Each run has a worker thread of its own, which waits for the store and for the client; {@value #RUNS} at a time, others are answered 503.
 */
public final class ViewRoutes implements Routes {
  private static final Logger log = LoggerFactory.getLogger(ViewRoutes.class);
  private static final String ADDRESS = "/fhir/$viewdefinition-run";
  private static final int MAX_BYTES = 16 << 20;
  private static final int RUNS = 4;
  private static final List<String> JSON = List.of("application/fhir+json", "application/json",
      "application/json+fhir");

  private final Vertx vertx;
  private final FhirStore store;
  private final Audit audit;
  private final WorkerExecutor workers;
  private final AtomicInteger running = new AtomicInteger();

  /** @param audit told of every run; the store tells of every page it is read for */
  public ViewRoutes(Vertx vertx, FhirStore store, Audit audit) {
    this.vertx = vertx;
    this.store = store;
    this.audit = audit;
    this.workers = vertx.createSharedWorkerExecutor("views", RUNS, 1, TimeUnit.DAYS);
  }

  @Override
  public void mount(Router router) {
    needs(Access.ANALYTICS_QUERY, router.post(ADDRESS)).handler(this::run);
  }

  private void run(RoutingContext request) {
    Caller caller = Gate.caller(request);
    JsonBody.read(request.request(), JSON, MAX_BYTES)
        .compose(body -> started(request, caller, body))
        .onFailure(cause -> refuse(request, cause));
  }

  private void refuse(RoutingContext request, Throwable cause) {
    if (cause instanceof Outlet.HungUp) return;
    if (request.response().headWritten())
      log.warn("view broken off trace={} cause={}", request.<String>get(Gate.TRACE), cause.getClass().getSimpleName());
    else
      Lingering.on(vertx, request.request());
    request.fail(cause);
  }

  private Future<Void> started(RoutingContext request, Caller caller, Buffer body) {
    if (running.incrementAndGet() > RUNS) {
      running.decrementAndGet();
      return Future.failedFuture(new Failure.Busy(RUNS + " views are running already; try again shortly"));
    }
    String format = request.queryParams().get("_format");
    String accept = request.request().getHeader(HttpHeaders.ACCEPT);
    ViewRun run = new ViewRun(store, audit, caller, new Outlet(vertx.getOrCreateContext(), request.response()));
    return workers.executeBlocking(() -> run.blocking(body, format, accept), false)
        .<Void>mapEmpty()
        .onComplete(ended -> running.decrementAndGet());
  }
}
