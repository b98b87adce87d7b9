package io.caregrid.analytics.sql;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** What can be queried. The lake gives it; whoever queries knows nothing of how it is kept. */
public interface Tables {

  /** The lake as it is now: one head, all its files local and staying until it is closed. Blocking. */
  Pinned pin() throws IOException;

  /** Folders in which every file of every {@link Pinned} lies. */
  List<Path> folders();

  /** One state of the lake, held for one query. */
  interface Pinned extends AutoCloseable {
    List<View> views();

    /** Everything that was in the change feed until then is in it. Null when the lake is empty. */
    Instant asOf();

    @Override
    void close();
  }

  /**
   * @param name  as queries name it
   * @param query DuckDB's SQL whose rows the view has: a select over {@code read_parquet} of files in {@link #folders}
   * @param about one sentence for a person
   */
  record View(String name, String query, String about) {}
}
