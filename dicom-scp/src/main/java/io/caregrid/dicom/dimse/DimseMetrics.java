package io.caregrid.dicom.dimse;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What an operator sees of DIMSE on this node. Nothing is tagged with a caller: anybody can make up titles. */
final class DimseMetrics {
  /** Gauge: associations open. */
  static final String ASSOCIATIONS = "dicom.associations";
  /** Counter, tag {@code reason}: associations rejected. */
  static final String REJECTED = "dicom.associations.rejected";
  /** Counter, tag {@code how}: associations that came to an end. */
  static final String ENDED = "dicom.associations.ended";
  /** Counter, tag {@code status}, four hexadecimal digits: C-STOREs answered. */
  static final String STORES = "dicom.stores";
  /** Counter, bytes of data sets received by C-STORE. */
  static final String BYTES = "dicom.stores.bytes";
  /** Timer: from the last byte of an instance to its answer. */
  static final String ANSWER = "dicom.stores.answer";

  private final MeterRegistry registry;
  private final Map<Integer, Counter> stores = new ConcurrentHashMap<>();
  final Counter bytes;
  final Timer answer;

  DimseMetrics(MeterRegistry registry, Admission admission) {
    this.registry = registry;
    bytes = registry.counter(BYTES);
    answer = Timer.builder(ANSWER).publishPercentileHistogram().register(registry);
    Gauge.builder(ASSOCIATIONS, admission, Admission::associations).register(registry);
  }

  void stored(int status) {
    stores.computeIfAbsent(status, key -> registry.counter(STORES, "status", Status.text(key))).increment();
  }

  void rejected(String reason) {
    registry.counter(REJECTED, "reason", reason).increment();
  }

  void ended(String how) {
    registry.counter(ENDED, "how", how).increment();
  }
}
