package io.caregrid.events;

import io.caregrid.contract.Change;
import io.caregrid.store.Deliveries.Delivery;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;

/** One way to a target. */
interface Courier {
  /** @param resource as it is stored; null: it is not sent */
  record Letter(Delivery delivery, Buffer resource) {}

  /**
   * What became of a letter.
   *
   * @param status     of HTTP; 0: no answer
   * @param retryAfter as the target wants it, null when it does not say
   * @param problem    null: it was taken. Our own words, never the target's
   * @param isRefusal  the target heard it and does not want it: sending it again helps only when the target has changed
   * @param isItsOwnFault it is this letter that is not wanted, or cannot be said: that tells nothing of the next one
   */
  record Answer(int status, Duration retryAfter, String problem, boolean isRefusal, boolean isItsOwnFault) {

    static final Answer TAKEN = new Answer(200, null, null);
    /** Nothing had to be sent, nobody was asked: it says nothing of the target. */
    static final Answer NOTHING = new Answer(0, null, null);

    /** As most targets mean their status. */
    Answer(int status, Duration retryAfter, String problem) {
      this(status, retryAfter, problem, status >= 400 && status < 500 && status != 408 && status != 429,
          status == 400 || status == 413 || status == 422);
    }

    static Answer none(String problem) {
      return new Answer(0, null, problem);
    }

    /** The target takes nothing just now, whatever its status says elsewhere. */
    static Answer later(int status, Duration retryAfter, String problem) {
      return new Answer(status, retryAfter, problem, false, false);
    }

    /** This letter has to wait for something, the next one need not. */
    static Answer waits(int status, String problem) {
      return new Answer(status, null, problem, false, true);
    }

    /** This letter will never be taken as it is. */
    static Answer refused(int status, String problem) {
      return new Answer(status, null, problem, true, true);
    }

    boolean isTaken() {
      return problem == null && !isNothing();
    }

    boolean isNothing() {
      return problem == null && status == 0;
    }
  }

  /** An answer for each letter, in their order, within a bounded time. Never fails. Any thread. */
  Future<List<Answer>> send(List<Letter> letters);

  /** These have changed here: what is remembered of who they are elsewhere may be wrong. Any thread. */
  default void changed(List<Change> changes) {}

  /** Letters in one sending, at most. */
  int most();

  /** Sendings under way, at most: one, unless somebody wishes otherwise. */
  default int atOnce() {
    return 1;
  }

  /** From the beginning of one sending to that of the next, at least: none is needed, unless somebody wishes otherwise. */
  default Duration spacing() {
    return Duration.ZERO;
  }

  Future<Void> close();
}
