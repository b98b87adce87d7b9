package io.caregrid.perf.dicom;

import java.io.IOException;
import java.net.InetSocketAddress;

/** A DICOM archive in processes of its own, on a folder of its own, up and listening. */
interface Archive extends AutoCloseable {
  /** As it stands in the table. */
  String name();

  InetSocketAddress address();

  String aeTitle();

  /** CPU seconds, user and system, of all its processes so far. */
  double cpuSeconds();

  /**
   * Fails unless the archive has what it answered with success: of this load a sample, byte for byte, and as many pictures as were stored.
   *
   * @param stored pictures of all loads so far
   * @return what was looked at, in a few words
   */
  String check(Load load, long stored) throws Exception;

  /** The same for everything it ever stored, where that takes longer than to count; after the last load. */
  default String checkAll(long stored) throws Exception {
    return "";
  }

  @Override
  void close() throws IOException;
}
