package io.caregrid.store;

import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class LeaseTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @Test
  void oneHoldsItUntilItIsReleasedOrRunsOut(Room room) {
    Lease one = new Lease(room.database(), "work");
    Lease other = new Lease(room.database(), "work");

    assertTrue(get(one.take(LONG)));
    assertTrue(get(one.take(LONG)));
    assertFalse(get(other.take(LONG)));

    get(other.release());
    assertFalse(get(other.take(LONG)));
    get(one.release());
    assertTrue(get(other.take(Duration.ofMillis(1))));
    Room.until("the lease has run out", () -> get(one.take(LONG)));
    assertFalse(get(other.take(LONG)));
    assertTrue(get(new Lease(room.database(), "other work").take(LONG)));
  }
}
