package io.caregrid.api.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Live;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.streams.WriteStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OutboxTest {
  private final SlowBrowser browser = new SlowBrowser();
  private final Outbox outbox = new Outbox(browser);

  /** Takes {@code room} more events before it is full. */
  private static final class SlowBrowser implements WriteStream<Buffer> {
    private final List<String> got = new ArrayList<>();
    private Handler<Void> drained;
    private int room = Integer.MAX_VALUE;

    void makeRoom(int events) {
      room = events;
      drained.handle(null);
    }

    List<String> readings() {
      return got.stream()
          .filter(event -> event.startsWith("data: "))
          .map(event -> new JsonObject(event.substring(6)))
          .map(json -> json.getString("device") + "="
              + json.getJsonObject("readings").getJsonObject("hr").getString("value"))
          .toList();
    }

    @Override
    public Future<Void> write(Buffer event) {
      room--;
      got.add(event.toString());
      return Future.succeededFuture();
    }

    @Override
    public boolean writeQueueFull() {
      return room <= 0;
    }

    @Override
    public WriteStream<Buffer> drainHandler(Handler<Void> handler) {
      drained = handler;
      return this;
    }

    @Override
    public WriteStream<Buffer> exceptionHandler(Handler<Throwable> handler) {
      return this;
    }

    @Override
    public Future<Void> end() {
      return Future.succeededFuture();
    }

    @Override
    public WriteStream<Buffer> setWriteQueueMaxSize(int size) {
      return this;
    }
  }

  private void offer(String device, int value) {
    outbox.offer(new Live.Vitals(device, null, 0, 0, Map.of("hr", new Live.Reading(String.valueOf(value), 0))));
  }

  @Test
  void aQuickBrowserGetsEverything() {
    for (int i = 0; i < 3; i++) offer("m1", i);

    assertEquals(List.of("m1=0", "m1=1", "m1=2"), browser.readings());
  }

  @Test
  void aSlowBrowserGetsTheLatestOfEachDeviceAndNothingPilesUp() {
    browser.room = 1;
    for (int i = 0; i < 1000; i++) offer("m" + i % 2, i);

    browser.makeRoom(10);

    assertEquals(List.of("m0=0", "m1=999", "m0=998"), browser.readings());
  }

  @Test
  void whatWaitedIsNeverSentAfterSomethingNewer() {
    browser.room = 0;
    offer("m1", 1);
    offer("m2", 2);
    browser.makeRoom(1);
    browser.room = 5;
    offer("m2", 3);
    browser.makeRoom(5);

    assertEquals(List.of("m1=1", "m2=3"), browser.readings());
  }

  @Test
  void noClockIsQueuedForABrowserThatIsBehind() {
    browser.room = 0;
    outbox.clock(1);
    browser.room = 1;
    outbox.clock(2);

    assertEquals(List.of("event: clock\ndata: 2\n\n"), browser.got);
    assertTrue(browser.readings().isEmpty());
  }
}
