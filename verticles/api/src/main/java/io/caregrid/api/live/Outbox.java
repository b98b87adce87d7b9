package io.caregrid.api.live;

import io.caregrid.contract.Live;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.Json;
import io.vertx.core.streams.WriteStream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one browser has still to be sent, as server-sent events. While it is slow the newest reading of each device waits here and older ones are
 * dropped: memory is bounded by the number of devices. One context only.
 */
final class Outbox {
  private final WriteStream<Buffer> browser;
  private final Map<String, Live.Vitals> waiting = new LinkedHashMap<>();

  Outbox(WriteStream<Buffer> browser) {
    this.browser = browser;
    browser.drainHandler(ready -> drain());
  }

  void offer(Live.Vitals vitals) {
    if (browser.writeQueueFull()) {
      waiting.put(vitals.device(), vitals);
    } else {
      write(vitals);
    }
  }

  /** A slow browser needs no old clocks: none is queued while it is behind. */
  void clock(long epochMillis) {
    if (!browser.writeQueueFull()) browser.write(Buffer.buffer("event: clock\ndata: " + epochMillis + "\n\n"));
  }

  private void drain() {
    while (!waiting.isEmpty() && !browser.writeQueueFull()) {
      String longest = waiting.keySet().iterator().next();
      write(waiting.remove(longest));
    }
  }

  private void write(Live.Vitals vitals) {
    waiting.remove(vitals.device());
    browser.write(Buffer.buffer("data: " + Json.encode(vitals) + "\n\n"));
  }

  /** Nothing is written any more. */
  void close() {
    waiting.clear();
  }
}
