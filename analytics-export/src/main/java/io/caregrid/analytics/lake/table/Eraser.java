package io.caregrid.analytics.lake.table;

import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.analytics.lake.delta.Action;
import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.CommitInfo;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;

/**
 * Makes files anew without the rows of some keys, until a version of each. A file that holds none stays as it is. What is prepared here becomes a version like any other; the files it
 * removes are deleted by {@link Vacuum#now}.
 *
 * <p>One thread; blocking.
 */
public final class Eraser {
  /** Of files that one version takes out: what was done before a crash is not done again. */
  private static final long BYTES = 256L << 20;
  /** Keys of one statement. */
  private static final int SOME = 1_000;

  private final ObjectStore store;
  private final Path scratch;
  private final Clock clock;
  private final Step.Watch watch;

  public Eraser(ObjectStore store, Path scratch, Clock clock, Step.Watch watch) {
    this.store = store;
    this.scratch = scratch;
    this.clock = clock;
    this.watch = watch;
  }

  /** One run over a part of a table. */
  private record Work(Part part, Duck duck, long number) {
    String key() {
      return Duck.name(part.schema().key());
    }

    /** Of a row {@code r}. */
    String goes() {
      return "exists (select 1 from erased e where e.k = r." + key() + " and r.lake_version <= e.v)";
    }
  }

  /**
   * @param files  of the snapshot, those that are looked at
   * @param ids    keys of the part's rows, at least one, each with its last version that goes
   * @param clean  paths of files that are known to hold none of them; those that are found to join them
   * @param number of the newest head: the beginning of the new files' names
   * @return null when none of the files holds any of them
   */
  public Prepared prepare(Part part, Snapshot snapshot, Collection<Add> files, SortedMap<String, Integer> ids,
      Set<String> clean, long number) throws IOException {
    List<Action> actions = new ArrayList<>(List.of(CommitInfo.of("ERASE", clock.instant())));
    long taken = 0;
    long bytes = 0;
    try (Duck duck = new Duck(scratch)) {
      Work work = new Work(part, duck, number);
      name(duck, ids);
      for (Add file : files) {
        if (taken > BYTES) break;
        if (clean.contains(file.path()) || !holds(work, file, ids, clean)) continue;
        taken += file.size();
        actions.add(Remove.of(file, clock.instant(), true));
        Add without = without(work, file);
        if (without == null) continue;
        clean.add(without.path());
        actions.add(without);
        bytes += without.size();
      }
    }
    if (actions.size() == 1) return null;
    watch.reached(Step.ERASE_PREPARED);
    return new Prepared(part, KeyedTable.merged(snapshot), actions, bytes);
  }

  /** Whether none of these files holds any of the keys; those that are found to hold none join the clean ones. */
  public boolean isFree(Part part, Collection<Add> files, SortedMap<String, Integer> ids, Set<String> clean)
      throws IOException {
    List<Add> unknown = files.stream().filter(file -> !clean.contains(file.path())).toList();
    if (unknown.isEmpty()) return true;
    try (Duck duck = new Duck(scratch)) {
      name(duck, ids);
      Work work = new Work(part, duck, 0);
      for (Add file : unknown) if (holds(work, file, ids, clean)) return false;
      return true;
    }
  }

  private static void name(Duck duck, SortedMap<String, Integer> ids) throws IOException {
    duck.run("create temp table erased (k varchar, v integer)");
    for (Iterator<Map.Entry<String, Integer>> each = ids.entrySet().iterator(); each.hasNext();) {
      StringBuilder values = new StringBuilder();
      for (int n = 0; n < SOME && each.hasNext(); n++) {
        Map.Entry<String, Integer> one = each.next();
        values.append(n == 0 ? "(" : ", (").append(Duck.text(one.getKey())).append(", ").append(one.getValue());
        values.append(')');
      }
      duck.run("insert into erased values " + values);
    }
  }

  private boolean holds(Work work, Add file, SortedMap<String, Integer> ids, Set<String> clean) throws IOException {
    if (FileStats.mayHold(file, work.part().schema().key(), new TreeSet<>(ids.keySet()))) {
      try (Locals locals = new Locals(store)) {
        Path path = locals.path(work.part().file(file.path()));
        String found = "select exists (select 1 from " + Duck.parquet(List.of(path)) + " r where " + work.goes() + ")";
        if (work.duck().list(found, row -> row.getBoolean(1)).get(0)) return true;
      }
    }
    clean.add(file.path());
    return false;
  }

  /** Null when nothing is left of it. */
  private Add without(Work work, Add file) throws IOException {
    Path made = Files.createTempFile(scratch, "erase", ".parquet");
    try (Locals locals = new Locals(store)) {
      List<Path> old = List.of(locals.path(work.part().file(file.path())));
      work.duck()
          .copy("select r.* from " + Duck.parquet(old) + " r where not " + work.goes(), old, null, made);
      String stats = stats(work, made);
      if (stats == null) return null;
      String name = NewFiles.name(work.number());
      store.put(work.part().file(name), made);
      return new Add(name, Files.size(made), file.modificationTime(), true, stats, file.tags());
    } finally {
      Files.delete(made);
    }
  }

  /** Thought out anew: the bounds of the old file may be a key that goes. Null: there are no rows. */
  private static String stats(Work work, Path file) throws IOException {
    String key = work.part().schema().key();
    String asked = "select count(*), min(lake_sid), max(lake_sid), min(" + work.key() + "), max(" + work.key()
        + ") from " + Duck.parquet(List.of(file));
    return work.duck()
        .list(asked, row -> row.getLong(1) == 0
            ? null
            : FileStats.json(row.getLong(1),
                Map.of("lake_sid", LongNode.valueOf(row.getLong(2)), key, TextNode.valueOf(row.getString(4))),
                Map.of("lake_sid", LongNode.valueOf(row.getLong(3)), key, TextNode.valueOf(row.getString(5)))))
        .get(0);
  }
}
