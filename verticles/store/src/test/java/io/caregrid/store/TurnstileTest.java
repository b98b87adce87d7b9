package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class TurnstileTest {
  private static final Vertx VERTX = Vertx.vertx();
  private final List<Promise<String>> working = new ArrayList<>();

  @AfterAll
  static void close() {
    Room.get(VERTX.close());
  }

  private Turnstile turnstile(Duration patience) {
    return new Turnstile(VERTX, 2, 3, patience, "come again");
  }

  private Future<String> pass(Turnstile turnstile) {
    return turnstile.pass(() -> {
      Promise<String> work = Promise.promise();
      working.add(work);
      return work.future();
    });
  }

  @Test
  void soManyWorkSoManyWaitInOrderAndTheRestIsSentAway() {
    Turnstile turnstile = turnstile(Duration.ofMinutes(1));
    List<Future<String>> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) all.add(pass(turnstile));

    assertEquals(2, working.size());
    assertEquals("come again", Room.fails(Failure.Busy.class, all.get(5)).getMessage());
    for (int i = 0; i < 5; i++) {
      int next = i;
      Room.until("its turn", () -> working.size() > next);
      assertFalse(all.get(i).isComplete());
      working.get(i).complete("done " + i);
      assertEquals("done " + i, Room.get(all.get(i)));
    }
    assertEquals(5, working.size());
  }

  @Test
  void whoeverHasStoodTooLongIsSentAwayAndNeverWorks() {
    Turnstile turnstile = turnstile(Duration.ofMillis(50));
    pass(turnstile);
    Future<String> second = pass(turnstile);
    Room.fails(Failure.Busy.class, pass(turnstile));
    working.get(1).complete("out");
    Room.get(second);

    Future<String> later = pass(turnstile);

    assertEquals(3, working.size());
    working.get(2).complete("in");
    assertEquals("in", Room.get(later));
  }

  @Test
  void workThatFailsOrThrowsMakesRoomToo() {
    Turnstile turnstile = turnstile(Duration.ofMinutes(1));
    for (int i = 0; i < 10; i++) {
      Room.fails(IllegalStateException.class, turnstile.pass(() -> Future.failedFuture(new IllegalStateException())));
      Room.fails(IllegalStateException.class, turnstile.pass(() -> {
        throw new IllegalStateException();
      }));
    }
    assertEquals("in", Room.get(turnstile.pass(() -> Future.succeededFuture("in"))));
  }

  @Test
  void underManyThreadsNoMoreThanAllowedAreAtWorkAndNobodyIsForgotten() throws InterruptedException {
    Turnstile turnstile = new Turnstile(VERTX, 3, 10_000, Duration.ofMinutes(1), "come again");
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Future<Void>> all = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 8; t++) threads.add(new Thread(() -> {
      for (int i = 0; i < 200; i++) {
        Future<Void> one = turnstile.pass(() -> VERTX.executeBlocking(() -> {
          most.accumulateAndGet(inside.incrementAndGet(), Math::max);
          Thread.yield();
          inside.decrementAndGet();
          return null;
        }, false));
        synchronized (all) {
          all.add(one);
        }
      }
    }));
    threads.forEach(Thread::start);
    for (Thread thread : threads) thread.join();

    all.forEach(Room::get);
    assertEquals(1_600, all.size());
    assertTrue(most.get() <= 3, "at work at once: " + most);
  }
}
