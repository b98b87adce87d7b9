package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.ObjectStore.Local;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files of the lake, local and staying until this is closed. Any thread. */
final class Locals implements AutoCloseable {
  private final ObjectStore store;
  private final List<Local> open = new ArrayList<>();

  Locals(ObjectStore store) {
    this.store = store;
  }

  synchronized Path path(String name) throws IOException {
    Local local = store.local(name);
    open.add(local);
    return local.path();
  }

  List<Path> logs(KeyedTable.Part log, List<LogFile> files) throws IOException {
    List<Path> paths = new ArrayList<>();
    for (LogFile file : files) paths.add(path(log.file(file.add().path())));
    return paths;
  }

  List<Path> states(KeyedTable.Part state, List<StateFile> files) throws IOException {
    List<Path> paths = new ArrayList<>();
    for (StateFile file : files) paths.add(path(state.file(file.add().path())));
    return paths;
  }

  @Override
  public synchronized void close() {
    open.forEach(Local::close);
    open.clear();
  }
}
