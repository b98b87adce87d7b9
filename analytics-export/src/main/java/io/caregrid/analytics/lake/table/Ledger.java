package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action;
import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import io.caregrid.store.ChangeFeed.Cursor;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The lake as its writer knows it: the newest head, and of each table the newest version, which may be one that no head names because its writer died in
 * between; the next head takes it over. One thread; after an exception this is worth nothing, {@link #open} another.
 */
public final class Ledger {
  /** So many versions have to be read at most. */
  private static final int CHECKPOINT = 100;

  private final Catalogue catalogue;
  private final Heads heads;
  private final Clock clock;
  private final Step.Watch watch;
  private final Map<String, Snapshot> tables = new HashMap<>();
  private Head head;

  private Ledger(Catalogue catalogue, Heads heads, Clock clock, Step.Watch watch) {
    this.catalogue = catalogue;
    this.heads = heads;
    this.clock = clock;
    this.watch = watch;
  }

  /** Reads it, and makes the tables that are missing. */
  public static Ledger open(Catalogue catalogue, Heads heads, Clock clock, Step.Watch watch) throws IOException {
    Ledger ledger = new Ledger(catalogue, heads, clock, watch);
    ledger.head = heads.newest();
    for (KeyedTable table : catalogue.all()) {
      ledger.read(table.log());
      ledger.read(table.state());
    }
    return ledger;
  }

  private void read(Part part) throws IOException {
    Snapshot snapshot = part.ready(clock.instant());
    if (snapshot == null) throw new Overtaken(part.folder());
    tables.put(part.folder(), snapshot);
  }

  public Catalogue catalogue() {
    return catalogue;
  }

  /** Null before the first. */
  public Head head() {
    return head;
  }

  public Snapshot newest(Part part) {
    return tables.get(part.folder());
  }

  /** The number its next version gets. */
  public long next(Part part) {
    return newest(part).version() + 1;
  }

  /** Makes the table's next version. */
  public void commit(Part part, List<Action> actions) throws IOException {
    long version = next(part);
    if (!part.versions().commit(version, actions)) throw new Overtaken(part.folder() + " version " + version);
    Snapshot made = part.versions().at(version);
    tables.put(part.folder(), made);
    watch.reached(Step.TABLE_COMMITTED);
    if (version % CHECKPOINT == 0) part.versions().checkpoint(made, Instant.EPOCH);
  }

  /** From now on the lake is what its tables are. */
  public void publish(Cursor read, Cursor safe, Instant asOf) throws IOException {
    publish(head.next(clock.instant(), read, safe, asOf, versions()));
  }

  /** As {@link #publish(Cursor, Cursor, Instant)}, after everything was taken from the store. */
  public void publishRebuilt(Cursor start, long rebuilt, Instant asOf) throws IOException {
    long number = head == null ? 1 : head.number() + 1;
    publish(new Head(number, UUID.randomUUID(), clock.instant(), start, start, rebuilt, asOf, versions()));
  }

  private void publish(Head next) throws IOException {
    if (!heads.publish(next)) throw new Overtaken("head " + next.number());
    head = next;
    watch.reached(Step.HEAD_PUBLISHED);
  }

  /** There are versions that no head names: somebody died, or stood still, before he could publish them; or they were made to keep such a one out. */
  public boolean isAhead() {
    return !versions().equals(head.tables());
  }

  private Map<String, Long> versions() {
    Map<String, Long> versions = new HashMap<>();
    tables.forEach((folder, snapshot) -> versions.put(folder, snapshot.version()));
    return versions;
  }
}
