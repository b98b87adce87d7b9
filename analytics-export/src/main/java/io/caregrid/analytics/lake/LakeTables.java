package io.caregrid.analytics.lake;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.Catalogue;
import io.caregrid.analytics.lake.table.Empties;
import io.caregrid.analytics.lake.table.Heads;
import io.caregrid.analytics.lake.table.Pin;
import io.caregrid.analytics.lake.table.Views;
import io.caregrid.analytics.sql.Tables;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The lake's newest head as views for SQL: as fresh as the last commit, whatever has been merged. Any thread; blocking. */
public final class LakeTables implements Tables {
  private final ObjectStore store;
  private final Path folder;
  private final Heads heads;
  private Views views;

  /** @param folder a local one for files of whole schemas without rows; nobody else's */
  public LakeTables(ObjectStore store, Path folder) {
    this.store = store;
    this.folder = folder.toAbsolutePath();
    this.heads = new Heads(store);
  }

  @Override
  public Pinned pin() throws IOException {
    return new Pin(store, open(), heads, heads.newest());
  }

  /** When it is first asked for: schemas and files take some seconds. */
  private synchronized Views open() throws IOException {
    if (views == null) {
      Catalogue catalogue = Catalogue.of(store);
      views = new Views(catalogue, new Empties(catalogue, folder));
    }
    return views;
  }

  @Override
  public List<Path> folders() {
    List<Path> folders = new ArrayList<>(store.folders());
    folders.add(folder);
    return folders;
  }
}
