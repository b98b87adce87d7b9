package io.caregrid.dicom.archive;

import io.caregrid.store.ImageTags.Listed;
import java.io.IOException;
import java.util.concurrent.Executor;

/** What an instance on its way needs of the archive around it. */
interface Arrivals {
  Memory memory();

  Collecting collecting();

  /** Up to here an instance is collected in memory. */
  long smallBytes();

  /** Most that one instance may have waiting for the disk. */
  long unflushedBytes();

  /** Largest instance. */
  long mostBytes();

  /** The disk is nearly full. */
  boolean isShort();

  /** By which more attributes instances are found, as far as this node knows: the database notes who knew too little. */
  Listed tags();

  /** Milliseconds since 1970. */
  long now();

  Spill spill();

  /** Where deflated instances are looked into, one after the other. */
  Executor inflating();

  /** Hands a whole, described instance over; it is answered through {@link Arrival#answer} or {@link Arrival#fail}. */
  void commit(Arrival arrival);

  /** What a failure to write means to the sender. */
  Refused refused(IOException failed);
}
