package io.caregrid.device;

import io.caregrid.cluster.Source;
import io.caregrid.store.DeadLetter;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.sets.MappingMark;
import java.util.List;

/**
 * A stretch of one shard's log, read without a gap. Cutting the log into batches is about cost only; any cut gives the same resources.
 *
 * @param from   position reading continued from: not the first event's, since probes and foreign markers use positions too
 * @param to     position to go on from, exclusive end of what was read
 * @param events what was found between, in log order; may be empty
 */
public record Batch(long from, long to, List<Event> events) {
  public Batch {
    if (from > to) throw new IllegalArgumentException("a batch from " + from + " cannot end at " + to);
  }

  /**
   * One record of the log.
   *
   * @param position    its offset in the shard's partition
   * @param source      where the normaliser had it from
   * @param measurement the reading, or null when the record could not be read
   * @param letter      the record as a dead letter when it could not be read, else null
   * @param bytes       size of the record's value
   * @param mapping     by which it was normalised
   * @param again       it was set aside before, and somebody sent it again
   */
  public record Event(long position, Source source, Measurement measurement, DeadLetter letter, int bytes,
      MappingMark mapping, boolean again) {
    public Event(long position, Source source, Measurement measurement, DeadLetter letter, int bytes,
        MappingMark mapping) {
      this(position, source, measurement, letter, bytes, mapping, false);
    }

    /** By the files the nodes were started with. */
    public Event(long position, Source source, Measurement measurement, DeadLetter letter, int bytes) {
      this(position, source, measurement, letter, bytes, MappingMark.FILES);
    }
  }
}
