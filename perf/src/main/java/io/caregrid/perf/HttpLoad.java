package io.caregrid.perf;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Posts a ward's readings to {@code /ingest} as fast as the node answers, over a fixed number of connections that each wait for their answer (closed loop).
 * Requests are taken in the order of seconds, devices within; a 503 is sent again, as its Retry-After asks.
 */
final class HttpLoad {
  private final Vertx vertx;
  private final HttpClient http;
  private final Ward ward;
  private final int perRequest;
  private final AtomicLong next = new AtomicLong();
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  /** @param perRequest readings in one body: 1 sends one JSON object, more send NDJSON */
  HttpLoad(Vertx vertx, HttpClient http, Ward ward, int perRequest) {
    this.vertx = vertx;
    this.http = http;
    this.ward = ward;
    this.perRequest = perRequest;
  }

  /**
   * @param firstSecond of the hour
   * @param nanos       how long
   * @return readings answered with 202: all readings 0..n-1 in order of (second, device) were sent, none is missing
   */
  Future<Long> run(int connections, int firstSecond, long nanos) {
    long end = System.nanoTime() + nanos;
    return Future.all(IntStream.range(0, connections).mapToObj(c -> loop(firstSecond, end)).toList())
        .map(done -> accepted.get());
  }

  long refused() {
    return refused.get();
  }

  private Future<Void> loop(int firstSecond, long end) {
    Promise<Void> done = Promise.promise();
    turn(firstSecond, end, done);
    return done.future();
  }

  private void turn(int firstSecond, long end, Promise<Void> done) {
    if (System.nanoTime() >= end) {
      done.complete();
      return;
    }
    long first = next.getAndAdd(perRequest);
    if (firstSecond + (first + perRequest) / ward.devices() >= Ward.SECONDS)
      done.fail("the hour is full: take more devices");
    else
      post(body(firstSecond, first)).onComplete(sent -> turn(firstSecond, end, done), done::fail);
  }

  private Future<Void> post(Buffer body) {
    return http.request(HttpMethod.POST, "/ingest")
        .compose(
            request -> request.putHeader("content-type", perRequest == 1 ? "application/json" : "application/x-ndjson")
                .send(body))
        .compose(response -> response.end().map(ended -> response.statusCode()))
        .compose(status -> {
          if (status == 202) {
            accepted.addAndGet(perRequest);
            return Future.succeededFuture();
          }
          if (status != 503) return Future.failedFuture("POST /ingest answered " + status);
          refused.incrementAndGet();
          return vertx.timer(200).compose(waited -> post(body));
        });
  }

  private Buffer body(int firstSecond, long first) {
    Buffer body = Buffer.buffer(perRequest * 130);
    for (long i = first; i < first + perRequest; i++) {
      body.appendBytes(ward.message((int) (i % ward.devices()), firstSecond + (int) (i / ward.devices())));
      if (perRequest > 1) body.appendByte((byte) '\n');
    }
    return body;
  }
}
