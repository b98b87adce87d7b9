package io.caregrid.ingest.mqtt;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Times are nanoseconds, and small; the clock may say anything, below zero too. */
class PatienceTest {
  private static final long FRAME = 10;
  private static final long BEGIN = -3;
  private final Patience patience = new Patience(FRAME, BEGIN);

  @Test
  void aPacketHasItsTimeFromItsFirstByteHoweverManyFollow() {
    patience.look(true, false, BEGIN);
    patience.look(true, false, BEGIN + 9);
    assertFalse(patience.doesNotEndItsPacket(BEGIN + FRAME));
    assertTrue(patience.doesNotEndItsPacket(BEGIN + FRAME + 1));
    patience.whole();
    patience.look(true, false, BEGIN + 11);
    assertFalse(patience.doesNotEndItsPacket(BEGIN + 20), "the next one has a time of its own");
    patience.look(false, false, BEGIN + 21);
    assertFalse(patience.doesNotEndItsPacket(BEGIN + 1_000), "between packets nothing is awaited");
  }

  @Test
  void whileItIsNotReadFromItsPacketsTimeBeginsAnew() {
    patience.look(true, false, BEGIN);
    patience.readsAgain(BEGIN + 30);
    assertFalse(patience.doesNotEndItsPacket(BEGIN + 40));
    assertTrue(patience.doesNotEndItsPacket(BEGIN + 41));
    patience.look(false, false, BEGIN + 42);
    patience.readsAgain(BEGIN + 43);
    assertFalse(patience.doesNotEndItsPacket(BEGIN + 1_000), "no packet begins by being read from");
  }

  @Test
  void whoDoesNotReadOrFindsNoMemoryIsWaitedForAsLong() {
    patience.answers(true, BEGIN);
    patience.answers(true, BEGIN + 5);
    patience.look(false, true, BEGIN);
    patience.look(false, true, BEGIN + 5);
    assertFalse(patience.doesNotRead(BEGIN + FRAME) || patience.hasWaitedTooLong(BEGIN + FRAME));
    assertTrue(patience.doesNotRead(BEGIN + FRAME + 1) && patience.hasWaitedTooLong(BEGIN + FRAME + 1));
    patience.answers(false, BEGIN + 11);
    patience.look(false, false, BEGIN + 11);
    assertFalse(patience.doesNotRead(BEGIN + 1_000) || patience.hasWaitedTooLong(BEGIN + 1_000));
  }

  @Test
  void silenceBeginsWithWhatWasHeardLast() {
    assertFalse(patience.isOver(7, BEGIN + 7));
    assertTrue(patience.isOver(7, BEGIN + 8));
    patience.heard(BEGIN + 8);
    assertFalse(patience.isOver(7, BEGIN + 15));
    assertTrue(patience.isOver(7, BEGIN + 16));
  }
}
