package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.ObjectStore.Local;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files of the lake, local and staying until this is closed. Any thread. */
final class Locals implements AutoCloseable {
  private static final Runnable NOTHING = () -> {};
  private static final long MOST = 32L << 20;
  /** Of the room for local copies: queries use it too, and a file that is rewritten lies beside. */
  private static final int SHARE = 4;

  private final ObjectStore store;
  private final List<Local> open = new ArrayList<>();

  Locals(ObjectStore store) {
    this.store = store;
  }

  /** Bytes of files that work on many of them takes at a time; one file may pass it. */
  static long atOnce(ObjectStore store) {
    return Math.min(MOST, store.room() / SHARE);
  }

  synchronized Path path(String name) throws IOException {
    Local local = store.local(name);
    open.add(local);
    return local.path();
  }

  /** @param between asked before each file */
  List<Path> paths(KeyedTable.Part part, List<Add> files, Runnable between) throws IOException {
    List<Path> paths = new ArrayList<>();
    for (Add file : files) {
      between.run();
      paths.add(path(part.file(file.path())));
    }
    return paths;
  }

  List<Path> logs(KeyedTable.Part log, List<LogFile> files) throws IOException {
    return paths(log, files.stream().map(LogFile::add).toList(), NOTHING);
  }

  List<Path> states(KeyedTable.Part state, List<StateFile> files) throws IOException {
    return paths(state, files.stream().map(StateFile::add).toList(), NOTHING);
  }

  @Override
  public synchronized void close() {
    open.forEach(Local::close);
    open.clear();
  }
}
