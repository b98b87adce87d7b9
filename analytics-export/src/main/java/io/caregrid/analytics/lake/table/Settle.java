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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Joins neighbours of a state that nothing has changed for a while to large files. A change that comes late rewrites one of them, which is cut again. */
public final class Settle {
  /** Fewer are worth it only when they make half a large file. */
  static final int FILES = 8;
  static final long LARGEST = 64L << 20;

  private final ObjectStore store;
  private final Path scratch;
  private final Clock clock;
  private final Step.Watch watch;

  public Settle(ObjectStore store, Path scratch, Clock clock, Step.Watch watch) {
    this.store = store;
    this.scratch = scratch;
    this.clock = clock;
    this.watch = watch;
  }

  /**
   * The next neighbours to join, none when there are too few. Pure.
   *
   * @param files in order of their ranges
   * @param than  older files have settled
   */
  public static List<StateFile> plan(List<StateFile> files, Instant than) {
    List<StateFile> run = new ArrayList<>();
    long bytes = 0;
    for (StateFile file : files) {
      boolean settled = file.add().modificationTime() < than.toEpochMilli();
      if (settled && bytes + file.add().size() <= LARGEST) {
        run.add(file);
        bytes += file.add().size();
        continue;
      }
      if (run.size() >= FILES || run.size() > 1 && bytes > LARGEST / 2) return List.copyOf(run);
      run.clear();
      bytes = 0;
      if (settled && file.add().size() <= LARGEST) {
        run.add(file);
        bytes = file.add().size();
      }
    }
    return run.size() >= FILES ? List.copyOf(run) : List.of();
  }

  /** @param number of the newest head: the beginning of the new file's name */
  public Prepared prepare(KeyedTable table, Snapshot state, List<StateFile> files, long number) throws IOException {
    Path joined = Files.createTempFile(scratch, "settle", ".parquet");
    try (Duck duck = new Duck(scratch); Locals locals = new Locals(store)) {
      List<Path> inputs = locals.states(table.state(), files);
      duck.copy("select * from " + Duck.parquet(inputs), inputs, null, joined);
      String name = NewFiles.name(number);
      store.put(table.state().file(name), joined);
      List<Action> actions = new ArrayList<>(List.of(CommitInfo.of("OPTIMIZE", clock.instant())));
      for (StateFile old : files) actions.add(Remove.of(old.add(), clock.instant(), false));
      actions.add(new Add(name, Files.size(joined), clock.millis(), false,
          FileStats.joined(files.stream().map(StateFile::add).toList()),
          StateFile.tags(files.get(0).first(), files.get(files.size() - 1).last())));
      watch.reached(Step.FOLD_PREPARED);
      return new Prepared(table.state(), KeyedTable.merged(state), actions, Files.size(joined));
    } finally {
      Files.delete(joined);
    }
  }
}
