package io.caregrid.analytics.lake;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.Catalogue;
import io.caregrid.analytics.lake.table.Eraser;
import io.caregrid.analytics.lake.table.Erasures;
import io.caregrid.analytics.lake.table.Erasures.Erasure;
import io.caregrid.analytics.lake.table.Heads;
import io.caregrid.analytics.lake.table.KeyedTable;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import io.caregrid.analytics.lake.table.Ledger;
import io.caregrid.analytics.lake.table.LogFile;
import io.caregrid.analytics.lake.table.Prepared;
import io.caregrid.analytics.lake.table.Vacuum;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests to erase that are worked on, all that were open when it began as one: first every file that holds one of their keys is made anew, one part of a
 * table after the other, until none of the newest versions has one; then whatever is not the table any more is deleted at once. When nothing is left the
 * requests go.
 *
 * <p>Nobody comes back meanwhile: a deletion that stands in a log only, which no merge has taken into the state yet, stays there until one has. Files of a log
 * that are behind are not touched; what lay behind when it began is merged first.
 *
 * <p>All of it may be done twice. Only what saves work is kept here: which files are known to be clean.
 */
final class Erasing {
  private static final Logger log = LoggerFactory.getLogger(Erasing.class);

  private final Erasures erasures;
  private final Eraser eraser;
  private final Vacuum vacuum;
  private final Heads heads;
  private final Set<String> clean = new HashSet<>();
  private final Map<String, SortedMap<String, Integer>> ids = new TreeMap<>();
  /** By the log's folder, the version until which it is to be merged. */
  private final Map<String, Long> merge = new HashMap<>();
  private List<Erasure> asked = List.of();
  /** Number of the newest head when it was begun here. */
  private long from;
  /** Nothing of it is left. */
  private boolean finished;
  /** A file that is behind holds one of the keys. */
  private boolean waits;

  Erasing(ObjectStore store, Eraser eraser, Vacuum vacuum) {
    this.erasures = new Erasures(store);
    this.eraser = eraser;
    this.vacuum = vacuum;
    this.heads = new Heads(store);
  }

  /** @param first the table that has to be merged before anything else; null: there is none, and the work can be done */
  record Due(KeyedTable first, Upkeep.Work work) {}

  /** One part of a table as it was when its step was thought out. */
  private record Look(Part part, Snapshot snapshot, List<Add> files, List<Add> behind,
      SortedMap<String, Integer> ids) {}

  /** The next step; null when there is none. On the thread on which the follower makes requests. */
  synchronized Due due(Ledger ledger) throws IOException {
    if (finished) {
      for (Erasure each : asked) erasures.done(each);
      log.info("erased from the lake requests={}", asked.size());
      asked = List.of();
      finished = false;
    }
    Set<String> open = erasures.names();
    if (asked.isEmpty() || !asked.stream().allMatch(each -> open.contains(each.name()))) {
      asked = open.isEmpty() ? List.of() : erasures.open();
      if (asked.isEmpty()) return null;
      begin(ledger);
    }
    if (waits) merge(ledger);
    for (KeyedTable table : tables(ledger.catalogue())) {
      long until = merge.get(table.log().folder());
      if (behind(ledger, table).stream().anyMatch(file -> file.from() <= until)) return new Due(table, null);
    }
    List<Look> looks = new ArrayList<>();
    for (String type : ids.keySet())
      for (KeyedTable table : tables(ledger.catalogue(), type)) look(ledger, table, type, looks);
    long number = ledger.head().number();
    return new Due(null, () -> step(looks, number));
  }

  synchronized boolean isUnderWay() {
    return !asked.isEmpty() && !finished;
  }

  private void begin(Ledger ledger) {
    from = ledger.head().number();
    clean.clear();
    ids.clear();
    for (Erasure each : asked)
      each.ids()
          .forEach((type, some) -> some
              .forEach((id, until) -> ids.computeIfAbsent(type, first -> new TreeMap<>()).merge(id, until, Math::max)));
    merge(ledger);
    log.info("erasing from the lake requests={} resources={}", asked.size(),
        ids.values().stream().mapToInt(Map::size).sum());
  }

  /** All that is behind now is merged before the next step. */
  private void merge(Ledger ledger) {
    for (KeyedTable table : tables(ledger.catalogue()))
      merge.put(table.log().folder(), ledger.newest(table.log()).version());
    waits = false;
  }

  private List<KeyedTable> tables(Catalogue catalogue) {
    return ids.keySet().stream().flatMap(type -> tables(catalogue, type).stream()).toList();
  }

  private static List<KeyedTable> tables(Catalogue catalogue, String type) {
    KeyedTable table = catalogue.resources().get(type);
    return type.equals(Commit.OBSERVATION) ? List.of(table, catalogue.vitals()) : List.of(table);
  }

  private static List<LogFile> behind(Ledger ledger, KeyedTable table) {
    return LogFile.behind(ledger.newest(table.log()), KeyedTable.merged(ledger.newest(table.state())));
  }

  /** The log first: a state is never made of rows that its log has no more. */
  private void look(Ledger ledger, KeyedTable table, String type, List<Look> looks) {
    Snapshot log = ledger.newest(table.log());
    Snapshot state = ledger.newest(table.state());
    List<Add> behind = behind(ledger, table).stream().map(LogFile::add).toList();
    List<Add> merged = new ArrayList<>(log.files().values());
    merged.removeAll(behind);
    looks.add(new Look(table.log(), log, merged, behind, ids.get(type)));
    looks.add(new Look(table.state(), state, List.copyOf(state.files().values()), List.of(), ids.get(type)));
  }

  private Prepared step(List<Look> looks, long number) throws IOException {
    for (Look each : looks) {
      Prepared without = eraser.prepare(each.part(), each.snapshot(), each.files(), each.ids(), clean, number);
      if (without != null) return without;
    }
    for (Look each : looks)
      if (!eraser.isFree(each.part(), each.behind(), each.ids(), clean)) {
        waiting();
        return null;
      }
    boolean nothingLeft = vacuum.now(looks.stream().map(Look::part).toList(), heads);
    if (nothingLeft && number > from) finish();
    return null;
  }

  private synchronized void waiting() {
    waits = true;
  }

  private synchronized void finish() {
    finished = true;
  }
}
