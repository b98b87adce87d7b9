package io.caregrid.events;

import io.caregrid.events.Courier.Letter;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What a kind of target wants to read over HTTP, and how much at a time. Pure. */
interface Form {
  /** @param headers beside the type of the content, which is JSON */
  record Message(Buffer body, Map<String, String> headers) {}

  /** Null: these say nothing to this kind of target, and count as told. */
  Message of(List<Letter> letters, Instant now);

  default int most() {
    return 1;
  }

  default int atOnce() {
    return 1;
  }

  default Duration spacing() {
    return Duration.ZERO;
  }

  /** Whether the first kilobyte of a good answer has to be looked at. */
  default boolean reads() {
    return false;
  }

  /** Null: taken; else what is wrong in spite of a good status. */
  default Courier.Answer wrong(String answer) {
    return null;
  }
}
