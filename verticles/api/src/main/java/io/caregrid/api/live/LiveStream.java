package io.caregrid.api.live;

import io.caregrid.cluster.Addresses;
import io.caregrid.contract.Live;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.http.HttpServerResponse;
import java.util.UUID;

/**
 * One browser that watches, from its request until it goes away (HTML server-sent events).
 *
 * <p>Lives on the request's context; nobody else touches it. Every five seconds the stream carries our clock, by which the page tells "no news" from
 * "no connection" and how old a reading is, whatever the browser's own clock says.
 */
final class LiveStream {
  private static final long CLOCK_MILLIS = 5_000;
  private static final int QUEUE_BYTES = 64 << 10;
  private final Vertx vertx;
  private final HttpServerResponse response;
  private final Live.Watch watch;
  private Outbox outbox;
  private MessageConsumer<Live.Vitals> news;
  private long renewal;
  private long clock;
  private boolean open = true;

  /** @param device the one device wanted, or null for all */
  LiveStream(Vertx vertx, HttpServerResponse response, String device) {
    this.vertx = vertx;
    this.response = response;
    this.watch = new Live.Watch("live.watcher." + UUID.randomUUID(),
        device == null || device.isEmpty() ? null : device);
  }

  void open() {
    response.setWriteQueueMaxSize(QUEUE_BYTES);
    response.closeHandler(gone -> close());
    response.exceptionHandler(broken -> close());
    outbox = new Outbox(response);
    news = vertx.eventBus().consumer(watch.address(), this::accept);
    tick();
    news.completion().onSuccess(listening -> renew());
    renewal = vertx.setPeriodic(Live.RENEW_MILLIS, due -> renew());
    clock = vertx.setPeriodic(CLOCK_MILLIS, due -> tick());
  }

  private void renew() {
    if (open) vertx.eventBus().publish(Addresses.LIVE_WATCH, watch);
  }

  private void accept(Message<Live.Vitals> message) {
    Live.Vitals vitals = message.body();
    if (watch.device() != null && !watch.device().equals(vitals.device())) return;
    if (open) outbox.offer(vitals);
  }

  private void tick() {
    if (open) outbox.clock(System.currentTimeMillis());
  }

  private void close() {
    if (!open) return;
    open = false;
    vertx.cancelTimer(renewal);
    vertx.cancelTimer(clock);
    outbox.close();
    news.unregister();
  }
}
