package io.caregrid.ingest.mqtt;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;

/** What this shelf counts. Nothing is tagged with a client, a topic or a patient. */
final class MqttMetrics {
  /** Counter, PUBLISH packets that came whole. */
  static final String RECEIVED = "mqtt.received";
  /** Counter, messages: acknowledged by Kafka. A packet may bring several. */
  static final String EVENTS = "mqtt.events";
  /** Counter, PUBLISH packets whose payload is no reading; they are in the log, to be set aside. */
  static final String MALFORMED = "mqtt.malformed";
  /** Counter, PUBLISH packets of QoS 0 and wills that Kafka did not take. */
  static final String LOST = "mqtt.lost";
  /** Counter, connections that were not let in or were ended here, by {@code reason}. */
  static final String ENDED = "mqtt.ended";
  /** Gauge, connections. */
  static final String CONNECTIONS = "mqtt.connections";

  private final MeterRegistry meters;
  final Counter received;
  final Counter events;
  final Counter malformed;
  final Counter lost;

  MqttMetrics(MeterRegistry meters) {
    this.meters = meters;
    received = meters.counter(RECEIVED);
    events = meters.counter(EVENTS);
    malformed = meters.counter(MALFORMED);
    lost = meters.counter(LOST);
  }

  void ended(Reason reason) {
    meters.counter(ENDED, "reason", reason.name().toLowerCase(Locale.ROOT).replace('_', '-')).increment();
  }
}
