package io.caregrid.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.TargetConfig;
import io.caregrid.contract.Change;
import io.caregrid.events.Courier.Answer;
import io.caregrid.events.Courier.Letter;
import io.caregrid.store.Deliveries.Delivery;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HttpCourierTest {
  private final Vertx vertx = Vertx.vertx();
  private final List<Boolean> onLoop = Collections.synchronizedList(new ArrayList<>());

  @AfterEach
  void close() {
    get(vertx.close());
  }

  private static <T> T get(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().orTimeout(90, TimeUnit.SECONDS).join();
    } catch (CompletionException failed) {
      throw new AssertionError(failed.getCause());
    }
  }

  /** As a sender does: on an event loop. */
  private Answer sent(HttpCourier courier, Buffer resource) {
    Letter letter = new Letter(new Delivery(1, 7, "Binary", "b", 1, Change.Op.CREATE, Instant.now(), false, 0, null,
        Instant.now()), resource);
    Promise<List<Answer>> answers = Promise.promise();
    vertx.runOnContext(hop -> courier.send(List.of(letter)).onComplete(answers));
    return get(answers.future()).get(0);
  }

  @Test
  void whatIsLargeIsWrittenAndSignedOffTheEventLoopAndWhatCannotBeSaidIsThatOnesFault() throws Exception {
    Receiver receiver = new Receiver(vertx);
    TargetConfig target = TellHouse.tell(TellHouse.webhook("ward", receiver)).targets().get("ward");
    WebhookForm webhook = new WebhookForm("http://x/fhir", target.secrets());
    Form watched = (letters, now) -> {
      onLoop.add(Context.isOnEventLoopThread());
      if (letters.get(0).resource().length() % 2 == 1) throw new IllegalStateException("odd");
      return webhook.of(letters, now);
    };
    HttpCourier courier = new HttpCourier(vertx, target, watched, Duration.ofSeconds(60), Clock.systemUTC());
    try {
      String large = "{\"data\":\"" + Base64.getEncoder().encodeToString(new byte[3 << 20]) + "\"}";

      assertTrue(sent(courier, Buffer.buffer("{\"a\":12}")).isTaken());
      assertTrue(sent(courier, Buffer.buffer(large + " ".repeat(large.length() % 2))).isTaken());
      assertEquals(422, sent(courier, Buffer.buffer("{\"a\":1}")).status());
      assertEquals(422, sent(courier, Buffer.buffer(large + " ".repeat(1 - large.length() % 2))).status());

      assertEquals(List.of(true, false, true, false), onLoop);
    } finally {
      get(courier.close());
      receiver.close();
    }
  }
}
