package io.caregrid.store;

/**
 * A place in a node's journal of accesses.
 *
 * @param segment number of the file, from 1; 0 before the first
 * @param offset  bytes into it
 */
public record AuditPosition(long segment, long offset) implements Comparable<AuditPosition> {
  public static final AuditPosition START = new AuditPosition(0, 0);

  @Override
  public int compareTo(AuditPosition other) {
    return segment != other.segment ? Long.compare(segment, other.segment) : Long.compare(offset, other.offset);
  }
}
