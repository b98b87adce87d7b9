package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class StrandTest {
  private final Strand strand = new Strand("trying");
  private final AtomicInteger turns = new AtomicInteger();

  private void turn(Future<?> work) {
    strand.turn(() -> {
      turns.incrementAndGet();
      return work;
    });
  }

  @Test
  void theNextTurnWaitsForTheOneBefore() {
    Promise<Void> first = Promise.promise();
    turn(first.future());
    turn(Future.succeededFuture());
    assertEquals(1, turns.get());
    assertFalse(strand.idle().isComplete());

    first.complete();
    turn(Future.succeededFuture());

    assertEquals(2, turns.get());
    assertTrue(strand.idle().succeeded());
  }

  @Test
  void whatFailsIsTriedAgain() {
    turn(Future.failedFuture(new IllegalStateException("away")));
    strand.turn(() -> {
      throw new IllegalStateException("at once");
    });

    turn(Future.succeededFuture());

    assertEquals(2, turns.get());
    assertTrue(strand.idle().succeeded());
  }
}
