package io.caregrid.analytics.lake;

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
import io.caregrid.analytics.lake.table.Prepared;
import io.caregrid.analytics.lake.table.Vacuum;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The request to erase that is worked on: first every file that holds one of its keys is made anew, one part of a table after the other, until none of the
 * newest versions has one; then whatever is not the table any more is deleted at once. When nothing is left the request goes.
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
  private Erasure erasure;
  /** Number of the newest head when it was begun here. */
  private long from;

  Erasing(ObjectStore store, Eraser eraser, Vacuum vacuum) {
    this.erasures = new Erasures(store);
    this.eraser = eraser;
    this.vacuum = vacuum;
    this.heads = new Heads(store);
  }

  /** The next step of the oldest request as work on these versions; null when there is none. */
  synchronized Upkeep.Work due(Ledger ledger) throws IOException {
    List<Erasure> open = erasures.open();
    if (open.isEmpty()) return null;
    if (!open.contains(erasure)) {
      erasure = open.get(0);
      from = ledger.head().number();
      clean.clear();
      log.info("erasing from the lake request={} resources={}", erasure.name(),
          erasure.ids().values().stream().mapToInt(Map::size).sum());
    }
    Erasure asked = erasure;
    long number = ledger.head().number();
    Map<Part, Snapshot> parts = new LinkedHashMap<>();
    Map<Part, SortedMap<String, Integer>> ids = new LinkedHashMap<>();
    asked.ids().forEach((type, each) -> {
      for (Part part : parts(ledger.catalogue(), type)) {
        parts.put(part, ledger.newest(part));
        ids.put(part, each);
      }
    });
    return () -> step(asked, parts, ids, number);
  }

  /** Logs first: a state is never made of rows that its log has no more. */
  private static List<Part> parts(Catalogue catalogue, String type) {
    List<Part> parts = new ArrayList<>();
    KeyedTable table = catalogue.resources().get(type);
    parts.add(table.log());
    parts.add(table.state());
    if (type.equals(Commit.OBSERVATION)) {
      parts.add(catalogue.vitals().log());
      parts.add(catalogue.vitals().state());
    }
    return parts;
  }

  private Prepared step(Erasure asked, Map<Part, Snapshot> parts, Map<Part, SortedMap<String, Integer>> ids,
      long number)
      throws IOException {
    for (Map.Entry<Part, Snapshot> each : parts.entrySet()) {
      Prepared without = eraser.prepare(each.getKey(), each.getValue(), ids.get(each.getKey()), clean, number);
      if (without != null) return without;
    }
    boolean nothingLeft = vacuum.now(parts.keySet(), heads);
    if (nothingLeft && number > from) {
      erasures.done(asked);
      log.info("erased from the lake request={}", asked.name());
    }
    return null;
  }
}
