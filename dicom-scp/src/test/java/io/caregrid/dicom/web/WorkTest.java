package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Departed;
import io.caregrid.contract.Failure;
import io.caregrid.dicom.Await;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who gets processors and memory for pictures, who waits, and who is sent away. */
class WorkTest {
  private static final long MEMORY = 64 << 20;
  private static final long LARGE = 30 << 20;
  private static final Duration SOON = Duration.ofMillis(50);
  private static final Duration LATE = Duration.ofMinutes(5);
  private final Vertx vertx = Vertx.vertx();
  private final Asking here = new Asking();

  private static final class Asking implements Client {
    final AtomicBoolean gone = new AtomicBoolean();

    @Override
    public boolean isGone() {
      return gone.get();
    }

    @Override
    public boolean hasBegun() {
      return false;
    }
  }

  @AfterEach
  void close() {
    Await.get(vertx.close());
  }

  @Test
  void jobsThatDoNotFitTogetherAreDoneOneAfterTheOther() {
    Work work = new Work(vertx, MEMORY);
    AtomicInteger at = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Future<Void>> all = new ArrayList<>();
    for (int n = 0; n < 20; n++) all.add(work.run(here, LARGE, () -> {
      most.accumulateAndGet(at.incrementAndGet(), Math::max);
      Thread.yield();
      at.decrementAndGet();
      return null;
    }));

    Await.get(Future.all(all));

    assertEquals(1, most.get());
  }

  @Test
  void whatNeverFitsIsTooLargeAndWhatDoesNotFitInTimeIsBusy() {
    Budget budget = new Budget(vertx, MEMORY);
    assertInstanceOf(Failure.TooLarge.class, cause(budget.take(MEMORY, here, LATE)));

    Budget.Lease held = Await.get(budget.take(LARGE, here, LATE));

    assertInstanceOf(Failure.Busy.class, cause(budget.take(LARGE, here, SOON)));
    held.close();
    held.close();
    Await.get(budget.take(LARGE, here, SOON)).close();
    assertInstanceOf(Failure.Busy.class, cause(twice(budget)), "what is given back twice counts once");
  }

  private Future<Budget.Lease> twice(Budget budget) {
    return budget.take(LARGE, here, SOON).compose(held -> budget.take(LARGE, here, SOON));
  }

  @Test
  void smallJobsDoNotWaitBehindLargeOnes() {
    Budget budget = new Budget(vertx, MEMORY);
    Await.get(budget.take(LARGE, here, LATE));
    Future<Budget.Lease> waits = budget.take(LARGE, here, LATE);

    Await.get(budget.take(1 << 20, here, SOON));

    assertFalse(waits.isComplete());
  }

  @Test
  void whoeverWaitsLongestIsNextAndWhoGivesUpHoldsNobodyUp() {
    Budget budget = new Budget(vertx, MEMORY);
    Budget.Lease held = Await.get(budget.take(LARGE, here, LATE));
    Future<Budget.Lease> largest = budget.take(budget.most(), here, SOON);
    Future<Budget.Lease> fits = budget.take(budget.most() - LARGE, here, LATE);
    assertTrue(!fits.isComplete() || largest.isComplete(), "not before its turn");

    assertInstanceOf(Failure.Busy.class, cause(largest));

    Await.get(fits).close();
    held.close();
  }

  /** Whether a client is there is known to its connection, whose lock the thread may hold that asks for memory. */
  @Test
  void whoIsAskedWhetherHeIsThereMayWaitForOneWhoAsksForMemory() {
    Budget budget = new Budget(vertx, MEMORY);
    AtomicBoolean asked = new AtomicBoolean();
    AtomicBoolean answered = new AtomicBoolean();
    Client connected = new Client() {
      @Override
      public boolean isGone() {
        if (!asked.compareAndSet(false, true)) return false;
        try {
          CompletableFuture.runAsync(() -> budget.take(1, here, LATE)).get(60, TimeUnit.SECONDS);
          answered.set(true);
        } catch (Exception stuck) {
          return false;
        }
        return false;
      }

      @Override
      public boolean hasBegun() {
        return false;
      }
    };

    Await.get(budget.take(1, connected, LATE)).close();

    assertTrue(answered.get(), "the lane was locked while the client was asked");
  }

  @Test
  void workForClientsWhoHaveGoneIsNotDone() throws Exception {
    Work work = new Work(vertx, MEMORY);
    Asking leaving = new Asking();
    AtomicInteger done = new AtomicInteger();
    CountDownLatch end = new CountDownLatch(1);
    Future<Boolean> first = work.run(here, LARGE, () -> {
      end.await();
      return true;
    });
    List<Future<Integer>> waiting = new ArrayList<>();
    for (int n = 0; n < 100; n++) waiting.add(work.run(leaving, LARGE, done::incrementAndGet));
    for (int n = 0; n < 100; n++) waiting.add(work.run(leaving, 1, done::incrementAndGet));
    leaving.gone.set(true);
    int before = done.get();
    end.countDown();

    Await.get(first);
    Await.get(Future.join(waiting).otherwiseEmpty());

    assertTrue(done.get() - before <= Runtime.getRuntime().availableProcessors(), () -> done + " were done, " + before);
    assertInstanceOf(Departed.class, waiting.get(0).cause());
    Await.get(work.run(here, LARGE, () -> true));
  }

  private static Throwable cause(Future<?> failed) {
    assertThrows(RuntimeException.class, () -> Await.get(failed));
    return failed.cause();
  }
}
