package io.caregrid.api.live;

import io.caregrid.cluster.Addresses;
import io.caregrid.contract.Live;
import io.caregrid.contract.Stay;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.time.Instant;
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
  private long end = -1;
  private final Instant until;
  private final Stay stay;
  private final Runnable gone;
  private Runnable leaving = () -> {};
  private boolean open = true;

  /**
   * @param device the one device wanted, or null for all
   * @param until  when it is no longer known who watches, and the stream ends; null: never. A browser comes back by itself, and is asked again
   * @param stay   may end it sooner
   * @param gone   run once when it is over, however
   */
  LiveStream(Vertx vertx, HttpServerResponse response, String device, Instant until, Stay stay, Runnable gone) {
    this.vertx = vertx;
    this.response = response;
    this.until = until;
    this.stay = stay;
    this.gone = gone;
    this.watch = new Live.Watch("live.watcher." + UUID.randomUUID(),
        device == null || device.isEmpty() ? null : device);
  }

  void open() {
    response.setWriteQueueMaxSize(QUEUE_BYTES);
    response.closeHandler(closed -> close());
    response.exceptionHandler(broken -> close());
    outbox = new Outbox(response);
    news = vertx.eventBus().consumer(watch.address(), this::accept);
    tick();
    news.completion().onSuccess(listening -> renew());
    renewal = vertx.setPeriodic(Live.RENEW_MILLIS, due -> renew());
    clock = vertx.setPeriodic(CLOCK_MILLIS, due -> tick());
    if (until != null)
      end = vertx.setTimer(Math.max(1, Duration.between(Instant.now(), until).toMillis() + 1), over -> finish());
    Context context = vertx.getOrCreateContext();
    leaving = stay.tell(() -> context.runOnContext(out -> finish()));
  }

  private void finish() {
    if (!open) return;
    close();
    response.end();
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
    vertx.cancelTimer(end);
    leaving.run();
    outbox.close();
    news.unregister();
    gone.run();
  }
}
