package io.caregrid.ingest.hl7;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.ingest.Await;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LaneTest {
  private final Vertx vertx = Vertx.vertx();
  private final CountDownLatch idle = new CountDownLatch(1);
  private final List<Long> begun = new ArrayList<>();

  @AfterEach
  void close() {
    Await.get(vertx.close());
  }

  private Lane ran(Lane.Work work) throws InterruptedException {
    Lane lane = new Lane(vertx.getOrCreateContext(), (record, wanted) -> {
      begun.add(record.offset());
      return work.store(record, wanted);
    }, idle::countDown);
    lane.add(List.of(record(7), record(8), record(9)));
    assertTrue(idle.await(120, TimeUnit.SECONDS), "it says that it has nothing more to do");
    assertFalse(lane.isBusy());
    return lane;
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset) {
    return new ConsumerRecord<>("hl7v2", 0, offset, new byte[0], new byte[0]);
  }

  @Test
  void whatIsSeenThroughIsDone() throws Exception {
    Lane lane = ran((record, wanted) -> Future.succeededFuture());

    assertEquals(10, lane.done());
    assertNull(lane.broken());
  }

  @Test
  void oneThatThrowsEndsItAndItSaysWhyAndNothingBehindIsBegun() throws Exception {
    Error bug = new StackOverflowError();
    Lane lane = ran((record, wanted) -> {
      if (record.offset() == 8) throw bug;
      return Future.succeededFuture();
    });

    assertSame(bug, lane.broken());
    assertEquals(8, lane.done());
    assertEquals(List.of(7L, 8L), begun);
  }

  @Test
  void oneThatFailsThoughItIsWantedIsToldLikewise() throws Exception {
    IllegalStateException cause = new IllegalStateException("not kept");
    Lane lane = ran((record, wanted) -> Future.failedFuture(cause));

    assertSame(cause, lane.broken());
    assertEquals(-1, lane.done());
  }
}
