package io.caregrid.dicom.archive;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** What the archive tells about itself; nothing of a patient, no tags. */
final class ArchiveMetrics {
  /** Timer: from a group's first byte on disk to its answers, seconds. */
  static final String COMMIT = "dicom.archive.commit";
  /** Counter: instances stored. */
  static final String STORED = "dicom.archive.stored";
  /** Counter: their bytes. */
  static final String BYTES = "dicom.archive.bytes";
  /** Gauge: bytes of pictures waiting in memory. */
  static final String WAITING = "dicom.archive.waiting";
  /** Counter: bytes erased from disk. */
  static final String ERASED = "dicom.archive.erased";

  private final Timer commit;
  private final Counter stored;
  private final Counter bytes;
  private final Counter erased;

  ArchiveMetrics(MeterRegistry registry, Memory memory) {
    commit = registry.timer(COMMIT);
    stored = registry.counter(STORED);
    bytes = registry.counter(BYTES);
    erased = registry.counter(ERASED);
    Gauge.builder(WAITING, memory, Memory::used).register(registry);
  }

  void stored(long length) {
    stored.increment();
    bytes.increment(length);
  }

  void committed(long nanos) {
    commit.record(nanos, TimeUnit.NANOSECONDS);
  }

  void erased(long length) {
    erased.increment(length);
  }
}
