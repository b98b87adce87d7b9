package io.caregrid.ingest.hl7;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** What this shelf counts. Nothing is tagged with a sender or a patient. */
final class Hl7Metrics {
  /** Counter, messages: came whole, by MLLP or HTTP. */
  static final String RECEIVED = "hl7.received";
  /** Counter, messages: acknowledged by Kafka, and so answered AA or CA. */
  static final String ACKNOWLEDGED = "hl7.acknowledged";
  /** Counter, messages: answered with an error, by {@code code} of HL7 table 0357. */
  static final String REFUSED = "hl7.refused";
  /** Counter, messages: converted and in the store. */
  static final String CONVERTED = "hl7.converted";
  /** Counter, messages: were in the store already. */
  static final String REPEATED = "hl7.repeated";
  /** Counter, messages: kept among the dead letters, by {@code reason}. */
  static final String DEAD = "hl7.dead";
  /** Counter: a message waits for the database, and is tried again. */
  static final String RETRIES = "hl7.retries";
  /** Gauge, connections at the MLLP port. */
  static final String CONNECTIONS = "hl7.connections";
  /** Gauge, messages in the log that this node has not yet stored, in the partitions it holds. */
  static final String LAG = "hl7.lag";

  private final MeterRegistry meters;
  final Counter received;
  final Counter acknowledged;
  final Counter converted;
  final Counter repeated;
  final Counter retries;

  Hl7Metrics(MeterRegistry meters) {
    this.meters = meters;
    received = meters.counter(RECEIVED);
    acknowledged = meters.counter(ACKNOWLEDGED);
    converted = meters.counter(CONVERTED);
    repeated = meters.counter(REPEATED);
    retries = meters.counter(RETRIES);
  }

  void refused(int code) {
    meters.counter(REFUSED, "code", Integer.toString(code)).increment();
  }

  void dead(String reason) {
    meters.counter(DEAD, "reason", reason).increment();
  }
}
