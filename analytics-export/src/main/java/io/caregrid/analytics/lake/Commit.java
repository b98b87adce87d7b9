package io.caregrid.analytics.lake;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.Rows.Entry;
import io.caregrid.analytics.lake.delta.Action;
import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.CommitInfo;
import io.caregrid.analytics.lake.delta.Action.Txn;
import io.caregrid.analytics.lake.table.KeyedTable;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import io.caregrid.analytics.lake.table.Ledger;
import io.caregrid.analytics.lake.table.LogFile;
import io.caregrid.analytics.lake.table.NewFiles;
import io.caregrid.store.Bodies.Wanted;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** Versions into the logs: of each log one file and one version of its table. A version that stands in a log already does not come again. */
final class Commit {
  private final Ledger ledger;
  private final NewFiles files;
  private final Rows made;
  private final Instant now;
  private long rows;

  Commit(Ledger ledger, NewFiles files, Rows made, Instant now) {
    this.made = made;
    this.ledger = ledger;
    this.files = files;
    this.now = now;
  }

  /** What stands in the two logs that an Observation's version goes to; of other types in the first. */
  record There(Set<Wanted> resources, Set<Wanted> vitals) {
    static final There NOTHING = new There(Set.of(), Set.of());

    boolean in(String type, Wanted version) {
      return resources.contains(version) && (!type.equals(OBSERVATION) || vitals.contains(version));
    }
  }

  static final String OBSERVATION = "Observation";

  /** @param entries of one type, in the feed's order */
  void write(String type, List<Entry> entries, There there) throws IOException {
    KeyedTable table = ledger.catalogue().resources().get(type);
    List<Entry> resources = without(entries, there.resources());
    append(table.log(), resources, made.ofLog(resources));
    if (!type.equals(OBSERVATION)) return;
    List<Entry> vitals = without(entries, there.vitals());
    append(ledger.catalogue().vitals().log(), vitals, made.vitalsLog(vitals));
  }

  private static List<Entry> without(List<Entry> entries, Set<Wanted> there) {
    return there.isEmpty() ? entries : entries.stream().filter(entry -> !there.contains(wanted(entry))).toList();
  }

  private static Wanted wanted(Entry entry) {
    return new Wanted(entry.found().stored().id(), entry.found().stored().version());
  }

  private void append(Part log, List<Entry> entries, Iterable<ObjectNode> iterable) throws IOException {
    if (entries.isEmpty()) return;
    long version = ledger.next(log);
    long number = ledger.head().number() + 1;
    long until = entries.stream().mapToLong(Entry::position).max().getAsLong();
    Add add = files.write(log, number, iterable, LogFile.tags(version, until));
    List<Action> actions = List.of(CommitInfo.of("WRITE", now), new Txn("lake", number), add);
    ledger.commit(log, actions);
    rows += entries.size();
  }

  /** Versions written, in all logs. */
  long rows() {
    return rows;
  }
}
