package io.caregrid.contract;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;

/**
 * Lets the rest of a refused body run out for {@link #PATIENCE}: closing with bytes unread would reset the connection, and the client would not see its
 * answer. Call before the answer is sent.
 */
public final class Lingering {
  public static final Duration PATIENCE = Duration.ofSeconds(5);

  private Lingering() {}

  public static void on(Vertx vertx, HttpServerRequest request) {
    if (request.isEnded()) return;
    boolean ownConnection = request.version() != HttpVersion.HTTP_2;
    if (ownConnection) request.response().putHeader("Connection", "close");
    request.handler(ignored -> {});
    request.exceptionHandler(gone -> {});
    request.resume();
    long timer = vertx.setTimer(PATIENCE.toMillis(), late -> cutOff(request, ownConnection));
    request.endHandler(ended -> {
      vertx.cancelTimer(timer);
      if (ownConnection) request.connection().close();
    });
  }

  /** In HTTP/2 other requests share the connection, so only this one's stream ends. */
  private static void cutOff(HttpServerRequest request, boolean ownConnection) {
    if (ownConnection) request.connection().close();
    else request.response().reset();
  }
}
