/**
 * HL7 v2 messages in: by MLLP and by HTTP into topic {@code hl7v2}, and from there, converted by templates, into the store.
 *
 * <p>Start at {@link io.caregrid.ingest.hl7.Intake} for what a sender is answered, at {@link io.caregrid.ingest.hl7.Lane} for the way from the topic into the
 * store. The two invariants: <b>AA or CA is said only after Kafka acknowledged the message</b>; <b>an offset is committed only after its message is in the
 * store or among the dead letters</b>. A message is known by the SHA-256 of its
 * segments ({@link io.caregrid.ingest.hl7.Translation#known}): one that comes again, from its sender or from the log, in whatever frame, changes nothing.
 *
 * <p>Order: the key is the way a message came, which is a peer's address or a caller's name, and the next message of a connection is read when the last one is
 * answered. So what one peer sends is stored in the order in which it was answered, also over several connections that it uses one after the other. Messages of
 * one patient that come from several peers have no order, as they have none on their way here.
 *
 * <p>Never here: what a segment means (templates), the HTTP server (api).
 */
package io.caregrid.ingest.hl7;
