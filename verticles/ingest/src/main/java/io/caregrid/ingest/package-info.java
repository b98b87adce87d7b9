/**
 * Every way in: HTTP to topic {@code devicedata}, and the first hop from there: normalised into {@code measurements}, or into {@code deadletters}.
 * Files of resources come in by {@link io.caregrid.ingest.load}, HL7 v2 messages by {@link io.caregrid.ingest.hl7}, readings by MQTT by
 * {@link io.caregrid.ingest.mqtt}.
 *
 * <p>Start at {@link io.caregrid.ingest.IngestRoutes} for what an HTTP client sees, at {@link io.caregrid.ingest.Normaliser} for the first hop. The two
 * invariants: <b>202 is said only after Kafka acknowledged every message of the body</b>; <b>an offset is committed only after everything made of the
 * records before it is acknowledged</b>. Kafka clients are set up in one page, {@link io.caregrid.ingest.KafkaClients}.
 *
 * <p>Order: the messages of one body go to one source partition, in the order of the body. Bodies may go to different partitions, so the order of two
 * bodies is the order in which the log's partitions happen to be read; who needs more puts the messages into one body, or writes to Kafka with a key.
 *
 * <p>Whoever works on a mapping sees what comes in by {@link io.caregrid.ingest.LogTail}, which moves nothing.
 *
 * <p>Never here: what a value means (templates), grouping by device (device).
 */
package io.caregrid.ingest;
