package io.caregrid.api;

import io.caregrid.cluster.HttpConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Routes;
import io.caregrid.contract.TlsFiles;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.util.List;

/**
 * The node's one HTTP port: every door under it, guarded in one place, answering errors in one voice.
 *
 * <p>Bodies are read by the doors themselves, each with its own limit; nothing here buffers one. Answers are compressed when the client
 * allows it; requests are decompressed by the door that takes them, since only it knows how large they may become.
 */
public final class HttpVerticle extends VerticleBase {
  private static final int HEADER_BYTES = 16 << 10;
  private static final int IDLE_SECONDS = 120;
  private final HttpConfig config;
  private final Doorman doorman;
  private final Audit audit;
  private final List<Routes> doors;
  private HttpServer server;
  private long watching = -1;
  private List<Gate.Line> table = List.of();

  /**
   * @param doorman says who calls
   * @param audit   told of everybody who was turned away
   * @param doors   in the order in which their routes are tried
   */
  public HttpVerticle(HttpConfig config, Doorman doorman, Audit audit, List<Routes> doors) {
    this.config = config;
    this.doorman = doorman;
    this.audit = audit;
    this.doors = List.copyOf(doors);
  }

  @Override
  public Future<?> start() {
    HttpServerOptions options = options();
    Router router = router();
    if (!config.tls().isOn()) return listen(options, router);
    TlsFiles files = new TlsFiles("http", config.tls().cert(), config.tls().key(), config.tls().clientCa());
    return files.serving(vertx, options.setUseAlpn(true))
        .compose(tls -> listen(tls, router))
        .onSuccess(open -> watching = files.watch(vertx, open::updateSSLOptions));
  }

  private Future<HttpServer> listen(HttpServerOptions options, Router router) {
    server = vertx.createHttpServer(options).requestHandler(router);
    return server.listen(config.port(), config.host());
  }

  @Override
  public Future<?> stop() {
    if (watching >= 0) vertx.cancelTimer(watching);
    return server.close();
  }

  /** The port this node got; the configured one unless that is 0. Only after {@link #start} has completed. */
  public int port() {
    return server.actualPort();
  }

  /** What every route asks for. Only after {@link #start} has completed. */
  public List<Gate.Line> table() {
    return table;
  }

  private Router router() {
    Router router = Router.router(vertx);
    Gate.filter(router.route())
        .handler(Requests::plain)
        .handler(Requests::trace)
        .handler(new Proxies(config))
        .handler(new DoorGuard(config, audit))
        .handler(Gate.kept(doorman, audit));
    doors.forEach(door -> door.mount(router));
    new Answers().mount(router);
    refuseUnguarded(router);
    table = Gate.table(router);
    return router;
  }

  private static void refuseUnguarded(Router router) {
    List<String> open = Gate.unguarded(router).stream().map(Route::toString).toList();
    if (!open.isEmpty())
      throw new IllegalStateException("routes that name no Access (Gate.needs) are not served: " + open);
  }

  private static HttpServerOptions options() {
    return new HttpServerOptions()
        .setCompressionSupported(true)
        .setMaxHeaderSize(HEADER_BYTES)
        .setMaxInitialLineLength(HEADER_BYTES)
        .setIdleTimeout(IDLE_SECONDS);
  }
}
