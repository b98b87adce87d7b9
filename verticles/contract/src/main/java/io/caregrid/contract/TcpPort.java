package io.caregrid.contract;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;

/** A TCP port of a door, in the clear or with TLS, whose files may change while it is open. Of the verticle whose context opens it. */
public final class TcpPort {
  private final Vertx vertx;
  private final TlsFiles tls;
  private NetServer server;
  private long watching = -1;

  /** @param tls null: in the clear */
  public TcpPort(Vertx vertx, TlsFiles tls) {
    this.vertx = vertx;
    this.tls = tls;
  }

  /**
   * Fails as {@link TlsFiles#read} and {@link NetServer#listen} do.
   *
   * @param number 0 is a free port for each instance of a verticle, a negative number one for all instances that name it
   */
  public Future<?> open(int number, String host, Handler<NetSocket> connected) {
    NetServerOptions options = new NetServerOptions().setTcpNoDelay(true).setTcpKeepAlive(true);
    if (tls == null) return listen(options, number, host, connected);
    return tls.serving(vertx, options)
        .compose(served -> listen(served, number, host, connected))
        .onSuccess(open -> watching = tls.watch(vertx, open::updateSSLOptions));
  }

  private Future<NetServer> listen(NetServerOptions options, int number, String host, Handler<NetSocket> connected) {
    server = vertx.createNetServer(options).connectHandler(connected);
    return server.listen(number, host);
  }

  /** The one it really got. Only when it is open. */
  public int number() {
    return server.actualPort();
  }

  /** What becomes of its files does not matter any more. What is connected stays. */
  public void unwatch() {
    if (watching >= 0) vertx.cancelTimer(watching);
  }

  public Future<Void> close() {
    return server.close();
  }
}
