package io.caregrid.dicom.data;

import java.util.List;

/** What stands in an element. */
public sealed interface Value {
  /** In memory, as encoded: byte order of the transfer syntax, padding included. Not to be changed. */
  record Bytes(byte[] bytes) implements Value {}

  /**
   * Too large to be read along, or pixel data: still in the source, undecoded.
   *
   * @param position of the first byte, in the source that was read
   * @param length   bytes; -1: fragments begin here, which were not looked at ({@link Limits#stopBefore})
   */
  record Bulk(long position, long length) implements Value {}

  /** A sequence. */
  record Items(List<DataSet> items) implements Value {}

  /**
   * Encapsulated pixel data (PS3.5 A.4): where the fragments are.
   *
   * @param offsets   the basic offset table's entries, empty when it is
   * @param fragments in order, without the offset table
   */
  record Fragments(List<Long> offsets, List<Bulk> fragments) implements Value {}
}
