package io.caregrid.cluster;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * Where a measurement came from: the n-th reading out of one record of {@code devicedata}. A shard keeps the highest one applied per source
 * partition, and drops what is not above it; so a normaliser may repeat itself (SHARDING.md, "The first hop").
 *
 * @param topicId   Kafka's id of the topic: a recreated topic starts a new history
 * @param partition source partition
 * @param offset    of the record in it
 * @param index     n-th measurement of that record, from 0; {@link #WHOLE_RECORD} in a dead letter about the record itself
 */
public record Source(UUID topicId, int partition, long offset, int index) implements Comparable<Source> {

  /** Kafka header of a record in {@code measurements} and {@code deadletters}. */
  public static final String HEADER = "source";
  /** Keeps the dead letter of a record apart from one about its first measurement. */
  public static final int WHOLE_RECORD = -1;
  private static final int BYTES = 16 + 4 + 8 + 4;

  /** Only sources of one partition of one topic can be compared. */
  @Override
  public int compareTo(Source other) {
    int byOffset = Long.compare(offset, other.offset);
    return byOffset != 0 ? byOffset : Integer.compare(index, other.index);
  }

  /** Names the source partition, e.g. {@code 6f1c…:3}: the key of a source mark. */
  public String stream() {
    return topicId + ":" + partition;
  }

  /** 32 bytes: topic id, partition, offset, index, big endian. */
  public byte[] toBytes() {
    return ByteBuffer.allocate(BYTES)
        .putLong(topicId.getMostSignificantBits())
        .putLong(topicId.getLeastSignificantBits())
        .putInt(partition)
        .putLong(offset)
        .putInt(index)
        .array();
  }

  /** @throws IllegalArgumentException when these are not 32 bytes */
  public static Source fromBytes(byte[] bytes) {
    if (bytes == null || bytes.length != BYTES) throw new IllegalArgumentException("a source mark has 32 bytes");
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new Source(new UUID(in.getLong(), in.getLong()), in.getInt(), in.getLong(), in.getInt());
  }

  @Override
  public String toString() {
    return stream() + ":" + offset + ":" + index;
  }
}
