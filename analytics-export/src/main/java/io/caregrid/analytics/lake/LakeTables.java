package io.caregrid.analytics.lake;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.Catalogue;
import io.caregrid.analytics.lake.table.Head;
import io.caregrid.analytics.lake.table.Heads;
import io.caregrid.analytics.lake.table.Pin;
import io.caregrid.analytics.sql.Tables;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The lake's newest head as views for SQL: as fresh as the last commit, whatever has been merged. Any thread; blocking. */
public final class LakeTables implements Tables {
  private final ObjectStore store;
  private final Path empties;
  private final Heads heads;
  private Catalogue catalogue;

  /** @param empties a local folder for files of whole schemas without rows; nobody else's */
  public LakeTables(ObjectStore store, Path empties) {
    this.store = store;
    this.empties = empties.toAbsolutePath();
    this.heads = new Heads(store);
  }

  @Override
  public Pinned pin() throws IOException {
    Catalogue tables = catalogue();
    Head head = heads.newest();
    return Pin.of(store, tables, empties, head);
  }

  /** Made when it is first asked for: the schemas take a second. */
  private synchronized Catalogue catalogue() throws IOException {
    if (catalogue == null) {
      Catalogue made = Catalogue.of(store);
      Pin.writeEmpties(made, empties);
      catalogue = made;
    }
    return catalogue;
  }

  @Override
  public List<Path> folders() {
    List<Path> folders = new ArrayList<>(store.folders());
    folders.add(empties);
    return folders;
  }
}
