package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.caregrid.contract.Failure;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Work that nobody can stop: it loses its place, and takes nobody else's. */
class WorkbenchTest {
  private static final Duration SHORT = Duration.ofMillis(50);
  /** In which a busy machine does a trivial thing. */
  private static final Duration ENOUGH = Duration.ofSeconds(2);
  private static final Duration LONG = Duration.ofSeconds(120);
  private final Vertx vertx = Vertx.vertx();
  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void close() throws Exception {
    end.countDown();
    vertx.close().await(150, TimeUnit.SECONDS);
  }

  private Workbench bench(int places, int borne, int most, Duration inLine, Duration time) {
    return new Workbench(vertx, "test", new Workbench.Bounds(places, borne, most, inLine, time));
  }

  /** Heeds no interruption. */
  private String deaf() {
    while (true) {
      try {
        end.await();
        return "at last";
      } catch (InterruptedException unheard) {
        // that is what it is for
      }
    }
  }

  private static Throwable failed(Future<?> future) throws Exception {
    return future.<Throwable>transform(done -> Future.succeededFuture(done.cause())).await(150, TimeUnit.SECONDS);
  }

  private static <T> T got(Future<T> future) throws Exception {
    return future.await(150, TimeUnit.SECONDS);
  }

  @Test
  void whatGoesOnAfterItsTimeGivesItsPlaceToTheNext() throws Exception {
    Workbench bench = bench(1, 2, 10, LONG, ENOUGH);

    Future<String> hostile = bench.run(this::deaf);
    Future<String> trivial = bench.run(() -> "done");

    assertInstanceOf(Failure.TooCostly.class, failed(hostile));
    assertEquals("done", got(trivial));
  }

  @Test
  void whenTooManyGoOnAllAreToldAtOnceUntilOneIsBack() throws Exception {
    Workbench bench = bench(1, 1, 10, LONG, ENOUGH);
    Future<String> hostile = bench.run(this::deaf);
    Future<String> waiting = bench.run(() -> "never");
    assertInstanceOf(Failure.TooCostly.class, failed(hostile));

    assertInstanceOf(Failure.Busy.class, failed(waiting.timeout(60, TimeUnit.SECONDS)));
    assertInstanceOf(Failure.Busy.class, failed(bench.run(() -> "never")));
    assertEquals(1, bench.lost());
    end.countDown();

    for (long late = System.nanoTime() + LONG.toNanos(); bench.lost() > 0 && System.nanoTime() < late;)
      Thread.onSpinWait();
    assertEquals("again", got(bench.run(() -> "again")));
  }

  @Test
  void theGaugeOfValidationCountsWhoGoesOnAfterHisTimeAndForgetsWhoHasEnded() throws Exception {
    SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    ValidateOperation validation = new ValidateOperation(null, Future.succeededFuture(), metrics, SHORT);
    Gauge lost = metrics.get(ValidateOperation.LOST).gauge();
    assertEquals(0, lost.value());

    Future<String> hostile = validation.validator(vertx).bench.run(this::deaf);

    assertInstanceOf(Failure.TooCostly.class, failed(hostile));
    assertEquals(1, lost.value());
    end.countDown();
    for (long late = System.nanoTime() + LONG.toNanos(); lost.value() > 0 && System.nanoTime() < late;)
      Thread.onSpinWait();
    assertEquals(0, lost.value());
  }

  @Test
  void whoHasWaitedTooLongIsToldToTryAgainAndNotThatHeCostsTooMuch() throws Exception {
    Workbench bench = bench(1, 1, 1, SHORT, LONG);
    bench.run(this::deaf);
    Future<String> waiting = bench.run(() -> "never");

    assertInstanceOf(Failure.Busy.class, failed(bench.run(() -> "no room in the line")));
    assertInstanceOf(Failure.Busy.class, failed(waiting));
  }

  @Test
  void noMoreWorkAtATimeThanThereArePlacesAndAllGetTheirTurn() throws Exception {
    Workbench bench = bench(2, 1, 100, LONG, LONG);
    CountDownLatch both = new CountDownLatch(2);
    Future<String> one = bench.run(() -> meet(both));
    Future<String> other = bench.run(() -> meet(both));
    Future<String> third = bench.run(() -> "third");
    Future<Object> broken = bench.run(() -> {
      throw new IllegalStateException("its own fault");
    });

    assertFalse(third.isComplete());
    end.countDown();

    assertEquals("met", got(one));
    assertEquals("met", got(other));
    assertEquals("third", got(third));
    assertEquals("its own fault", failed(broken).getMessage());
  }

  private String meet(CountDownLatch both) throws InterruptedException {
    both.countDown();
    both.await();
    end.await();
    return "met";
  }
}
