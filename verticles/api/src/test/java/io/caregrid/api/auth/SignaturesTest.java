package io.caregrid.api.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.Ward;
import io.caregrid.contract.Failure;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SignaturesTest {
  private final Signatures signatures = new Signatures(new SimpleMeterRegistry());
  private final CountDownLatch gate = new CountDownLatch(1);
  private final List<Future<Boolean>> taken = new ArrayList<>();

  @AfterEach
  void close() {
    gate.countDown();
    signatures.close();
  }

  private boolean waits() {
    try {
      return gate.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }

  /** Every thread has a check that does not end. */
  private void keepThreadsBusy() throws InterruptedException {
    int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
    CountDownLatch busy = new CountDownLatch(threads);
    for (int n = 0; n < threads; n++)
      taken.add(signatures.checked("first", () -> {
        busy.countDown();
        return waits();
      }));
    assertTrue(busy.await(60, TimeUnit.SECONDS));
  }

  /** How many are taken from this address, until one is not. */
  private int fill(String from) {
    for (int n = 0;; n++) {
      Future<Boolean> answer = signatures.checked(from, this::waits);
      if (answer.failed()) {
        assertInstanceOf(Failure.Busy.class, answer.cause());
        return n;
      }
      taken.add(answer);
    }
  }

  @Test
  void whoeverAsksDoesNotWaitForTheCheckAndHearsWhatItSaid() throws Exception {
    keepThreadsBusy();
    Future<Boolean> later = signatures.checked("a", () -> false);
    assertFalse(later.isComplete());

    gate.countDown();

    assertFalse(Ward.get(later));
  }

  @Test
  void soManyOfOneAddressWaitAndSoManyInAllAndThenThereIsRoomAgain() throws Exception {
    keepThreadsBusy();
    int all = 0;
    for (int address = 0; address < 4; address++) {
      int own = fill("10.0.0." + address);
      assertEquals(Signatures.OF_ONE, own, "of address " + address);
      all += own;
    }
    assertEquals(Signatures.WAITING, all);
    assertEquals(0, fill("10.0.0.9"));
    assertEquals(0, fill(null));

    gate.countDown();
    for (Future<Boolean> one : taken) assertTrue(Ward.get(one));

    assertTrue(Ward.get(signatures.checked("10.0.0.0", () -> true)));
    assertTrue(Ward.get(signatures.checked("10.0.0.9", () -> true)));
  }

  @Test
  void aCheckThatBreaksIsAnsweredAndTheNextOneGoesOn() {
    Future<Boolean> broken = signatures.checked("a", () -> {
      throw new IllegalStateException("a bug");
    });

    assertEquals("a bug", broken.transform(done -> Future.succeededFuture(done.cause().getMessage()))
        .toCompletionStage()
        .toCompletableFuture()
        .join());
    assertTrue(Ward.get(signatures.checked("a", () -> true)));
  }

  @Test
  void anErrorInACheckIsAnsweredTooSoThatNobodyWaitsForEver() {
    Future<Boolean> broken = signatures.checked("a", () -> {
      throw new StackOverflowError("too deep");
    });

    assertEquals("too deep",
        Ward.get(broken.transform(done -> Future.succeededFuture(done.cause().getMessage()))));
    assertTrue(Ward.get(signatures.checked("a", () -> true)));
  }
}
