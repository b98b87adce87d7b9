package io.caregrid.dicom.archive;

import java.util.HashMap;
import java.util.Map;

/**
 * Which contents are being read in this process, so that nobody gets zeros in the middle of an image; and which are being inserted, so that no row comes
 * to point to zeros. Whoever marks a record dead holds the lock.
 */
final class Readers {
  private final Map<String, Integer> reading = new HashMap<>();

  synchronized void enter(String file, long offset) {
    reading.merge(place(file, offset), 1, Integer::sum);
  }

  synchronized void leave(String file, long offset) {
    reading.computeIfPresent(place(file, offset), (place, count) -> count == 1 ? null : count - 1);
  }

  /** Hold this object's lock from here to the mark. */
  synchronized boolean isRead(String file, long offset) {
    return reading.containsKey(place(file, offset));
  }

  private static String place(String file, long offset) {
    return file + ':' + offset;
  }
}
