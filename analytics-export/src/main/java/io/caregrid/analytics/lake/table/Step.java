package io.caregrid.analytics.lake.table;

import java.io.IOException;

/** The places between which the lake changes on disk. Whatever happens at one of them, the next writer goes on without loss and without repetition. */
public enum Step {
  /** a file stands in its table's folder, no log names it */
  FILE_WRITTEN,
  /** a table has a version that no head names */
  TABLE_COMMITTED,
  /** a head stands, the database's cursor is behind it */
  HEAD_PUBLISHED,
  /** all of a turn's commit is done */
  CURSOR_COMMITTED,
  /** new files of a state stand */
  MERGE_PREPARED,
  /** a new file of a log or of a state stands that holds what several held */
  FOLD_PREPARED,
  /** new files stand that lack what is to be erased */
  ERASE_PREPARED,
  /** a rebuild has read the store */
  REBUILD_SCANNED,
  /** a file that nobody needs is deleted */
  VACUUMED;

  /** Is told of every step; what it throws ends the work there. */
  public interface Watch {
    Watch NONE = step -> {};

    void reached(Step step) throws IOException;
  }
}
