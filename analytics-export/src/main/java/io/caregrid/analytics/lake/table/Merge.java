package io.caregrid.analytics.lake.table;

import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.analytics.lake.delta.Action;
import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.CommitInfo;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Action.Txn;
import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.Ranges.Rewrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Brings a state up to its log: of the files whose range holds a key that changed, new ones are made. Nothing changes until the version that
 * {@link #prepare} thought out is committed; files of one that never is are litter.
 *
 * <p>Rows go from Parquet to Parquet through DuckDB, which keeps decimals. The rows of a key give way to what the log says last of it, whatever version they have. One thread.
 */
public final class Merge {
  private static final String SID = "lake_sid";

  private final ObjectStore store;
  private final Path scratch;
  private final Clock clock;
  private final Step.Watch watch;
  private final long atOnce;

  public Merge(ObjectStore store, Path scratch, Clock clock, Step.Watch watch) {
    this(store, scratch, clock, watch, Locals.atOnce(store));
  }

  /** @param atOnce bytes of the log that one merge takes; one file may pass it */
  public Merge(ObjectStore store, Path scratch, Clock clock, Step.Watch watch, long atOnce) {
    this.atOnce = atOnce;
    this.store = store;
    this.scratch = scratch;
    this.clock = clock;
    this.watch = watch;
  }

  /** One rewriting with what it reads. */
  private record Work(KeyedTable table, Duck duck, List<Path> logs, long number) {}

  /**
   * @param log    as far as the state is brought, or nearer when that is much; behind it in at least one file
   * @param number of the newest head: the beginning of the new files' names
   */
  public Prepared prepare(KeyedTable table, Snapshot log, Snapshot state, long number) throws IOException {
    List<LogFile> all = LogFile.behind(log, KeyedTable.merged(state));
    List<LogFile> behind = LogFile.pieces(all, atOnce).get(0);
    long until = behind.size() == all.size() ? log.version() : behind.get(behind.size() - 1).to();
    Instant now = clock.instant();
    List<Action> actions = new ArrayList<>();
    actions.add(CommitInfo.of("MERGE", now));
    actions.add(new Txn(KeyedTable.MERGED, until));
    long bytes = 0;
    try (Duck duck = new Duck(scratch); Locals locals = new Locals(store)) {
      Work work = new Work(table, duck, locals.logs(table.log(), behind), number);
      newest(work);
      for (Rewrite rewrite : Ranges.plan(StateFile.all(state), changed(duck))) {
        for (StateFile old : rewrite.files()) actions.add(Remove.of(old.add(), now, true));
        for (Add made : rewritten(work, rewrite)) {
          actions.add(made);
          bytes += made.size();
        }
      }
    }
    watch.reached(Step.MERGE_PREPARED);
    return new Prepared(table.state(), KeyedTable.merged(state), actions, bytes, until == log.version());
  }

  /** What the log says last of each key. */
  private static void newest(Work work) throws IOException {
    work.duck.run("create temp table newest as select " + Duck.name(work.table.key())
        + " as k, max(lake_version) as v, any_value(lake_sid) as sid from " + Duck.parquet(work.logs)
        + " group by all");
  }

  private static long[] changed(Duck duck) throws IOException {
    return duck.list("select distinct sid from newest order by sid", row -> row.getLong(1))
        .stream()
        .mapToLong(Long::longValue)
        .toArray();
  }

  private List<Add> rewritten(Work work, Rewrite rewrite) throws IOException {
    Path whole = Files.createTempFile(scratch, "merge", ".parquet");
    try {
      try (Locals locals = new Locals(store)) {
        List<Path> inputs = new ArrayList<>(locals.states(work.table.state(), rewrite.files()));
        inputs.addAll(work.logs);
        work.duck.copy(rows(work.table, inputs, rewrite), inputs, SID, whole);
      }
      return cut(work, rewrite, whole);
    } finally {
      Files.delete(whole);
    }
  }

  /** Rows of a state have no place in the feed, those of a log do. */
  private static String rows(KeyedTable table, List<Path> inputs, Rewrite rewrite) {
    return "select r.* exclude (lake_position, lake_deleted, lake_at) from " + Duck.parquet(inputs)
        + " r left join newest n on n.k = r." + Duck.name(table.key())
        + " where r.lake_sid >= " + rewrite.from() + " and r.lake_sid < " + rewrite.to()
        + " and ((r.lake_position is null and n.k is null)"
        + " or (r.lake_position is not null and n.v = r.lake_version and not r.lake_deleted))";
  }

  /** Into pieces of the usual size, without dividing a sid. */
  private List<Add> cut(Work work, Rewrite rewrite, Path whole) throws IOException {
    long pieces = Files.size(whole) / Ranges.CUT + 1;
    List<Long> firsts = firsts(work.duck, whole, pieces);
    if (firsts.isEmpty()) return List.of();
    if (firsts.size() == 1) return List.of(add(work, whole, rewrite.from()));
    List<Add> adds = new ArrayList<>();
    for (int i = 0; i < firsts.size(); i++) {
      long from = i == 0 ? rewrite.from() : firsts.get(i);
      long to = i + 1 < firsts.size() ? firsts.get(i + 1) : rewrite.to();
      Path piece = Files.createTempFile(scratch, "merge", ".parquet");
      try {
        work.duck.copy("select * from " + Duck.parquet(List.of(whole)) + " where lake_sid >= " + from
            + " and lake_sid < " + to, List.of(whole), SID, piece);
        adds.add(add(work, piece, from));
      } finally {
        Files.delete(piece);
      }
    }
    return adds;
  }

  /** The least sid of each piece; empty when there are no rows. */
  private static List<Long> firsts(Duck duck, Path whole, long pieces) throws IOException {
    return duck
        .list("select min(lake_sid) from (select lake_sid, ntile(" + pieces + ") over (order by lake_sid) as n from "
            + Duck.parquet(List.of(whole)) + ") group by n order by 1", row -> row.getLong(1))
        .stream()
        .distinct()
        .toList();
  }

  private Add add(Work work, Path file, long first) throws IOException {
    String name = NewFiles.name(work.number);
    Found found = found(work, file);
    store.put(work.table.state().file(name), file);
    return new Add(name, Files.size(file), clock.millis(), true, found.stats(work.table.key()),
        StateFile.tags(first, found.lastSid));
  }

  private static Found found(Work work, Path file) throws IOException {
    String key = Duck.name(work.table.key());
    String asked = "select count(*), min(lake_sid), max(lake_sid), min(" + key + "), max(" + key + ") from "
        + Duck.parquet(List.of(file));
    return work.duck.list(asked, row -> new Found(row.getLong(1), row.getLong(2), row.getLong(3), row.getString(4),
        row.getString(5))).get(0);
  }

  /** What a new file holds, at least one row. */
  private record Found(long rows, long firstSid, long lastSid, String firstKey, String lastKey) {
    String stats(String key) {
      return FileStats.json(rows, Map.of("lake_sid", LongNode.valueOf(firstSid), key, TextNode.valueOf(firstKey)),
          Map.of("lake_sid", LongNode.valueOf(lastSid), key, TextNode.valueOf(lastKey)));
    }
  }
}
