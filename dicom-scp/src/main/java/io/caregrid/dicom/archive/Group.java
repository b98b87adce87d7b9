package io.caregrid.dicom.archive;

import io.caregrid.store.ImageIndex.Entry;
import java.util.List;

/**
 * Instances of one segment that the {@link Committer} inserts together.
 *
 * @param began   nanoseconds, as {@link System#nanoTime}
 * @param decided runs once, when the index has said what becomes of them, and what is left to do is with the disk's threads
 */
record Group(List<Placed> placed, long began, Past past, Runnable decided) {

  /** An instance whose bytes are durable at the place its entry names. {@code in} is null for a file of its own. */
  record Placed(Arrival arrival, Entry entry, Current in) {}

  /** What is known of the attempts to insert a group that are over. */
  enum Past {
    /** There was none. */
    NONE,
    /** The database refused: of those that were refused one by one it keeps nothing. */
    REFUSED,
    /** Nobody knows of one of them: there may be rows. */
    IN_DOUBT
  }

  Group inDoubt() {
    return new Group(placed, began, Past.IN_DOUBT, decided);
  }
}
