package io.caregrid.store;

import io.caregrid.cluster.Source;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.Map;

/**
 * A message that could not be used, kept once with why, so that somebody can mend the cause and send it again.
 *
 * @param source  where it came from; its text is the id, so keeping it twice changes nothing
 * @param reason  a short constant, e.g. {@code malformed-json}, {@code no-template}, {@code unknown-device}: safe as a metric tag
 * @param detail  a sentence for a person, without patient data
 * @param device  the device's identifier if it was read, else null
 * @param payload the message as it came
 * @param at      the log's timestamp of the source event, UTC
 * @param headers of its record, values as text
 * @param replayed when it was last sent again; null when it never was
 */
public record DeadLetter(Source source, String reason, String detail, String device, Buffer payload, Instant at,
    Map<String, String> headers, Instant replayed) {
  public DeadLetter {
    headers = Map.copyOf(headers);
  }

  /** Without headers, and new. */
  public DeadLetter(Source source, String reason, String detail, String device, Buffer payload, Instant at) {
    this(source, reason, detail, device, payload, at, Map.of(), null);
  }
}
