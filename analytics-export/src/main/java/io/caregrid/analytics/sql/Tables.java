package io.caregrid.analytics.sql;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** What can be queried. The lake gives it; whoever queries knows nothing of how it is kept. */
public interface Tables {

  /** The lake as it is now: one head. Blocking; no file of a table is touched. */
  Pinned pin() throws IOException;

  /** Folders in which every file of every {@link Pinned} lies. */
  List<Path> folders();

  /** One state of the lake, held for one query. One thread. */
  interface Pinned extends AutoCloseable {
    /** What can be asked. */
    List<View> views();

    /**
     * DuckDB's SQL whose rows the view has: a select over {@code read_parquet} of files in {@link #folders}, local from now on and staying until this is
     * closed. Blocking: where the lake is on an object store they are fetched.
     *
     * @param name    of one of the {@link #views}
     * @param between asked between two files; what it throws ends the work
     * @throws Outdated files of this state are gone, and there is a newer one
     * @throws io.caregrid.contract.Failure they are more than may be local at once
     */
    String query(String name, Runnable between) throws IOException;

    /** Everything that was in the change feed until then is in it. Null when the lake is empty. */
    Instant asOf();

    @Override
    void close();
  }

  /**
   * @param name  as queries name it
   * @param empty DuckDB's SQL that gives its columns and no rows, and reads nothing that would have to be fetched
   * @param about one sentence for a person
   */
  record View(String name, String empty, String about) {}

  /** This state of the lake was tidied away: {@link #pin} again. */
  final class Outdated extends IOException {
    private static final long serialVersionUID = 1;

    public Outdated(IOException gone) {
      super("a newer state of the lake has taken this one's place", gone);
    }
  }
}
