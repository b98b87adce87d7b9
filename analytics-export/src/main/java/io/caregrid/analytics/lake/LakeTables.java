package io.caregrid.analytics.lake;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.Catalogue;
import io.caregrid.analytics.lake.table.Empties;
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
  /** A head that has just been read is not old: what fails again has another reason. */
  private static final int TRIES = 3;
  private final ObjectStore store;
  private final Path folder;
  private final Heads heads;
  private Catalogue catalogue;
  private Empties empties;

  /** @param folder a local one for files of whole schemas without rows; nobody else's */
  public LakeTables(ObjectStore store, Path folder) {
    this.store = store;
    this.folder = folder.toAbsolutePath();
    this.heads = new Heads(store);
  }

  /** While a head's files are looked for they may be deleted, if it is old; then there is a newer one. */
  @Override
  public Pinned pin() throws IOException {
    open();
    Head head = heads.newest();
    for (int n = 1;; n++) {
      try {
        return Pin.of(store, catalogue, empties, head);
      } catch (IOException gone) {
        Head newer = heads.newest();
        if (n == TRIES || newer == null || newer.equals(head)) throw gone;
        head = newer;
      }
    }
  }

  /** When it is first asked for: schemas and files take some seconds. */
  private synchronized void open() throws IOException {
    if (empties != null) return;
    catalogue = Catalogue.of(store);
    empties = new Empties(catalogue, folder);
  }

  @Override
  public List<Path> folders() {
    List<Path> folders = new ArrayList<>(store.folders());
    folders.add(folder);
    return folders;
  }
}
