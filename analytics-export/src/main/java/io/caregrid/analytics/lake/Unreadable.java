package io.caregrid.analytics.lake;

import io.caregrid.contract.Audit;
import io.caregrid.store.Stored;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.LinkedHashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Versions in the store whose bodies nobody can read. They stand in the lake as rows without content that are {@code lake_unreadable}; here each is told once
 * and counted. Any thread.
 */
final class Unreadable {
  private static final Logger log = LoggerFactory.getLogger(Unreadable.class);
  /** versions met since this node started */
  static final String METRIC = "lake.unreadable";
  /** Of more than these some may be told twice. */
  private static final int REMEMBERED = 10_000;

  private final Counter counter;
  private final Set<Version> told = new LinkedHashSet<>();

  private record Version(String type, String id, int version) {}

  Unreadable(MeterRegistry registry) {
    counter = registry.counter(METRIC);
  }

  void tell(Stored stored, String why) {
    if (!isNew(new Version(stored.type(), stored.id(), stored.version()))) return;
    counter.increment();
    log.warn(
        "a stored version cannot be read, it stands in the lake without its content type={} id={} version={} why={}",
        stored.type(), Audit.hash(stored.id()), stored.version(), why);
  }

  private synchronized boolean isNew(Version version) {
    if (told.size() == REMEMBERED) told.remove(told.iterator().next());
    return told.add(version);
  }
}
