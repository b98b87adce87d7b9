package io.caregrid.analytics.lake;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.Follower.Held;
import io.caregrid.analytics.lake.Rows.Entry;
import io.caregrid.analytics.lake.delta.Action;
import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.CommitInfo;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Action.Txn;
import io.caregrid.analytics.lake.table.Erasures;
import io.caregrid.analytics.lake.table.Erasures.Erasure;
import io.caregrid.analytics.lake.table.KeyedTable;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import io.caregrid.analytics.lake.table.Ledger;
import io.caregrid.analytics.lake.table.LogFile;
import io.caregrid.analytics.lake.table.NewFiles;
import io.caregrid.analytics.lake.table.StateFile;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.store.ChangeFeed.Cursor;
import io.caregrid.store.Export;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lake anew from everything the store has: the first time, and when the feed no longer leads on from where the lake is, because the database was restored.
 *
 * <p>New files are written beside the old; then each table has one version that takes all out and all in, then there is a head. Until then everybody reads
 * the lake as it was. Killed anywhere, the next one begins again, and what lies about is litter. What was
 * asked to be erased before is in the store no more, or lives again in a restored one: either way what was scanned is right. In memory: one file's bodies.
 */
final class Rebuild {
  private static final Logger log = LoggerFactory.getLogger(Rebuild.class);
  /** JSON of one file. */
  private static final long BYTES = 32L << 20;

  private final Source source;
  private final Ledger ledger;
  private final NewFiles files;
  private final Rows made;
  private final Erasures erasures;
  private final Clock clock;
  private final Step.Watch watch;
  private final Map<String, List<Add>> added = new HashMap<>();
  /** By state, the greatest sid in its files. */
  private final Map<String, Long> last = new HashMap<>();

  Rebuild(Source source, Ledger ledger, NewFiles files, Rows made, Erasures erasures, Clock clock,
      Step.Watch watch) {
    this.erasures = erasures;
    this.made = made;
    this.source = source;
    this.ledger = ledger;
    this.files = files;
    this.clock = clock;
    this.watch = watch;
  }

  /** @param start of the feed that is followed afterwards: from now on it is not pruned behind that */
  void run(Cursor start, Held held) throws IOException {
    log.info("the lake is made anew from the store incarnation={} position={}", start.incarnation(), start.position());
    source.commit(start);
    Instant asOf = clock.instant();
    List<Erasure> before = erasures.open();
    long versions = 0;
    for (Map.Entry<String, KeyedTable> each : ledger.catalogue().resources().entrySet())
      versions += scan(each.getKey(), each.getValue(), held);
    Cursor seen = source.seen();
    if (seen.incarnation() != start.incarnation())
      throw new IOException("the database was restored while the lake was made anew");
    watch.reached(Step.REBUILD_SCANNED);
    held.check();
    erasures.overtaken(before);
    for (KeyedTable table : ledger.catalogue().all()) replace(table);
    ledger.publishRebuilt(start, seen.position(), asOf);
    log.info("the lake was made anew from the store versions={} seconds={}", versions,
        clock.instant().getEpochSecond() - asOf.getEpochSecond());
  }

  private long scan(String type, KeyedTable table, Held held) throws IOException {
    List<Export.Exported> some = new ArrayList<>();
    long bytes = 0;
    long versions = 0;
    Export.Page page = source.page(type, Export.Place.START, Follower.PACKED);
    while (!page.rows().isEmpty()) {
      held.check();
      List<Export.Exported> rows = page.rows().stream().filter(row -> !row.found().erased()).toList();
      some.addAll(rows);
      bytes += rows.stream().mapToLong(row -> entry(row).bytes()).sum();
      if (bytes >= BYTES) {
        versions += write(type, table, some);
        some.clear();
        bytes = 0;
      }
      page = source.page(type, page.end(), Follower.PACKED);
    }
    return some.isEmpty() ? versions : versions + write(type, table, some);
  }

  private static Entry entry(Export.Exported exported) {
    return new Entry(exported.found(), 0);
  }

  private long write(String type, KeyedTable table, List<Export.Exported> some) throws IOException {
    List<Entry> all = some.stream().map(Rebuild::entry).toList();
    List<Entry> current = some.stream()
        .filter(row -> row.current() && !row.found().stored().deleted())
        .map(Rebuild::entry)
        .toList();
    long version = ledger.next(table.log());
    add(table.log(), made.ofLog(all), LogFile.tags(version, 0));
    state(table.state(), current, made.ofState(current));
    if (type.equals(Commit.OBSERVATION))
      state(ledger.catalogue().vitals().state(), current, made.vitalsState(current));
    return all.size();
  }

  private void state(Part state, List<Entry> current, Iterable<ObjectNode> rows) throws IOException {
    if (!rows.iterator().hasNext()) return;
    long first = last.getOrDefault(state.folder(), -1L) + 1;
    long greatest = current.get(current.size() - 1).found().sid();
    add(state, rows, StateFile.tags(first, greatest));
    last.put(state.folder(), greatest);
  }

  private void add(Part part, Iterable<ObjectNode> rows, Map<String, String> tags) throws IOException {
    long number = ledger.head() == null ? 1 : ledger.head().number() + 1;
    Add add = files.write(part, number, rows, tags);
    added.computeIfAbsent(part.folder(), folder -> new ArrayList<>()).add(add);
  }

  /** The log first: the state says which of its versions it has. */
  private void replace(KeyedTable table) throws IOException {
    List<Action> log = replaced(table.log());
    if (log.size() > 1) ledger.commit(table.log(), log);
    long merged = ledger.newest(table.log()).version();
    List<Action> state = replaced(table.state());
    if (state.size() == 1 && KeyedTable.merged(ledger.newest(table.state())) == merged) return;
    state.add(new Txn(KeyedTable.MERGED, merged));
    ledger.commit(table.state(), state);
  }

  private List<Action> replaced(Part part) {
    Instant now = clock.instant();
    List<Action> actions = new ArrayList<>(List.of(CommitInfo.of("REBUILD", now)));
    for (Add old : ledger.newest(part).files().values()) actions.add(Remove.of(old, now, true));
    actions.addAll(added.getOrDefault(part.folder(), List.of()));
    return actions;
  }
}
