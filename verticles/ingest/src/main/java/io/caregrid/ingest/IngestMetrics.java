package io.caregrid.ingest;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** What this room counts. Nothing is tagged with a device or a patient. */
final class IngestMetrics {
  /** Counter, messages: acknowledged by Kafka and answered 202. */
  static final String EVENTS = "ingest.events";
  /** Counter, HTTP requests refused, by {@code status}. */
  static final String REFUSED = "ingest.refused";
  /** Counter, source records: read, normalised or put aside, and acknowledged. */
  static final String NORMALISED = "ingest.normalised";
  /** Counter, dead letters, by {@code reason}. */
  static final String DEAD_LETTER = "ingest.deadletter";
  /** Counter, dead letters sent again. */
  static final String REPLAYED = "ingest.deadletter.replayed";
  /** Counter: a normaliser gave up its clients and started anew. */
  static final String RESTARTS = "ingest.normaliser.restarts";
  /** Gauge, records: written to devicedata and not yet read by this node's normalisers, in the partitions they hold. */
  static final String LAG = "ingest.lag";

  private final MeterRegistry meters;
  final Counter events;
  final Counter normalised;
  final Counter restarts;
  final Counter replayed;

  IngestMetrics(MeterRegistry meters) {
    this.meters = meters;
    events = meters.counter(EVENTS);
    normalised = meters.counter(NORMALISED);
    restarts = meters.counter(RESTARTS);
    replayed = meters.counter(REPLAYED);
  }

  void refused(int status) {
    meters.counter(REFUSED, "status", Integer.toString(status)).increment();
  }

  void deadLetter(String reason) {
    meters.counter(DEAD_LETTER, "reason", reason).increment();
  }
}
