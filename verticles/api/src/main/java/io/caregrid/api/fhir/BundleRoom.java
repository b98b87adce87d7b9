package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * How much memory the bundles under way and other large bodies may take, from their first byte on. A bundle has no bound of its own but that: one may take all of
 * it, several share it. A tree is some twenty times as large as its text, so the texts of all of them together may be a twentieth of the heap. Who sends or reads slowly
 * keeps others out only for so long; small resources are let through whatever the large ones do.
 */
final class BundleRoom {
  private static final int TREE = 20;
  private static final int ANSWERED = 4;
  private static final int SMALL = 64 << 10;
  private static final int OPEN_TO_ALL = 64;
  private static final Duration SENDING = Duration.ofMinutes(3);
  private static final Duration READING = Duration.ofMinutes(5);
  /** This process's. */
  static final BundleRoom HEAP = new BundleRoom();
  /** What is answered, from when it is whole until its client has it. */
  static final BundleRoom ANSWERS = new BundleRoom(Runtime.getRuntime().maxMemory() / ANSWERED);
  /** The same of what anybody may ask for: it keeps out nobody else's. */
  static final BundleRoom OPEN = new BundleRoom(Runtime.getRuntime().maxMemory() / OPEN_TO_ALL);
  private final long most;
  private final Duration reading;
  private final AtomicLong taken = new AtomicLong();

  private BundleRoom() {
    this(Math.max(Bodies.MAX_BYTES, Math.min(Runtime.getRuntime().maxMemory() / TREE, 1L << 30)));
  }

  BundleRoom(long most) {
    this(most, READING);
  }

  /** @param reading longest that an answer may take on its way to its client */
  BundleRoom(long most, Duration reading) {
    this.most = most;
    this.reading = reading;
  }

  long most() {
    return most;
  }

  /** Reads the body and does the work. TooLarge 413 when it alone is too much, Busy 503 when it is too much beside others, or comes too slowly. */
  <T> Future<T> within(RoutingContext request, Function<Bodies.Sent, Future<T>> work) {
    Place place = new Place(0);
    return Bodies.resource(request, (int) most, place).compose(work).onComplete(done -> place.leave());
  }

  /** For a body that is no bundle, until its request has been answered or its client has gone. */
  Bodies.Meter beside(RoutingContext request) {
    Place place = new Place(SMALL);
    untilAnswered(request, place::leave);
    return place;
  }

  /** Whoever left before we wanted to know of it is never told of, so it is looked at once more. */
  private static void untilAnswered(RoutingContext request, Runnable leave) {
    request.addEndHandler(ended -> leave.run());
    if (isGone(request)) leave.run();
  }

  static boolean isGone(RoutingContext request) {
    return request.response().ended() || request.response().closed();
  }

  /** Busy 503 while there is none: before the work for a part of an answer that cannot be refused any more when it is there. */
  void requireSome() {
    if (taken.get() >= most) throw busy();
  }

  /** For what grows until it is answered or given up; its owner leaves it. */
  Place place() {
    return new Place(SMALL);
  }

  /** For a large answer, until its client has it or is gone, which is after some minutes. Busy 503 when it is too much beside others. */
  void keep(RoutingContext request, long bytes) {
    if (bytes <= SMALL) return;
    if (isGone(request)) throw gone();
    Place place = new Place(0);
    try {
      place.take(bytes);
    } catch (Failure refused) {
      place.leave();
      throw refused;
    }
    bounded(request, place);
  }

  /** The same for what has been done already: it is counted, and never refused. */
  void add(RoutingContext request, long bytes) {
    if (bytes <= SMALL || isGone(request)) return;
    Place place = new Place(0);
    place.add(bytes);
    bounded(request, place);
  }

  private void bounded(RoutingContext request, Place place) {
    long timer = request.vertx().setTimer(reading.toMillis(), late -> {
      place.leave();
      cutOff(request);
    });
    untilAnswered(request, () -> {
      request.vertx().cancelTimer(timer);
      place.leave();
    });
  }

  /** What its client does not read stands before every polite end of a connection, so it ends at once; in HTTP/2 others share it, and only this stream does. */
  private static void cutOff(RoutingContext request) {
    boolean shared = request.request().version() == HttpVersion.HTTP_2;
    if (!shared && request.request().connection() instanceof HttpServerConnection own)
      own.channelHandlerContext().close();
    else
      request.response().reset();
  }

  /** While an answer is made of so many bytes. Busy 503 when that is too much beside others. */
  <T> Future<T> making(long bytes, Supplier<Future<T>> work) {
    Place place = new Place(SMALL);
    return Future.succeededFuture().compose(now -> {
      place.take(bytes);
      return work.get();
    }).onComplete(made -> place.leave());
  }

  private static Failure gone() {
    return new Failure.Busy("Nobody waits for this any more");
  }

  private static Failure busy() {
    return new Failure.Busy("Other large bodies are under way; try again shortly");
  }

  /** Bytes. */
  long taken() {
    return taken.get();
  }

  /** What one body takes. */
  final class Place implements Bodies.Meter {
    private final long start = System.nanoTime();
    private long free;
    private long mine;
    private boolean left;

    /** @param free bytes that are not counted */
    Place(long free) {
      this.free = free;
    }

    @Override
    public synchronized void take(long bytes) {
      if (left) throw gone();
      if (System.nanoTime() - start > SENDING.toNanos())
        throw new Failure.Busy("The body takes more than " + SENDING.toMinutes() + " minutes to come");
      long counted = Math.max(0, bytes - free);
      free -= bytes - counted;
      if (counted == 0) return;
      long now = add(counted);
      if (now > most && now != mine) throw busy();
    }

    /** So many more, or less. @return bytes that all take now */
    synchronized long add(long bytes) {
      if (left) return taken.get();
      mine += bytes;
      return taken.addAndGet(bytes);
    }

    synchronized void leave() {
      taken.addAndGet(-mine);
      mine = 0;
      left = true;
    }
  }
}
