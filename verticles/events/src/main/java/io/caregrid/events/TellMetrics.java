package io.caregrid.events;

import io.caregrid.store.Deliveries.Judged;
import io.caregrid.store.Deliveries.State;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** What this room counts, by the names of targets and rules. Nothing is tagged with a resource. */
final class TellMetrics {
  /** Gauge, changes that a target has still to be told of. Not a number on nodes that do not tell. */
  static final String WAITING = "tell.waiting";
  /** Gauge, seconds that the oldest of them waits. */
  static final String OLDEST = "tell.oldest";
  /** Counter, changes told. */
  static final String SENT = "tell.sent";
  /** Counter, sendings that were not taken. */
  static final String FAILED = "tell.failed";
  /** Counter, changes given up. */
  static final String DEAD = "tell.dead";
  /** Timer, seconds, each request to another FHIR server, by {@code request} (read, search, put, delete, batch) and {@code status}: of HTTP, or none. */
  static final String REQUESTS = "tell.requests";
  /** Counter, things that a rule found. */
  static final String FOUND = "tell.found";
  /** Counter, resources on which a rule failed. */
  static final String ERRORS = "tell.errors";

  private final MeterRegistry registry;
  private final Map<String, Double> waiting = new ConcurrentHashMap<>();
  private final Map<String, Double> oldest = new ConcurrentHashMap<>();

  TellMetrics(MeterRegistry registry, List<Target> targets) {
    this.registry = registry;
    for (Target target : targets) {
      Tags tags = Tags.of("target", target.name());
      Gauge.builder(WAITING, waiting, map -> map.getOrDefault(target.name(), Double.NaN)).tags(tags).register(registry);
      Gauge.builder(OLDEST, oldest, map -> map.getOrDefault(target.name(), Double.NaN)).tags(tags).register(registry);
    }
  }

  void sent(String target, int letters) {
    registry.counter(SENT, "target", target).increment(letters);
  }

  void failed(String target) {
    registry.counter(FAILED, "target", target).increment();
  }

  void dead(String target, int letters) {
    registry.counter(DEAD, "target", target).increment(letters);
  }

  /** @param status of HTTP; 0: no answer */
  void requested(String target, String request, int status, long nanos) {
    registry.timer(REQUESTS, "target", target, "request", request, "status", status == 0 ? "none" : "" + status)
        .record(nanos, TimeUnit.NANOSECONDS);
  }

  void judged(List<Judged> judged) {
    for (Judged one : judged) {
      registry.counter(FOUND, "rule", one.rule()).increment(one.found());
      registry.counter(ERRORS, "rule", one.rule()).increment(one.errors());
    }
  }

  void state(List<State> states, Instant now) {
    for (State state : states) {
      waiting.put(state.name(), (double) state.waiting());
      oldest.put(state.name(),
          state.oldest() == null ? 0 : Duration.between(state.oldest(), now).toMillis() / 1000.0);
    }
  }

  /** Another node knows. */
  void nothing() {
    waiting.clear();
    oldest.clear();
  }
}
