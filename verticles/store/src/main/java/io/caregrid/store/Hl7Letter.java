package io.caregrid.store;

import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.List;

/**
 * An HL7 v2 message that could not be used, kept once with why, so that it can be tried again when the cause is mended.
 *
 * @param id        its message's ({@link Hl7Known#id}), 64 hexadecimal digits
 * @param sender    MSH-3 and MSH-4, with a {@code |} between them
 * @param controlId MSH-10, empty when it has none
 * @param type      MSH-9, as {@code ADT^A01^ADT_A01}
 * @param patients  identifiers in PID-2, PID-3, PID-4 and MRG-1, without their authorities
 * @param reason    a short constant, safe as a metric tag
 * @param detail    a sentence for a person, which may quote a few characters of the message
 * @param envelope  how it came and as whom it is stored, JSON that only ingest reads
 * @param payload   the message as it came; null where many are listed
 * @param received  the log's timestamp
 * @param at        when it failed last
 * @param replayed  when it was last tried again; null: never
 * @param serial    grows in the order in which messages of one sender came; the store gives it
 */
public record Hl7Letter(String id, String sender, String controlId, String type, List<String> patients, String reason,
    String detail, String envelope, Buffer payload, Instant received, Instant at, Instant replayed,
    long serial) {

  /** Where it stands in a list, even when it is no longer there. */
  public String mark() {
    return at + "_" + id;
  }
}
