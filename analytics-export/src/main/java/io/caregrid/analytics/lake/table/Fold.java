package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action;
import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.CommitInfo;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.store.ObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes few files of a log's many: 32 neighbours that were folded equally often become one, as long as it does not get too large. So a log of a million
 * commits is some hundred files, and a row is written again once for each factor of 32. What the table says does not change.
 */
public final class Fold {
  static final int FILES = 32;
  static final long LARGEST = 128L << 20;

  private final ObjectStore store;
  private final Path scratch;
  private final Clock clock;
  private final Step.Watch watch;

  public Fold(ObjectStore store, Path scratch, Clock clock, Step.Watch watch) {
    this.store = store;
    this.scratch = scratch;
    this.clock = clock;
    this.watch = watch;
  }

  /**
   * The next neighbours to fold, none when there are too few. Pure.
   *
   * @param files  in order of their versions
   * @param merged neighbours are on one side of that version, or the next merge would read old rows again
   */
  public static List<LogFile> plan(List<LogFile> files, long merged) {
    List<LogFile> run = new ArrayList<>();
    for (LogFile file : files) {
      if (!run.isEmpty() && !alike(run.get(0), file, merged)) run.clear();
      run.add(file);
      long bytes = run.stream().mapToLong(each -> each.add().size()).sum();
      if (bytes > LARGEST) run.clear();
      else if (run.size() == FILES) return List.copyOf(run);
    }
    return List.of();
  }

  private static boolean alike(LogFile a, LogFile b, long merged) {
    return a.folds() == b.folds() && a.to() <= merged == b.to() <= merged;
  }

  /** @param number of the newest head: the beginning of the new file's name */
  public Prepared prepare(KeyedTable table, Snapshot log, List<LogFile> files, long number) throws IOException {
    Path folded = Files.createTempFile(scratch, "fold", ".parquet");
    try (Duck duck = new Duck(scratch); Locals locals = new Locals(store)) {
      List<Path> inputs = locals.logs(table.log(), files);
      duck.copy("select * from " + Duck.parquet(inputs), inputs, null, folded);
      String name = NewFiles.name(number);
      store.put(table.log().file(name), folded);
      List<Action> actions = new ArrayList<>(List.of(CommitInfo.of("FOLD", clock.instant())));
      for (LogFile old : files) actions.add(Remove.of(old.add(), clock.instant(), false));
      actions.add(add(name, Files.size(folded), files));
      watch.reached(Step.FOLD_PREPARED);
      return new Prepared(table.log(), KeyedTable.merged(log), actions, Files.size(folded));
    } finally {
      Files.delete(folded);
    }
  }

  private Add add(String name, long bytes, List<LogFile> files) {
    long until = files.stream().mapToLong(LogFile::until).max().getAsLong();
    LogFile first = files.get(0);
    long since = files.stream().mapToLong(file -> file.add().modificationTime()).min().getAsLong();
    return new Add(name, bytes, since, false, FileStats.joined(files.stream().map(LogFile::add).toList()),
        LogFile.tags(first.from(), files.get(files.size() - 1).to(), until, first.folds() + 1));
  }

  /** Of a log that nobody reads but us: those whose rows were merged and will not be asked for again. Null when there are none. */
  public Prepared withoutMerged(KeyedTable table, Snapshot log, long merged, long safe) {
    List<Action> actions = new ArrayList<>(List.of(CommitInfo.of("TRUNCATE", clock.instant())));
    for (LogFile file : LogFile.all(log))
      if (file.to() <= merged && file.until() <= safe) actions.add(Remove.of(file.add(), clock.instant(), true));
    return actions.size() == 1 ? null : new Prepared(table.log(), KeyedTable.merged(log), actions, 0);
  }
}
